"""A pace of repetitions that lets a few pass at once."""


class Pace:
    """At most one repetition in `seconds` on average; `burst` may follow each other at once after a pause.

    So a single event is handled without a wait, and many that come one after the other share transactions.
    """

    def __init__(self, seconds: float, burst: int) -> None:
        self._seconds, self._burst = seconds, burst
        self._free_at = 0.0
        """When the repetitions so far have used up their time."""

    def after(self, begun: float, now: float) -> float:
        """Return how many seconds to wait after a repetition that began then; instants are monotonic."""
        self._free_at = max(self._free_at, begun - self._seconds * (self._burst - 1)) + self._seconds
        return max(0.0, self._free_at - now)
