"""NOWPayments' notifications: parsing them and verifying their signatures. Imports nothing of ours."""
