"""Identifiers and values that events and commands share."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, NewType
from uuid import UUID

from pydantic import Field, StringConstraints

from libs.eventsourcing.model.event import Contract

AccountId = NewType("AccountId", UUID)
AdbotId = NewType("AdbotId", UUID)
CycleId = NewType("CycleId", UUID)
NotificationId = NewType("NotificationId", UUID)
ApplicationId = NewType("ApplicationId", UUID)
"""The id of a Telegram application, an `api_id` and its `api_hash`.

Events, commands, streams and tables call an application a pair.
"""
SessionId = NewType("SessionId", UUID)
PostCheckId = NewType("PostCheckId", UUID)

OrderNumber = Annotated[str, StringConstraints(pattern=r"^HQADZ-[0-9A-Z]{6,16}-[0-9A-Z]{4,12}$")]
"""`HQADZ-<time>-<random>`."""
PlanCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,31}$")]
PaymentId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
"""The provider's id, always stored as text."""
Coin = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]{1,15}$")]
"""The currency of a payment, in capitals: `BTC`, `USDT`."""
Amount = Annotated[Decimal, Field(gt=0, max_digits=38, decimal_places=18, allow_inf_nan=False)]
"""Money in its currency's units."""
EmailAddress = Annotated[
    str, StringConstraints(min_length=3, max_length=254, pattern=r"^[^@\s]+@[^@\s]+$", to_lower=True)
]
ErrorName = Annotated[str, StringConstraints(max_length=120)]
"""Telegram's name of an error, such as `FLOOD_WAIT_17`."""

GroupRef = Annotated[
    str,
    StringConstraints(
        pattern=r"^(@[a-z][a-z0-9_]{3,31}|\+[A-Za-z0-9_-]{8,64}|-1[0-9]{12}|-100[1-9][0-9]{0,15})"
        r"(/[1-9][0-9]{0,9})?$"
    ),
]
"""A group in its canonical form: `@name`, `+invitehash` or `-1<12 digits>`, each with an optional `/topic`.

The digits are an id, see `chat_ids`; earlier versions wrote `-100<id>`.
"""
ChatRef = Annotated[
    str,
    StringConstraints(
        pattern=r"^(@[a-z][a-z0-9_]{3,31}|\+[A-Za-z0-9_-]{8,64}|-1[0-9]{12}|-100[1-9][0-9]{0,15})$"
    ),
]
"""A group without a topic."""
ChannelRef = Annotated[
    str, StringConstraints(pattern=r"^(@[a-z][a-z0-9_]{3,31}|-1[0-9]{12}|-100[1-9][0-9]{0,15})$")
]


class PlanKind(StrEnum):
    """The two sections of the catalogue."""

    STARTER = "starter"
    ENTERPRISE = "enterprise"


MAX_VALIDITY_DAYS = 3660
MAX_INTERVAL_SECONDS = MAX_VALIDITY_DAYS * 86_400
MAX_GROUPS = 10_000
MAX_POSTS = 20


class Plan(Contract):
    """A plan of the catalogue, as it was when the order was placed.

    Earlier programs allow intervals of at most a day, and can't read plans with longer ones. Limits are
    missing in plans of earlier events: then the operator's settings apply.
    """

    code: PlanCode
    name: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    kind: PlanKind
    sessions: Annotated[int, Field(ge=1, le=1000)]
    interval_seconds: Annotated[int, Field(ge=1, le=MAX_INTERVAL_SECONDS)]
    price_usd: Amount
    validity_days: Annotated[int, Field(ge=1, le=MAX_VALIDITY_DAYS)]
    max_groups: Annotated[int, Field(ge=1, le=MAX_GROUPS)] | None = None
    """How many groups an adbot may have, with those of its group lists; None: as the operator configured."""
    max_posts: Annotated[int, Field(ge=1, le=MAX_POSTS)] | None = None
    """How many posts an adbot may have; None: likewise."""


class Seat(Contract):
    """A session of an adbot, with the Telegram application that it connects with."""

    session: SessionId
    pair: ApplicationId


