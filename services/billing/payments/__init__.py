"""What billing says and asks of payments: requested, reported, reconciled, adopted."""
