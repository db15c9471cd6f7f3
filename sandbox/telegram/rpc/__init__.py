"""The methods of the server, a module for each namespace; importing this fills their table."""

from sandbox.telegram.calls import METHODS
from sandbox.telegram.rpc import auth, channels, general, invites, messages, reading, updates

__all__ = ["METHODS", "auth", "channels", "general", "invites", "messages", "reading", "updates"]
