"""Signing in, and an account's orders and notifications."""
