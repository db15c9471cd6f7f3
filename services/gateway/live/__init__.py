"""Live lines: those who listen to an adbot's log get each line when it is folded."""
