"""A clock that only a test advances."""


class Clock:
    """A monotonic clock in seconds: call it, or put it in the place of a module's `time`."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def monotonic(self) -> float:
        """Return the time."""
        return self.now
