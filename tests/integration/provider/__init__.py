"""What every payment provider must do, against its sandbox."""
