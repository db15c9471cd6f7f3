"""The events of notifications to the owners of accounts."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from libs.events.gateway.owner import GatewayEvent
from libs.events.gateway.webhooks import HookId
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
from libs.eventsourcing.model.event import Upcast


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


# -- events: stream inbox-<account>


class NotificationRaised(GatewayEvent):
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


class NotificationsRead(GatewayEvent):
    """An account's owner has read notifications. Each is named once, in one event."""

    account: AccountId
    notifications: Annotated[tuple[NotificationId, ...], Field(min_length=1, max_length=1000)]


class MailSent(GatewayEvent):
    """A mail server accepted the mail of a notification. Appended once per notification."""

    notification: NotificationId
    account: AccountId


class MailGivenUp(GatewayEvent):
    """The mail of a notification will not be sent. Appended once, and never after `MailSent`."""

    notification: NotificationId
    account: AccountId
    reason: Annotated[str, StringConstraints(max_length=200)]
