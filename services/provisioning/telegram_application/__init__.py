"""Telegram applications that sessions connect through."""
