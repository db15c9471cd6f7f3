"""The Telegram sandbox against plain Telethon: real MTProto over loopback."""
