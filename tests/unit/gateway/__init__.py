"""The gateway, without any server."""
