"""A session in stock, and on an adbot."""
