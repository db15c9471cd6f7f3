"""The states of a supervised program, and the backoff of its restarts."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """The state of a program."""

    STARTING = "starting"
    READY = "ready"
    UNREADY = "unready"
    """It was ready, is running, and is not ready now."""
    RESTARTING = "restarting"
    """It has ended unexpectedly and waits for its restart."""
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Status:
    """The state of one program; ``detail`` describes its last end, if there was one."""

    name: str
    state: State
    pid: int | None
    restarts: int
    uptime_seconds: float
    detail: str = ""


@dataclass(frozen=True)
class Pace:
    """The intervals and deadlines of the supervisor, in seconds."""

    first_delay_seconds: float = 0.2
    longest_delay_seconds: float = 30.0
    calm_after_seconds: float = 30.0
    """A program that has run this long is restarted with the shortest delay again."""
    poll_seconds: float = 0.1
    """Between two checks of a program that is not ready."""
    check_seconds: float = 5.0
    """Between two checks of a program that is ready."""
    stop_seconds: float = 15.0
    """From SIGTERM to SIGKILL."""

    def delay_seconds(self, failures: int) -> float:
        """Return the delay after this number of failures in sequence; it doubles each time."""
        doubled = self.first_delay_seconds * 2.0 ** min(failures - 1, 30)
        return min(doubled, self.longest_delay_seconds)
