"""A client's adbots."""
