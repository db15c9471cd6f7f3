"""Telegram applications."""
