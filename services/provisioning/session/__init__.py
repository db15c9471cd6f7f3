"""The aggregate of a session: in stock, or on an adbot."""
