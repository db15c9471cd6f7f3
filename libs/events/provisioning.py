"""The events of provisioning: stock and adbots."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from libs.events.values import (
    AccountId,
    AdbotId,
    ApplicationId,
    ErrorName,
    OrderNumber,
    Plan,
    Seat,
    SessionId,
    SessionLoss,
)
from libs.eventsourcing.model.event import Event, Upcast

# -- events: the life of a session, never its secret, stream session-<id>


class SessionStocked(Event):
    """A session was added to the stock. Appended once per session."""

    session: SessionId
    telegram_user: int
    phone: Annotated[str, StringConstraints(max_length=32)]
    """Masked, such as `+49…42`."""
    pair: ApplicationId | None = None
    """The Telegram application that it was uploaded with, if any, and its only one then."""


class SessionAssigned(Event):
    """A session was assigned to a seat of an adbot. No session is ever on two adbots."""

    session: SessionId
    adbot: AdbotId
    pair: ApplicationId


class SessionReleased(Event):
    """A session returned to stock, unused."""

    session: SessionId
    adbot: AdbotId


class SessionLost(Event):
    """A session can't be used any more, and was removed from its adbot, if it was on one."""

    schema_version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict}

    session: SessionId
    adbot: AdbotId | None
    loss: SessionLoss
    error: ErrorName
    """`RETIRED_BY_HAND` if an operator retired it, else Telegram's."""
    reason: Annotated[str, StringConstraints(max_length=500)] | None = None
    """Since schema 2: why an operator retired it; None if Telegram refused it."""


# -- events: stream pair-<id>


class ApiPairAdded(Event):
    """A Telegram application can be assigned to sessions."""

    pair: ApplicationId
    api_id: int


# -- events: stream adbot-<id>


class AdbotProvisioned(Event):
    """The adbot of a paid order was created, stopped. Appended once per order.

    Validity runs from the first filled seat: start and end are missing while no seat is filled. Since schema
    2 the plan may have limits.
    """

    schema_version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict}

    adbot: AdbotId
    order: OrderNumber
    account: AccountId
    plan: Plan
    seats: tuple[Seat, ...]
    valid_from: datetime | None
    valid_until: datetime | None


class SeatsAwaited(Event):
    """Empty seats of an adbot wait for stock; new stock fills them in the order of payment."""

    adbot: AdbotId
    missing: Annotated[int, Field(ge=1)]


class SeatFilled(Event):
    """An empty seat was filled. Validity begins with the adbot's first filled seat."""

    adbot: AdbotId
    seat: Seat
    valid_from: datetime
    valid_until: datetime


class SeatLost(Event):
    """A seat lost its session; it waits for stock until `SeatFilled`."""

    adbot: AdbotId
    session: SessionId
    loss: SessionLoss


class AdbotExpired(Event):
    """The validity of an adbot ended. Appended once per end; an extension sets a new one."""

    adbot: AdbotId


class AdbotExtended(Event):
    """The validity of an adbot was extended; an expiry ends by it. Appended once per renewing order.

    Start and end are missing while no seat was ever filled, or while its seats were released and wait for
    stock: the days are then added once validity begins.
    """

    adbot: AdbotId
    account: AccountId
    order: OrderNumber | None
    """The renewing order; None if an operator added the days."""
    days: Annotated[int, Field(ge=1, le=3660)]
    reason: Annotated[str, StringConstraints(max_length=500)]
    valid_from: datetime | None
    valid_until: datetime | None


class AdbotSuspended(Event):
    """An adbot may not run, whatever its validity, until `AdbotRestored`.

    Appended again if it is suspended with its account, and then for itself too.
    """

    schema_version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict}

    adbot: AdbotId
    reason: Annotated[str, StringConstraints(max_length=500)]
    with_account: bool = False
    """Since schema 2: its account is suspended, and it is restored with it."""


class AdbotRestored(Event):
    """A suspended adbot may run again; it is not started by this event."""

    adbot: AdbotId


class SeatsReleased(Event):
    """An adbot's sessions returned to stock: its grace time ended, or a suspension released them.

    Appended at most once per expiry, and per suspension. If the adbot is renewed or restored later, its seats
    wait for stock.
    """

    adbot: AdbotId
