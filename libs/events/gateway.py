"""The gateway's events and commands: accounts, and their owners' notifications."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import StringConstraints

from libs.events.values import AccountId, Amount, Coin, EmailAddress, NotificationId, OrderNumber
from libs.eventsourcing.model.event import Event, Upcast

CodeDigest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A keyed hash of an access code; the code itself is shown once and kept nowhere."""


class Role(StrEnum):
    """What an account may do."""

    CLIENT = "CLIENT"
    RESELLER = "RESELLER"
    ADMIN = "ADMIN"


class NotificationKind(StrEnum):
    """The kinds of notification that an account's owner gets."""

    ORDER_PLACED = "order_placed"
    PAYMENT_RECEIVED = "payment_received"
    PARTIAL_PAYMENT = "partial_payment"
    ORDER_EXPIRED = "order_expired"


# -- events: stream account-<id>


class AccountRegistered(Event):
    """An account exists. Appended once per e-mail address.

    Since schema 2 an access code is issued apart from this, by `AccessCodeReset`: until then nothing opens
    the account. Before, the first checkout issued one.
    """

    schema_version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict}

    account: AccountId
    email: EmailAddress
    role: Role
    code_digest: CodeDigest | None = None
    """Of the code that the first checkout issued, as schema 1 has it."""
    licence: Annotated[str, StringConstraints(pattern=r"^LIC-[0-9A-Z-]{8,40}$")]


class AccessCodeReset(Event):
    """An account is opened by a new access code; an old one, if it had any, opens nothing any more.

    Appended when a mail to the account's owner is to hold its first code, and each time the operator issues
    one.
    """

    account: AccountId
    code_digest: CodeDigest


# -- events: stream inbox-<account>


class NotificationRaised(Event):
    """An account's owner gets a notification, in the app and perhaps by mail. Appended once per occasion.

    Never holds an access code: whoever writes the mail puts it in.
    """

    notification: NotificationId
    account: AccountId
    kind: NotificationKind
    order: OrderNumber
    email: EmailAddress
    mail: bool
    """Whether it is sent by mail too: not if no mail server is configured, if it is long ago, or if the
    mailbox got many mails about orders that nobody paid."""
    paid: Amount | None = None
    missing: Amount | None = None
    coin: Coin | None = None


class MailSent(Event):
    """A mail server took the mail of a notification. Appended once per notification."""

    notification: NotificationId
    account: AccountId


class MailGivenUp(Event):
    """The mail of a notification will not be sent. Appended once, and never after `MailSent`."""

    notification: NotificationId
    account: AccountId
    reason: Annotated[str, StringConstraints(max_length=200)]
