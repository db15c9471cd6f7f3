"""How long a test waits for what must come true."""

PATIENCE_SECONDS = 90.0
"""Far longer than it takes, for machines may be slow; shorter than a test's timeout, which says less."""
