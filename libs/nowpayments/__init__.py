"""NOWPayments' notifications: reading one, and proving whose it is. Imports nothing of ours."""
