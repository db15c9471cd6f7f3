"""What every service process needs, whatever its trade."""
