"""What follows from events: read models and reactions."""
