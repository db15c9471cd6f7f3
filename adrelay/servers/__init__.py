"""The servers that commands use: their addresses and connections."""
