"""Outgoing webhooks, with real receivers."""
