"""What may be asked of an inbox."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID, uuid5

from libs.events.gateway import NotificationKind
from libs.events.values import AccountId, Coin, EmailAddress, NotificationId, OrderNumber

_OCCASIONS = UUID("2f0c5a34-7c55-4f0d-9a53-6a1d6d3a9b42")


@dataclass(frozen=True)
class Raise:
    """Let an account's owner hear of something."""

    account: AccountId
    kind: NotificationKind
    order: OrderNumber
    email: EmailAddress
    mail: bool
    paid: Decimal | None = None
    missing: Decimal | None = None
    coin: Coin | None = None

    @property
    def notification(self) -> NotificationId:
        """The id that the occasion itself has, so that it is told of once however often it is heard of.

        Partial payments of an order are one occasion for each amount received.
        """
        parts = [str(self.kind), self.order]
        if self.kind is NotificationKind.PARTIAL_PAYMENT and self.paid is not None:
            parts.append(format(self.paid.normalize(), "f"))
        return NotificationId(uuid5(_OCCASIONS, " ".join(parts)))


@dataclass(frozen=True)
class RecordSent:
    """Note that a mail server took a notification's mail."""

    notification: NotificationId


@dataclass(frozen=True)
class GiveUp:
    """Note that a notification's mail will not be sent."""

    notification: NotificationId
    reason: str


Command = Raise | RecordSent | GiveUp
