"""The commands of an inbox."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid5

from libs.events.gateway import HookId, NotificationKind
from libs.events.values import (
    AccountId,
    AdbotId,
    Coin,
    GroupRef,
    NotificationId,
    OrderNumber,
    SessionId,
)

_OCCASIONS = UUID("2f0c5a34-7c55-4f0d-9a53-6a1d6d3a9b42")


@dataclass(frozen=True)
class Raise:
    """Notify an account's owner, once per kind of notification and order."""

    account: AccountId
    kind: NotificationKind
    order: OrderNumber | None
    mail: bool
    paid: Decimal | None = None
    missing: Decimal | None = None
    coin: Coin | None = None
    group: GroupRef | None = None
    chat: GroupRef | None = None
    name: GroupRef | None = None
    session: SessionId | None = None
    """Of a request to join: the seat that asked."""
    detail: str = ""
    since: datetime | None = None
    """Of overrunning cycles: when the adbot's settings were changed last; each change may notify anew.

    Of a webhook: when it was switched off.
    """
    occasion: str = ""
    """Of what happens to an adbot: what tells one time from another, such as the id of an event."""
    adbot: AdbotId | None = None
    lost: SessionId | None = None
    """Of a lost or replaced seat: the session that was lost."""
    reason: str = ""
    valid_until: datetime | None = None
    days: int | None = None
    groups: tuple[GroupRef, ...] = ()
    more_groups: int = 0
    as_of: datetime | None = None
    hook: HookId | None = None

    @property
    def notification(self) -> NotificationId:
        """The notification's id, derived from kind and order, so that a duplicate command notifies nobody.

        Each amount received in partial payments of an order has a notification of its own, and so has each
        name or id of a group that moved, each seat that asks to join a group, and each time that a webhook is
        switched off.
        """
        parts = [str(self.kind), self.order or ""]
        if self.kind is NotificationKind.PARTIAL_PAYMENT and self.paid is not None:
            parts.append(format(self.paid.normalize(), "f"))
        if self.group is not None:
            parts += [self.group, self.chat or "", self.name or ""]
        if self.session is not None:
            parts.append(str(self.session))
        if self.hook is not None:
            parts.append(str(self.hook))
        if self.since is not None:
            parts.append(self.since.isoformat())
        if self.occasion:
            parts.append(self.occasion)
        return NotificationId(uuid5(_OCCASIONS, " ".join(parts)))


@dataclass(frozen=True)
class RecordSent:
    """Record that a mail server accepted a notification's mail."""

    notification: NotificationId


@dataclass(frozen=True)
class GiveUp:
    """Record that a notification's mail will not be sent."""

    notification: NotificationId
    reason: str


@dataclass(frozen=True)
class MarkRead:
    """Mark notifications as read: those in `only`, or all up to `until`, which is included, or all."""

    account: AccountId
    only: tuple[NotificationId, ...] | None = None
    until: NotificationId | None = None


Command = Raise | RecordSent | GiveUp | MarkRead
