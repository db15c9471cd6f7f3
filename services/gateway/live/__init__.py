"""Messages to listeners: each line of an adbot's log, each change of an account, once it is folded."""
