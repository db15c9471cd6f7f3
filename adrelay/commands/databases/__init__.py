"""`adrelay databases`."""
