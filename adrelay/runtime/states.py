"""The states of a supervised program, and the backoff before it is started again."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where a program is in its life."""

    STARTING = "starting"
    READY = "ready"
    UNREADY = "unready"
    """It was ready, runs still, and says now that it is not."""
    RESTARTING = "restarting"
    """It has ended unexpectedly and waits for its next start."""
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Status:
    """The state of one program; ``detail`` says how it ended the last time, if it did."""

    name: str
    state: State
    pid: int | None
    restarts: int
    uptime_seconds: float
    detail: str = ""


@dataclass(frozen=True)
class Pace:
    """The supervisor's timeouts and backoff, in seconds."""

    first_delay_seconds: float = 0.2
    longest_delay_seconds: float = 30.0
    calm_after_seconds: float = 30.0
    """A program that ran this long restarts with the shortest delay."""
    poll_seconds: float = 0.1
    """Between two looks at a program that is not ready."""
    check_seconds: float = 2.0
    """Between two looks at one that is."""
    stop_seconds: float = 15.0
    """From the polite signal to the deadly one."""

    def delay_seconds(self, failures: int) -> float:
        """Return how long to wait after so many failures in a row; each time twice as long."""
        doubled = self.first_delay_seconds * 2.0 ** min(failures - 1, 30)
        return min(doubled, self.longest_delay_seconds)
