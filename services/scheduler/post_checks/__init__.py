"""The aggregate of an adbot's post checks: what its seats are asked to look at, and how often."""
