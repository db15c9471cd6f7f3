"""The inbox aggregate: an account's notifications, one per idempotency key, and the outcome of each mail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from libs.events.gateway import (
    MailGivenUp,
    MailSent,
    NotificationKind,
    NotificationRaised,
    NotificationsRead,
)
from libs.events.values import AccountId, NotificationId
from libs.eventsourcing import Decider, ImpossibleEvent, Refused, Snapshots
from services.gateway.inbox.commands import Command, GiveUp, MarkRead, Raise, RecordSent

LONGEST_REASON = 200
MOST_UNPAID_MAILS = 6
"""The limit of mails about unpaid orders to a mailbox until a payment arrives: orders cost nothing."""
MOST_READ = 1000
"""How many notifications one event marks as read."""
_UNPAID = frozenset({NotificationKind.ORDER_PLACED, NotificationKind.ORDER_EXPIRED})


class MailState(StrEnum):
    """The state of a notification's mail."""

    NONE = "none"
    """There is no mail: the notification is shown in the app only."""
    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given_up"


@dataclass(frozen=True)
class Inbox:
    """An account's notifications, in the order in which they were raised."""

    account: AccountId
    mails: dict[NotificationId, MailState]
    unpaid_mails: int
    """How many mails were about unpaid orders since the last payment."""
    read: frozenset[NotificationId] = frozenset()


InboxEvent = NotificationRaised | MailSent | MailGivenUp | NotificationsRead


def decide(command: Command, inbox: Inbox | None) -> Sequence[InboxEvent]:
    """Return the events of a command; none for a duplicate."""
    if isinstance(command, MarkRead):
        return [] if inbox is None else _read(command, inbox)
    mails: Mapping[NotificationId, MailState] = inbox.mails if inbox else {}
    known = mails.get(command.notification)
    match command:
        case Raise() if known is None:
            return [_raised(command, mail=command.mail and _may_be_mailed(command.kind, inbox))]
        case Raise():
            return []
        case _ if inbox is None or known is None:
            raise Refused("unknown_notification", "there is no such notification")
        case _ if known is MailState.NONE:
            raise Refused("no_mail", "this notification has no mail")
        case _ if known is not MailState.WAITING:
            return []
        case RecordSent():
            return [MailSent(notification=command.notification, account=inbox.account)]
        case GiveUp():
            reason = command.reason[:LONGEST_REASON]
            return [MailGivenUp(notification=command.notification, account=inbox.account, reason=reason)]
        case _:
            assert_never(command)


def _read(command: MarkRead, inbox: Inbox) -> list[InboxEvent]:
    """Return the marks of those that are not read yet; ids of others are ignored."""
    meant = list(inbox.mails)
    if command.only is not None:
        meant = [one for one in dict.fromkeys(command.only) if one in inbox.mails]
    elif command.until is not None:
        if command.until not in inbox.mails:
            raise Refused("unknown_notification", "there is no such notification")
        meant = meant[: meant.index(command.until) + 1]
    unread = [one for one in meant if one not in inbox.read]
    return [
        NotificationsRead(account=inbox.account, notifications=tuple(unread[start : start + MOST_READ]))
        for start in range(0, len(unread), MOST_READ)
    ]


def _may_be_mailed(kind: NotificationKind, inbox: Inbox | None) -> bool:
    """Return whether one more mail of this kind is within the limit, whichever account orders."""
    return kind not in _UNPAID or inbox is None or inbox.unpaid_mails < MOST_UNPAID_MAILS


def _raised(command: Raise, *, mail: bool) -> NotificationRaised:
    return NotificationRaised(
        notification=command.notification,
        account=command.account,
        kind=command.kind,
        order=command.order,
        mail=mail,
        paid=command.paid,
        missing=command.missing,
        coin=command.coin,
        group=command.group,
        chat=command.chat,
        name=command.name,
        detail=command.detail,
        adbot=command.adbot,
        session=command.lost,
        reason=command.reason,
        valid_until=command.valid_until,
        days=command.days,
        groups=command.groups,
        more_groups=command.more_groups,
        as_of=command.as_of,
        hook=command.hook,
    )


def evolve(inbox: Inbox | None, event: InboxEvent) -> Inbox:
    """Return the inbox after an event."""
    if isinstance(event, NotificationsRead):
        if inbox is None:
            raise ImpossibleEvent("NotificationsRead can't follow nothing")
        return replace(inbox, read=inbox.read | set(event.notifications))
    mails = inbox.mails if inbox else {}
    unpaid = inbox.unpaid_mails if inbox else 0
    known = mails.get(event.notification)
    match event:
        case NotificationRaised() if known is None:
            state = MailState.WAITING if event.mail else MailState.NONE
            unpaid = _unpaid_mails(unpaid, event)
        case MailSent() if known is MailState.WAITING:
            state = MailState.SENT
        case MailGivenUp() if known is MailState.WAITING:
            state = MailState.GIVEN_UP
        case NotificationRaised() | MailSent() | MailGivenUp():
            raise ImpossibleEvent(f"{type(event).__name__} can't follow a mail that is {known}")
        case _:
            assert_never(event)
    read = inbox.read if inbox else frozenset[NotificationId]()
    return Inbox(event.account, {**mails, event.notification: state}, unpaid, read)


def _unpaid_mails(before: int, event: NotificationRaised) -> int:
    if event.kind is NotificationKind.PAYMENT_RECEIVED:
        return 0
    return before + (event.mail and event.kind in _UNPAID)


INBOX: Decider[Command, Inbox, InboxEvent] = Decider(
    "inbox", decide, evolve, snapshots=Snapshots(Inbox, version=1)
)
