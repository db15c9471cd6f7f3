"""The events of the gateway: accounts with devices, keys and webhooks; notifications to owners; notices."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, NewType
from uuid import UUID

from pydantic import Field, StringConstraints

from libs.events.values import (
    AccountId,
    AdbotId,
    Amount,
    ChatRef,
    Coin,
    EmailAddress,
    GroupRef,
    NotificationId,
    OrderNumber,
    SessionId,
)
from libs.eventsourcing.model.event import Event, Upcast

CodeDigest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A keyed hash of an access code; the code itself is shown once and not stored."""


ApiKeyId = NewType("ApiKeyId", UUID)
DeviceId = NewType("DeviceId", UUID)
HookId = NewType("HookId", UUID)
KeyName = Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True)]


class Role(StrEnum):
    """The role of an account, which determines its permissions."""

    CLIENT = "CLIENT"
    RESELLER = "RESELLER"
    ADMIN = "ADMIN"


class Scope(StrEnum):
    """What a credential is good for. Each route of the API names one; each of them includes `read`."""

    READ = "read"
    """See what the account owns."""
    CONTROL = "control"
    """Change adbots, lists and notifications."""
    BILLING = "billing"
    """Renew and cancel: whatever has to do with money."""
    ADMIN = "admin"
    """Everything that an operator may do."""


class SignOutReason(StrEnum):
    """Why a device is signed out."""

    BY_OWNER = "by_owner"
    REUSED = "reused"
    """A refresh token was used twice, so somebody else may have it."""
    TOO_MANY = "too_many"
    """The account signed in on more devices than it may have; the oldest one is signed out."""
    ENDED = "ended"
    """It was not used for too long, or all devices of the account were signed out."""


class NotificationKind(StrEnum):
    """The kinds of notifications to an account's owner."""

    ORDER_PLACED = "order_placed"
    PAYMENT_RECEIVED = "payment_received"
    PARTIAL_PAYMENT = "partial_payment"
    ORDER_EXPIRED = "order_expired"
    GROUP_MOVED = "group_moved"
    """A group of an adbot has another public name or id."""
    CYCLES_OVERRUN = "cycles_overrun"
    """Since schema 2 of `NotificationRaised`: cycles of an adbot often take longer than its interval."""
    JOIN_REQUESTED = "join_requested"
    """Since schema 2: a seat asked to join a group, of which an admin has to approve."""
    ADBOT_READY = "adbot_ready"
    """Since schema 2, as all that follow: an adbot has its first filled seat, so it can be started."""
    ADBOT_WAITING = "adbot_waiting"
    """An adbot was delivered without any filled seat: it waits for stock."""
    SEAT_LOST = "seat_lost"
    """A seat of an adbot lost its session."""
    SEAT_REPLACED = "seat_replaced"
    """A seat that had lost its session has another one."""
    ADBOT_STOPPED = "adbot_stopped"
    """An adbot stopped by itself, for a reason that has no notification of its own."""
    ADBOT_SUSPENDED = "adbot_suspended"
    ADBOT_RESTORED = "adbot_restored"
    GROUPS_DEAD = "groups_dead"
    """No seat of an adbot may post in some groups, or they are gone."""
    EXPIRING = "expiring"
    EXPIRED = "expired"
    EXTENDED = "extended"
    WEBHOOK_OFF = "webhook_off"
    """A webhook was switched off, because its receiver did not take messages."""


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


# -- events: stream account-<id>


class AccountRegistered(Event):
    """An account was created. Appended once per e-mail address.

    Since schema 2 an access code is issued separately, by `AccessCodeReset`: before that nobody can sign in.
    In schema 1 the first checkout issued one. Since schema 3 it has no e-mail address: the gateway keeps
    that outside of events.
    """

    schema_version: ClassVar[int] = 3
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict, 2: dict}

    account: AccountId
    email: EmailAddress | None = None
    """The owner's address, before schema 3 only, unless it was stripped."""
    role: Role
    code_digest: CodeDigest | None = None
    """The digest of the code that the first checkout issued, in schema 1 only."""
    licence: Annotated[str, StringConstraints(pattern=r"^LIC-[0-9A-Z-]{8,40}$")]


class AccessCodeReset(Event):
    """An account has a new access code, which replaces the old one, if any.

    Appended before the mail with the owner's first code, and each time the operator issues a code.
    """

    account: AccountId
    code_digest: CodeDigest


class AccountSuspended(Event):
    """Nobody can use the account, and its adbots are suspended, until `AccountRestored`."""

    account: AccountId
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500)]


class AccountRestored(Event):
    """The account can be used again. Its adbots may be started, which nobody does for the owner."""

    account: AccountId


class SignedOutEverywhere(Event):
    """All devices of the account are signed out: their tokens are refused from now on."""

    account: AccountId


class RoleChanged(Event):
    """The account has another role; its devices are signed out."""

    account: AccountId
    role: Role


class SecondFactorEnabled(Event):
    """From now on signing in takes a one-time code too. Its secret is not in the event."""

    account: AccountId


class SecondFactorRemoved(Event):
    """An operator removed the second factor; its devices are signed out."""

    account: AccountId


class ApiKeyIssued(Event):
    """An account has an API key, which is shown once and stored as a keyed hash."""

    account: AccountId
    key: ApiKeyId
    name: KeyName
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1)]
    digest: CodeDigest
    expires_at: datetime | None


class ApiKeyRevoked(Event):
    """An API key is refused from now on. Appended once per key."""

    account: AccountId
    key: ApiKeyId


class AccountErased(Event):
    """The account is erased for ever: its address, credentials, devices and webhooks are deleted.

    Appended once, and the last event of the account. Its orders and adbots remain, under its id. A later
    order with the same e-mail address opens another account.
    """

    account: AccountId


