"""API pairs."""
