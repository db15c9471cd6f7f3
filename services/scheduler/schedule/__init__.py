"""The aggregate of an adbot's schedule: its advertisement, its start and stop, its cycles."""
