"""Measured comparisons with limits and peers."""
