"""What follows from Telegram's answer to one send."""

from dataclasses import dataclass

from libs.events.values import ResultClass
from services.forwarder.settings import ForwarderSettings


@dataclass(frozen=True)
class RetryLimits:
    """How long and how often a cycle waits for a group."""

    attempts: int
    backoff_seconds: float
    max_backoff_seconds: float
    wait_seconds: float
    account_rest_seconds: float

    @classmethod
    def of(cls, settings: ForwarderSettings) -> "RetryLimits":
        """Return the limits that the settings name."""
        return cls(
            attempts=settings.max_attempts,
            backoff_seconds=settings.backoff_seconds,
            max_backoff_seconds=settings.max_backoff_seconds,
            wait_seconds=settings.max_wait_in_cycle_seconds,
            account_rest_seconds=settings.account_rest_seconds,
        )

    def backoff(self, attempts: int) -> float:
        """Return how long to wait after so many attempts."""
        return float(min(self.max_backoff_seconds, self.backoff_seconds * 2 ** max(0, attempts - 1)))


@dataclass(frozen=True)
class Record:
    """The group is done with, unless another seat may try."""


@dataclass(frozen=True)
class Again:
    """The same seat tries the group again after these seconds."""

    seconds: float


@dataclass(frozen=True)
class PauseSeat:
    """The seat sends nothing for these seconds; the group waits for it."""

    seconds: float


@dataclass(frozen=True)
class LoseSeat:
    """The session is lost."""


@dataclass(frozen=True)
class BreakSource:
    """The post can't be forwarded by anybody."""


Following = Record | Again | PauseSeat | LoseSeat | BreakSource


def what_follows(result: ResultClass, wait: int, attempts: int, limits: RetryLimits) -> Following:
    """Return what follows from a class of answer that names a wait, after so many attempts."""
    following: Following = Record()
    match result:
        case ResultClass.RATE_LIMITED | ResultClass.ACCOUNT_LIMITED:
            following = PauseSeat(wait or limits.account_rest_seconds)
        case ResultClass.SLOW_MODE if wait <= limits.wait_seconds and attempts < limits.attempts:
            following = Again(wait)
        case ResultClass.TRANSIENT if attempts < limits.attempts:
            following = Again(limits.backoff(attempts))
        case ResultClass.SESSION_LOST | ResultClass.ACCOUNT_FROZEN:
            following = LoseSeat()
        case ResultClass.SOURCE_BROKEN:
            following = BreakSource()
        case _:
            pass
    return following
