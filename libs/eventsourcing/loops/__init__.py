"""What loops that never end have in common."""
