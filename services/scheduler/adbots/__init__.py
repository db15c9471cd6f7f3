"""What the scheduler knows of adbots from other services."""
