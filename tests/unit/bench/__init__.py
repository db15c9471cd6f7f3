"""Made histories of the benches."""
