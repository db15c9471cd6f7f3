"""A cycle: one post to every group of an adbot, once."""
