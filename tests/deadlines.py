"""The deadline of what a test awaits."""

DEADLINE_SECONDS = 90.0
"""Far longer than on a slow machine; shorter than a test's timeout, whose error says less."""
