"""Live changes of what a caller owns."""
