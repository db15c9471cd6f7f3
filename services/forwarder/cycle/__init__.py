"""The aggregate of a cycle: one post, sent once to every group of an adbot."""
