"""What every command shares: what people type, what they read, and how a command ends."""
