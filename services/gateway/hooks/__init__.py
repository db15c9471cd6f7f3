"""Outgoing webhooks: what an account wants to be told, and the messages that tell it."""
