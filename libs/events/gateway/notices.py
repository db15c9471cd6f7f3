"""The events of notices to the operator."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, NewType
from uuid import UUID

from pydantic import Field, StringConstraints

from libs.events.gateway.owner import GatewayEvent

NoticeId = NewType("NoticeId", UUID)


class NoticeKind(StrEnum):
    """The kinds of notices to the operator. Those with a state end by themselves, by `NoticeCleared`."""

    LOW_STOCK = "low_stock"
    """There are fewer unused sessions than the operator's threshold; it has a state."""
    SEATS_AWAITED = "seats_awaited"
    """Seats of the adbot `subject` wait for stock; it has a state."""
    SALE_REFUSED = "sale_refused"
    """A checkout was refused for lack of stock."""
    SESSIONS_LOST = "sessions_lost"
    """Many sessions were lost within an hour; it has a state."""
    ACCOUNT_LIMITED = "account_limited"
    """Telegram limits the session `subject`, which rests."""
    DEAD_LETTERS = "dead_letters"
    """The reader `subject` has dead letters; it has a state."""
    READER_LAGS = "reader_lags"
    """The reader `subject` has not handled an event for long; it has a state."""
    RELAY_STALLS = "relay_stalls"
    """Events of the service `subject` have waited for its relay for long; it has a state."""
    SERVICE_SILENT = "service_silent"
    """No process of the service `subject` answers; it has a state. The subject `broker` means NATS."""
    MAIL_GIVEN_UP = "mail_given_up"
    """A mail to a client could not be delivered."""
    ORDER_NEEDS_PERSON = "order_needs_person"
    """An order is on the attention list; `subject` is its number and the reason. It has a state."""


# -- events: stream notice-<id of kind and subject>


class NoticeRaised(GatewayEvent):
    """The operator is told of something, in the app and perhaps by mail.

    Of a kind with a state once until `NoticeCleared`; of other kinds at most once in a time, with the count
    of what happened since.
    """

    notice: NoticeId
    kind: NoticeKind
    subject: Annotated[str, StringConstraints(max_length=120)] = ""
    """What it is about; empty if the kind has one subject only."""
    detail: Annotated[str, StringConstraints(max_length=500)]
    """What happened, for people."""
    count: Annotated[int, Field(ge=1)] = 1
    """How often it happened since the last notice of this kind and subject."""
    mail: bool
    """It is mailed too: there are addresses for it, and it did not happen long ago."""
    quiet_until: datetime
    """No other notice of this kind and subject is raised before."""


class NoticeCleared(GatewayEvent):
    """What the operator was told of is over."""

    notice: NoticeId


class NoticeAcknowledged(GatewayEvent):
    """The operator has seen a notice. Appended once per notice."""

    notice: NoticeId


class NoticeMailed(GatewayEvent):
    """The notice was in a mail to the operator. Appended once per notice."""

    notice: NoticeId
    mail: UUID
    """The same for all notices of one mail."""
