"""The methods that the server speaks, a module for each namespace; importing this fills the table of them."""

from sandbox.telegram.calls import METHODS
from sandbox.telegram.rpc import auth, channels, general, invites, messages, reading, updates

__all__ = ["METHODS", "auth", "channels", "general", "invites", "messages", "reading", "updates"]
