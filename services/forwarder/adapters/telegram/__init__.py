"""The adapter of Telegram, with Telethon."""
