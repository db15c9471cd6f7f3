"""The state of an adbot, and its change by each event."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from libs.events.provisioning import (
    AdbotExpired,
    AdbotExtended,
    AdbotProvisioned,
    AdbotRestored,
    AdbotSuspended,
    SeatFilled,
    SeatLost,
    SeatsAwaited,
    SeatsReleased,
)
from libs.events.values import AccountId, AdbotId, OrderNumber, Plan, Seat, SessionId
from libs.eventsourcing import ImpossibleEvent

AdbotEvent = (
    AdbotProvisioned
    | SeatsAwaited
    | SeatFilled
    | SeatLost
    | AdbotExpired
    | AdbotExtended
    | SeatsReleased
    | AdbotSuspended
    | AdbotRestored
)


@dataclass(frozen=True)
class Adbot:
    """An adbot. Its validity runs from the first seat filled; missing seats wait for stock."""

    adbot: AdbotId
    account: AccountId
    plan: Plan
    seats: tuple[Seat, ...]
    valid_from: datetime | None
    valid_until: datetime | None
    orders: frozenset[OrderNumber]
    """The orders that created or extended it."""
    days: int
    """The days of validity once it begins; 0 if it has begun."""
    expired: bool = False
    released: bool = False
    suspended: bool = False
    with_account: bool = False
    """It is suspended with its account, and for no other reason."""

    @property
    def missing(self) -> int:
        """The number of empty seats."""
        return self.plan.sessions - len(self.seats)

    def sits(self, session: SessionId) -> bool:
        """Return whether a session is on one of the seats."""
        return any(seat.session == session for seat in self.seats)

    def over(self, at: datetime) -> bool:
        """Return whether the validity has ended, even before `AdbotExpired`."""
        return self.expired or (self.valid_until is not None and at >= self.valid_until)

    def begins(self, at: datetime) -> tuple[datetime, datetime]:
        """Return start and end of the validity if a seat is filled now."""
        if self.valid_from is None or self.valid_until is None:
            return at, at + timedelta(days=self.days)
        return self.valid_from, self.valid_until

    def lasts(self, days: int, at: datetime) -> tuple[datetime | None, datetime | None]:
        """Return start and end of the extended validity; None if it will begin with the next seat filled."""
        if self.valid_until is None or (self.over(at) and not self.seats):
            return None, None
        return self.valid_from, max(at, self.valid_until) + timedelta(days=days)


def evolve(adbot: Adbot | None, event: AdbotEvent) -> Adbot:
    """Return the adbot after ``event``."""
    if isinstance(event, AdbotProvisioned):
        if adbot is not None:
            message = f"adbot {adbot.adbot} was provisioned twice"
            raise ImpossibleEvent(message)
        return _provisioned(event)
    if adbot is None:
        message = f"{type(event).__name__} stands before the adbot was provisioned"
        raise ImpossibleEvent(message)
    match event:
        case SeatsAwaited():
            return adbot
        case SeatFilled() | SeatLost() | SeatsReleased():
            return _seated(adbot, event)
        case AdbotExpired():
            return replace(adbot, expired=True)
        case AdbotExtended():
            return _extended(adbot, event)
        case AdbotSuspended() | AdbotRestored():
            return _suspended_or_restored(adbot, event)
        case _:
            assert_never(event)


def _suspended_or_restored(adbot: Adbot, event: AdbotSuspended | AdbotRestored) -> Adbot:
    if isinstance(event, AdbotRestored):
        return replace(adbot, suspended=False, with_account=False)
    return replace(adbot, suspended=True, with_account=event.with_account)


def _provisioned(event: AdbotProvisioned) -> Adbot:
    return Adbot(
        adbot=event.adbot,
        account=event.account,
        plan=event.plan,
        seats=event.seats,
        valid_from=event.valid_from,
        valid_until=event.valid_until,
        orders=frozenset({event.order}),
        days=event.plan.validity_days if event.valid_until is None else 0,
    )


def _seated(adbot: Adbot, event: SeatFilled | SeatLost | SeatsReleased) -> Adbot:
    match event:
        case SeatFilled():
            return replace(
                adbot,
                seats=(*adbot.seats, event.seat),
                valid_from=event.valid_from,
                valid_until=event.valid_until,
                days=0,
                released=False,
            )
        case SeatLost():
            return replace(adbot, seats=tuple(seat for seat in adbot.seats if seat.session != event.session))
        case SeatsReleased():
            return replace(adbot, seats=(), released=True)
        case _:
            assert_never(event)


def _extended(adbot: Adbot, event: AdbotExtended) -> Adbot:
    return replace(
        adbot,
        valid_from=event.valid_from,
        valid_until=event.valid_until,
        orders=adbot.orders if event.order is None else adbot.orders | {event.order},
        days=adbot.days + event.days if event.valid_until is None else 0,
        expired=False,
        released=False,
    )
