"""How the operator's lists show an account's e-mail address, which an erased account has no more."""

from adrelay.terminal.listing import Column

NO_ADDRESS = "no address"
"""Shown where an account was erased, or its address is not known."""
ADDRESS = Column("e-mail", lambda item: item["email"] or NO_ADDRESS)
