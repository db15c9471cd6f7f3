"""Accounts and their access codes."""
