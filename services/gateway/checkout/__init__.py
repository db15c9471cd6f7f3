"""Which order a repeated checkout means."""
