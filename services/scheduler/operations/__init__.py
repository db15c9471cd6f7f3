"""The aggregate of the operator's switches, which hold for all adbots."""
