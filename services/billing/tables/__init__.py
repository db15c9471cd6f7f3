"""Read models of other services' events."""
