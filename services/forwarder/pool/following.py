"""The action after Telegram's answer to one send."""

from dataclasses import dataclass
from datetime import timedelta

from libs.events.values import Party, ResultClass
from services.forwarder.access.commands import Lasting
from services.forwarder.settings import ForwarderSettings


@dataclass(frozen=True)
class RetryLimits:
    """The limits of waiting for a group, and of its attempts, in one cycle."""

    attempts: int
    backoff_seconds: float
    max_backoff_seconds: float
    wait_seconds: float
    account_rest_seconds: float
    denial_seconds: float = 604_800.0

    @property
    def lasting(self) -> Lasting:
        """How long denials last."""
        return Lasting(timedelta(seconds=self.denial_seconds))

    @classmethod
    def of(cls, settings: ForwarderSettings) -> "RetryLimits":
        """Return the limits of the settings."""
        return cls(
            attempts=settings.max_attempts,
            backoff_seconds=settings.backoff_seconds,
            max_backoff_seconds=settings.max_backoff_seconds,
            wait_seconds=settings.max_wait_in_cycle_seconds,
            account_rest_seconds=settings.account_rest_seconds,
            denial_seconds=settings.denial_seconds,
        )

    def backoff(self, attempts: int) -> float:
        """Return the backoff in seconds after this number of attempts."""
        return float(min(self.max_backoff_seconds, self.backoff_seconds * 2 ** max(0, attempts - 1)))


@dataclass(frozen=True)
class Record:
    """Record the outcome; another seat may still try the group."""


@dataclass(frozen=True)
class Again:
    """Retry the group with the same seat after these seconds."""

    seconds: float


@dataclass(frozen=True)
class PauseSeat:
    """Pause the seat for these seconds; the group waits for it."""

    seconds: float


@dataclass(frozen=True)
class LoseSeat:
    """Mark the session lost."""


@dataclass(frozen=True)
class LeaveSource:
    """Leave the seat's groups to the seats that can read the post; without any, end the cycle."""


@dataclass(frozen=True)
class BreakSource:
    """End the cycle: no seat can forward the post."""


Following = Record | Again | PauseSeat | LoseSeat | LeaveSource | BreakSource


def what_follows(
    result: ResultClass, wait: int, attempts: int, limits: RetryLimits, party: Party | None = None
) -> Following:
    """Return the action for a class of answer about a party; `wait` is the answer's own, in seconds."""
    following: Following = Record()
    match result:
        case ResultClass.RATE_LIMITED | ResultClass.ACCOUNT_LIMITED:
            following = PauseSeat(wait or limits.account_rest_seconds)
        case ResultClass.SLOW_MODE if wait <= limits.wait_seconds and attempts < limits.attempts:
            following = Again(wait)
        # a method rests: the group waits for it, or is left out
        case ResultClass.LEFT_OUT if 0 < wait <= limits.wait_seconds and attempts < limits.attempts:
            following = Again(wait)
        case ResultClass.TRANSIENT if attempts < limits.attempts:
            following = Again(limits.backoff(attempts))
        case ResultClass.SESSION_LOST | ResultClass.ACCOUNT_FROZEN:
            following = LoseSeat()
        case ResultClass.SOURCE_BROKEN if party is Party.SEAT_AT_SOURCE:
            following = LeaveSource()
        case ResultClass.SOURCE_BROKEN:
            following = BreakSource()
        case _:
            pass
    return following
