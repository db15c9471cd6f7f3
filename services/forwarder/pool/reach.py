"""Whether one worker reaches the messenger: tells a session's trouble from everybody's."""

import math

from libs.events.values import SessionId
from services.forwarder.pool.leases import now


class Reach:
    """The latest successes and failures of one worker's sessions to reach the messenger."""

    def __init__(self) -> None:
        self._reached_at = -math.inf
        self._failing: dict[SessionId, float] = {}
        """Since when each session was not reached; ends when it is, or with the worker."""

    def reached(self, session: SessionId) -> None:
        """Note that the messenger answered a session."""
        self._reached_at = now()
        self._failing.pop(session, None)

    def missed(self, session: SessionId) -> bool:
        """Note that a session was not reached; return whether another one was since it fails."""
        return self._reached_at > self._failing.setdefault(session, now())
