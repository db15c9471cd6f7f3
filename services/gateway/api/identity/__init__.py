"""Who calls: every credential resolves to a principal, held against the account as it is now."""