class ChannelPost(Contract):
    """A post in a channel; `message` may be any message of an album."""

    kind: Literal["link"] = "link"
    channel: ChannelRef
    message: Annotated[int, Field(ge=1, le=2**31 - 1)]


class TextFormat(StrEnum):
    """How a text is formatted: not at all, by signs as in Telegram's clients, or by HTML tags."""

    PLAIN = "plain"
    MARKDOWN = "markdown"
    HTML = "html"


class TextPost(Contract):
    """A post that is a text."""

    kind: Literal["text"] = "text"
    text: Annotated[str, StringConstraints(min_length=1, max_length=4096)]
    format: TextFormat = TextFormat.PLAIN


Post = Annotated[ChannelPost | TextPost, Field(discriminator="kind")]


class Pacing(Contract):
    """The pacing of a seat: seconds between two of its sends, and the maximum of the random addition."""

    delay_seconds: Annotated[float, Field(ge=0, le=3600)]
    jitter_seconds: Annotated[float, Field(ge=0, le=3600)] = 0.0


class SendOptions(Contract):
    """How an adbot's posts are sent."""

    author: Annotated[
        bool, Field(description="Forwarded posts name where they are from; else they look like our own.")
    ] = True
    skip_newest: Annotated[
        bool,
        Field(description="Leave out groups whose newest message is still the last post of the adbot."),
    ] = False
    delete_previous: Annotated[
        bool, Field(description="Delete the adbot's previous post in a group once the new one stands there.")
    ] = False


class Method(StrEnum):
    """A kind of request to the messenger that may rest by itself, while the account goes on sending."""

    RESOLVE = "resolve"
    """Look up a public name."""
    INVITE = "invite"
    """Look up an invite link."""
    LIST = "list"
    """List the chats of the account."""
    LOOK = "look"
    """Look at chats that are known already."""
    JOIN = "join"
    """Join a group, or ask to."""


class SessionLoss(StrEnum):
    """The status of a lost session."""

    BANNED = "BANNED"
    FROZEN = "FROZEN"
    RETIRED = "RETIRED"


class ResultClass(StrEnum):
    """The outcome of one send, by the class of Telegram's answer."""

    SENT = "SENT"
    ALREADY_SENT = "ALREADY_SENT"
    RATE_LIMITED = "RATE_LIMITED"
    SLOW_MODE = "SLOW_MODE"
    ACCOUNT_LIMITED = "ACCOUNT_LIMITED"
    TARGET_DENIED = "TARGET_DENIED"
    CONTENT_DENIED = "CONTENT_DENIED"
    TARGET_GONE = "TARGET_GONE"
    PAYMENT_REQUIRED = "PAYMENT_REQUIRED"
    SOURCE_BROKEN = "SOURCE_BROKEN"
    ACCOUNT_FROZEN = "ACCOUNT_FROZEN"
    SESSION_LOST = "SESSION_LOST"
    TRANSIENT = "TRANSIENT"
    UNREADABLE = "UNREADABLE"
    """The answer is of a later version of the protocol than ours: the group may have received the post."""
    UNKNOWN = "UNKNOWN"
    STOPPED = "STOPPED"
    """Not sent: the adbot was stopped, or the cycle ended, before."""
    LEFT_OUT = "LEFT_OUT"
    """Not sent in this cycle, and nobody refused: the error says why, such as `DAILY_BUDGET`."""

    @property
    def delivered(self) -> bool:
        """The group has received the post."""
        return self in {ResultClass.SENT, ResultClass.ALREADY_SENT}


class Party(StrEnum):
    """Whom an answer is about."""

    TARGET = "TARGET"
    """A group or topic, for every seat."""
    SEAT_AT_TARGET = "SEAT_AT_TARGET"
    """One seat in one group."""
    SEAT_AT_SOURCE = "SEAT_AT_SOURCE"
    """One seat in the channel of the post."""
    SOURCE = "SOURCE"
    """The post, or its channel, for every seat."""
    ACCOUNT = "ACCOUNT"
    """One seat, wherever it sends."""
