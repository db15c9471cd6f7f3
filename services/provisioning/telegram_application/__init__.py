"""The aggregate of a Telegram application that sessions connect with."""
