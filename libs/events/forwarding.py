"""The question for the forwarder's figures of now. They are no events."""

from datetime import datetime
from typing import ClassVar

from libs.events.questions import Question, Reply


class WorkerFigures(Reply):
    """A worker that is alive."""

    worker: str
    sessions: int
    """How many sessions it has leased."""
    sends_a_minute: float


class ForwardingFigures(Reply):
    """The work that waits, and who does it."""

    at: datetime
    pending_sends: int
    running_cycles: int
    oldest_cycle: datetime | None
    """When the oldest running cycle was started."""
    sessions_with_work: int
    sessions_without_worker: int
    """Those of them that no worker has leased."""
    sessions_resting: int
    """Those of them that rest."""
    paced_seconds: float
    """How long the session with the most work needs at the pace of its adbot, its rest included."""
    workers: tuple[WorkerFigures, ...]

    @property
    def sends_a_minute(self) -> float:
        """How many sends all workers made in the last minute."""
        return sum(worker.sends_a_minute for worker in self.workers)

    @property
    def seconds_to_empty(self) -> float | None:
        """How long the pending sends take: at the pace of sessions or of workers, whichever is slower.

        None if no worker is alive, so that nothing is sent.
        """
        if not self.pending_sends:
            return 0.0
        if not self.workers:
            return None
        rate = self.sends_a_minute / 60
        return max(self.paced_seconds, self.pending_sends / rate if rate else 0.0)


class ShowForwarding(Question[ForwardingFigures]):
    """Which work waits, and who does it. Only the forwarder answers."""

    reply: ClassVar[type[Reply]] = ForwardingFigures
