"""The forwarder's figures of now, which it answers to whoever asks over NATS. They are no events."""

from datetime import datetime

from pydantic import ConfigDict

from libs.eventsourcing.model.event import Contract

QUESTION = "ask.forwarder.figures"
"""The subject of the question, after the prefix; it has no payload, and changes nothing."""


class WorkerFigures(Contract):
    """A worker that is alive."""

    model_config = ConfigDict(extra="ignore")

    worker: str
    sessions: int
    """How many sessions it has leased."""
    sends_a_minute: float


class ForwardingFigures(Contract):
    """The work that waits, and who does it; unknown fields, of a newer service, are ignored."""

    model_config = ConfigDict(extra="ignore")

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
