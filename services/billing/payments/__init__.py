"""Payments: requested from the provider, reported by it, reconciled, adopted."""
