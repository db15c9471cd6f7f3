"""Decides when each adbot's advertisement is sent."""
