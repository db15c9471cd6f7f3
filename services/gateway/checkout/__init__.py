"""Maps repeated checkouts to one order."""
