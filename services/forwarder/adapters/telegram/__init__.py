"""Telegram, by Telethon."""
