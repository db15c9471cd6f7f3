"""Read models of other services' events about adbots."""
