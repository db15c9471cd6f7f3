"""What may be asked of an adbot."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from libs.events.values import AccountId, AdbotId, OrderNumber, Plan, Seat, SessionId, SessionLoss


@dataclass(frozen=True)
class Provision:
    """Make the adbot that was paid for, with these of its seats filled."""

    adbot: AdbotId
    order: OrderNumber
    account: AccountId
    plan: Plan
    seats: tuple[Seat, ...]
    at: datetime


@dataclass(frozen=True)
class Renew:
    """Have the plan last longer, because an order for the same plan was paid."""

    adbot: AdbotId
    order: OrderNumber
    plan: Plan
    at: datetime


@dataclass(frozen=True)
class Extend:
    """Have the plan last longer, because an operator wants it so."""

    days: int
    reason: str
    at: datetime


@dataclass(frozen=True)
class FillSeat:
    """Put a session on a waiting seat."""

    seat: Seat
    at: datetime


@dataclass(frozen=True)
class AwaitSeats:
    """Tell of the seats that wait, if any do."""

    at: datetime


@dataclass(frozen=True)
class LoseSeat:
    """Take note that a session left its seat."""

    session: SessionId
    loss: SessionLoss
    at: datetime


@dataclass(frozen=True)
class Expire:
    """End the plan, if its time has come."""

    at: datetime


@dataclass(frozen=True)
class ReleaseSeats:
    """Give the seats up, if the plan ended so long ago."""

    grace: timedelta
    at: datetime


@dataclass(frozen=True)
class Suspend:
    """Let it not run, and give the seats up if that is for good."""

    reason: str
    at: datetime
    release: bool = False


@dataclass(frozen=True)
class Restore:
    """Let it be started again."""

    at: datetime


Command = (
    Provision | Renew | Extend | FillSeat | AwaitSeats | LoseSeat | Expire | ReleaseSeats | Suspend | Restore
)
