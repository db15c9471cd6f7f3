"""A session as Telegram treats it: imported, resting, dead."""
