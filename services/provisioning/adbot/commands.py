"""The commands to an adbot."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from libs.events.values import AccountId, AdbotId, OrderNumber, Plan, Seat, SessionId, SessionLoss


@dataclass(frozen=True)
class Provision:
    """Create the adbot of a paid order, with the sessions in `seats` on its first seats."""

    adbot: AdbotId
    order: OrderNumber
    account: AccountId
    plan: Plan
    seats: tuple[Seat, ...]
    at: datetime


@dataclass(frozen=True)
class Renew:
    """Extend the validity, because an order for the same plan was paid."""

    adbot: AdbotId
    order: OrderNumber
    plan: Plan
    at: datetime


@dataclass(frozen=True)
class Extend:
    """Extend the validity by an operator's wish."""

    days: int
    reason: str
    at: datetime


@dataclass(frozen=True)
class FillSeat:
    """Assign a session to an empty seat."""

    seat: Seat
    at: datetime


@dataclass(frozen=True)
class AwaitSeats:
    """Record how many seats are empty, if any are."""

    at: datetime


@dataclass(frozen=True)
class LoseSeat:
    """Record that a seat has lost its session."""

    session: SessionId
    loss: SessionLoss
    at: datetime


@dataclass(frozen=True)
class Expire:
    """Expire the adbot, if its validity has ended."""

    at: datetime


@dataclass(frozen=True)
class ReleaseSeats:
    """Release the seats, if the adbot expired longer than `grace` ago."""

    grace: timedelta
    at: datetime


@dataclass(frozen=True)
class Suspend:
    """Suspend the adbot; with `release`, release its seats too.

    `with_account`: until its account is restored.
    """

    reason: str
    at: datetime
    release: bool = False
    with_account: bool = False


@dataclass(frozen=True)
class Restore:
    """Restore a suspended adbot, which can be started again.

    `with_account`: only if it was suspended with its account.
    """

    at: datetime
    with_account: bool = False


Command = (
    Provision | Renew | Extend | FillSeat | AwaitSeats | LoseSeat | Expire | ReleaseSeats | Suspend | Restore
)
