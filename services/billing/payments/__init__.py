"""Payments: requested, reported, reconciled, adopted."""
