"""`adrelay stock`."""
