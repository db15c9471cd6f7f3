"""Sends posts to groups by a pool of Telegram sessions."""
