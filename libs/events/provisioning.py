"""What provisioning says and hears: stock and adbots."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from libs.events.values import (
    AccountId,
    AdbotId,
    ErrorName,
    OrderNumber,
    PairId,
    Plan,
    Seat,
    SessionId,
    SessionLoss,
)
from libs.eventsourcing.model.event import Command, Event

# -- events: the life of a session, never its secret, stream session-<id>


class SessionStocked(Event):
    """A session lies in stock, unused. Appended once per session."""

    session: SessionId
    telegram_user: int
    phone: Annotated[str, StringConstraints(max_length=32)]
    """Masked, such as `+49…42`."""
    pair: PairId | None = None
    """The API pair that it was uploaded with, if any; it is then assigned with no other."""


class SessionAssigned(Event):
    """A session took a seat of an adbot. No session is ever on two."""

    session: SessionId
    adbot: AdbotId
    pair: PairId


class SessionReleased(Event):
    """A session went back to stock, unused."""

    session: SessionId
    adbot: AdbotId


class SessionLost(Event):
    """A session can't be used any more, and left the adbot that it was on."""

    session: SessionId
    adbot: AdbotId | None
    loss: SessionLoss
    error: ErrorName


# -- events: stream pair-<id>


class ApiPairAdded(Event):
    """An API pair may be assigned to sessions."""

    pair: PairId
    api_id: int


# -- events: stream adbot-<id>


class AdbotProvisioned(Event):
    """What was paid for exists, stopped. Appended once per order.

    Validity runs from the first filled seat: both ends are missing while no seat is filled.
    """

    adbot: AdbotId
    order: OrderNumber
    account: AccountId
    plan: Plan
    seats: tuple[Seat, ...]
    valid_from: datetime | None
    valid_until: datetime | None


class SeatsAwaited(Event):
    """Seats of an adbot wait for stock; arriving stock fills them, first paid first served."""

    adbot: AdbotId
    missing: Annotated[int, Field(ge=1)]


class SeatFilled(Event):
    """A waiting seat was filled. With the first seat of all, validity begins."""

    adbot: AdbotId
    seat: Seat
    valid_from: datetime
    valid_until: datetime


class SeatLost(Event):
    """A session left its seat; the seat waits for stock until `SeatFilled`."""

    adbot: AdbotId
    session: SessionId
    loss: SessionLoss


class AdbotExpired(Event):
    """The plan of an adbot ended.

    Appended once for each end: it may have been extended since the one before.
    """

    adbot: AdbotId


class AdbotExtended(Event):
    """An adbot's plan lasts longer; if it had expired, it has not any more.

    Appended once per order that renews.

    Both ends are missing while no seat was ever filled, or while its seats are gone and wait for stock: the
    days are then added once validity begins.
    """

    adbot: AdbotId
    account: AccountId
    order: OrderNumber | None
    """The order that renews it; None if an operator gave the days."""
    days: Annotated[int, Field(ge=1, le=3660)]
    reason: Annotated[str, StringConstraints(max_length=500)]
    valid_from: datetime | None
    valid_until: datetime | None


class AdbotSuspended(Event):
    """An adbot may not run, whatever its plan says, until `AdbotRestored`."""

    adbot: AdbotId
    reason: Annotated[str, StringConstraints(max_length=500)]


class AdbotRestored(Event):
    """A suspended adbot may run again; it is not started by that."""

    adbot: AdbotId


class SeatsReleased(Event):
    """An adbot's sessions went back to stock: its grace time is over, or it was suspended for good.

    Appended at most once per expiry, and per suspension. Should it be renewed or restored after all, its
    seats wait for stock.
    """

    adbot: AdbotId


# -- heard


class ExtendAdbot(Command):
    """Give an adbot more days. Refused: `unknown_adbot`."""

    adbot: AdbotId
    days: Annotated[int, Field(ge=1, le=3660)]
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]


class SuspendAdbot(Command):
    """Let an adbot not run; accepted if it is suspended already. Refused: `unknown_adbot`.

    With `release_sessions` its sessions go back to stock at once, also if it is suspended already.
    """

    adbot: AdbotId
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
    release_sessions: bool = False


class RestoreAdbot(Command):
    """Let a suspended adbot be started again; empty seats wait for stock. Refused: `unknown_adbot`."""

    adbot: AdbotId
