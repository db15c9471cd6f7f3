"""Libraries that every service shares."""
