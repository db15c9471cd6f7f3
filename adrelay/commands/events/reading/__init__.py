"""`adrelay events tail`, `show`, `trace` and `lag`."""
