"""The aggregate of an adbot: its plan, its seats and its validity."""
