"""Backoff: how long a loop waits after each failure before it retries."""


class Backoff:
    """Delays that double up to a limit, and start again at the shortest after a success."""

    def __init__(self, first: float, longest: float) -> None:
        self._first, self._longest = first, longest
        self._next = first

    def failed(self) -> float:
        """Return how many seconds to wait now."""
        delay, self._next = self._next, min(2 * self._next, self._longest)
        return delay

    def succeeded(self) -> None:
        """Reset to the shortest delay."""
        self._next = self._first
