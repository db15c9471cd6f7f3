"""A session as Telegram treats it: imported, paused, dead."""
