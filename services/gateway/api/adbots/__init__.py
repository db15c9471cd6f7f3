"""The routes of a client's adbots."""
