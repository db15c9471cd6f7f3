"""`adrelay events dead`."""
