"""Ordering a plan and paying for it."""
