"""Units of work: what is decided is stored and folded in one transaction."""
