"""The deadline of whatever a test awaits."""

DEADLINE_SECONDS = 90.0
"""Far longer than it takes, for machines may be slow; shorter than a test's timeout, which says less."""
