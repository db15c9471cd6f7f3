"""Devices that are signed in to accounts, and their refresh tokens."""