# -- events: stream device-<id>


class DeviceSignedIn(Event):
    """Somebody signed in to the account. The first event of each device.

    `epoch` is the account's: the device is signed out when it has another one.
    """

    device: DeviceId
    account: AccountId
    epoch: Annotated[int, Field(ge=0)]


class DeviceSignedOut(Event):
    """The device's tokens are refused from now on. Appended at most once."""

    device: DeviceId
    account: AccountId
    why: SignOutReason


# -- events: stream inbox-<account>


class NotificationRaised(Event):
    """An account's owner is notified, in the app and perhaps by mail. Appended once per kind and order.

    Of a partial payment once per amount, of a moved group once per name and id, of a request to join once per
    group and seat, of overrunning cycles once until the adbot's settings change, of an end that is near once
    per end and number of days, of dead groups at most once per cycle, of a webhook each time that it is
    switched off, of all else that happens to an adbot once per event. Never contains an access code: the
    mail's renderer inserts it. Since schema 2 it may be about an adbot, its groups or its cycles, or about a
    webhook and no order, with a `detail`; it has no e-mail address any more.
    """

    schema_version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict}

    notification: NotificationId
    account: AccountId
    kind: NotificationKind
    order: OrderNumber | None = None
    email: EmailAddress | None = None
    """The owner's address, in schema 1 only, unless it was stripped."""
    mail: bool
    """A mail is sent too.

    False if no mail server is configured, if it happened long ago, or if the mailbox was sent many mails
    about orders that nobody paid.
    """
    paid: Amount | None = None
    missing: Amount | None = None
    coin: Coin | None = None
    group: ChatRef | None = None
    """The group that it is about, as the client wrote it."""
    chat: ChatRef | None = None
    """Its private id now."""
    name: ChatRef | None = None
    """Its public name now."""
    detail: Annotated[str, StringConstraints(max_length=500)] = ""
    """What happened and what to do, for people; empty where the kind says all."""
    adbot: AdbotId | None = None
    """The adbot that it is about; `order` is the one that it was provisioned for."""
    session: SessionId | None = None
    """Of a lost or replaced seat: the session that was lost."""
    reason: Annotated[str, StringConstraints(max_length=40)] = ""
    """The name of the stop's reason, or of the session's loss."""
    valid_until: datetime | None = None
    """The end of the adbot's validity; None while no seat was ever filled."""
    days: Annotated[int, Field(ge=1, le=3660)] | None = None
    """Of an end that is near: how many days before it is warned of; of an extension: the days added."""
    groups: Annotated[tuple[GroupRef, ...], Field(max_length=10)] = ()
    """The first of the groups that are dead."""
    more_groups: Annotated[int, Field(ge=0)] = 0
    """How many others are dead."""
    as_of: datetime | None = None
    """Of dead groups: the end of the last cycle that is included."""
    hook: HookId | None = None
    """The webhook that it is about."""


class NotificationsRead(Event):
    """An account's owner has read notifications. Each is named once, in one event."""

    account: AccountId
    notifications: Annotated[tuple[NotificationId, ...], Field(min_length=1, max_length=1000)]


class MailSent(Event):
    """A mail server accepted the mail of a notification. Appended once per notification."""

    notification: NotificationId
    account: AccountId


class MailGivenUp(Event):
    """The mail of a notification will not be sent. Appended once, and never after `MailSent`."""

    notification: NotificationId
    account: AccountId
    reason: Annotated[str, StringConstraints(max_length=200)]


# -- events: stream notice-<id of kind and subject>


class NoticeRaised(Event):
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


class NoticeCleared(Event):
    """What the operator was told of is over."""

    notice: NoticeId


class NoticeAcknowledged(Event):
    """The operator has seen a notice. Appended once per notice."""

    notice: NoticeId


class NoticeMailed(Event):
    """The notice was in a mail to the operator. Appended once per notice."""

    notice: NoticeId
    mail: UUID
    """The same for all notices of one mail."""


# -- events: stream hook-<id>


HookUrl = Annotated[str, StringConstraints(min_length=1, max_length=500)]
HookEventName = Annotated[str, StringConstraints(pattern=r"^[a-z]+\.[a-z_]+$", max_length=60)]
HookDescription = Annotated[str, StringConstraints(max_length=200)]


class HookOffReason(StrEnum):
    """Why a webhook is switched off."""

    BY_OWNER = "by_owner"
    FAILING = "failing"
    """Its receiver took no messages for a long time."""
    GONE = "gone"
    """Its receiver answered 410: it wants no more messages."""


class HookAdded(Event):
    """An account has a webhook: messages of these events are sent to its URL.

    Its secret is not in the event.
    """

    hook: HookId
    account: AccountId
    url: HookUrl
    events: Annotated[tuple[HookEventName, ...], Field(min_length=1)]
    description: HookDescription


class HookChanged(Event):
    """The webhook has these settings from here on."""

    hook: HookId
    account: AccountId
    url: HookUrl
    events: Annotated[tuple[HookEventName, ...], Field(min_length=1)]
    description: HookDescription


class HookSwitchedOff(Event):
    """No messages are sent until `HookSwitchedOn`; those that wait are given up."""

    hook: HookId
    account: AccountId
    why: HookOffReason
    detail: Annotated[str, StringConstraints(max_length=300)] = ""
    """What was wrong, for people; empty if its owner switched it off."""


class HookSwitchedOn(Event):
    """Messages are sent again, of events from here on."""

    hook: HookId
    account: AccountId


class HookSecretRotated(Event):
    """The webhook has another secret. For a day messages are signed with the old one too."""

    hook: HookId
    account: AccountId


class HookDeleted(Event):
    """The webhook is deleted with its secret and its log. Appended at most once, and the last event."""

    hook: HookId
    account: AccountId
