"""Tables that are folded from events."""
