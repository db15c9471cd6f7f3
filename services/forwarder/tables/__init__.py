"""Read models of what other services say of adbots."""
