"""The aggregate of a client's confirmations that groups of an adbot are alive."""
