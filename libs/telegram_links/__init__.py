"""Reads links to Telegram, and posts, as people write them."""
