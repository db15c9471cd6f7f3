"""`adrelay accounts`."""
