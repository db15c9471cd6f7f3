"""The aggregate of a Telegram application."""
