"""`adrelay group-lists`."""
