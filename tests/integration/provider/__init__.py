"""What every payment provider must do; each of them does it against a real server."""
