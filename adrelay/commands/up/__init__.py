"""`adrelay up`."""
