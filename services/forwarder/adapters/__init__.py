"""The adapters of Telegram and NATS."""
