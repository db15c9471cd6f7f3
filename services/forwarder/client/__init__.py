"""The aggregate of a session in Telegram: imported, paused by a limit, dead."""
