"""The search for secrets finds them in each kind of place."""
