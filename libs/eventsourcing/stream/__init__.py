"""What carries every service's events: JetStream."""
