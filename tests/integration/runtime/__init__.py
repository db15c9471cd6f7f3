"""The local runtime against real processes."""
