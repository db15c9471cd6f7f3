"""`adrelay orders`."""
