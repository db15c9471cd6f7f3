"""Accounts: who they are, and the codes that open them."""
