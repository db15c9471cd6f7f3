"""Assigns sessions from the stock to adbots, and ends adbots."""
