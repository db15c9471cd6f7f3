"""Whom a notification is for, and whether it is mailed."""

from datetime import timedelta

from libs.events.gateway import NotificationKind
from libs.events.values import AccountId, AdbotId, OrderNumber
from libs.eventsourcing import UnitOfWork
from services.gateway.context import Context
from services.gateway.inbox.commands import Raise
from services.gateway.inbox.listing import AdbotOwner, owner_of_adbot
from services.gateway.inbox.tables import whose_order

STALE = timedelta(days=1)
"""Older events notify in the app only, and the operator not at all: a reader that starts from the first event
must not send mails."""
MAILED = frozenset(
    {
        NotificationKind.ADBOT_READY,
        NotificationKind.ADBOT_WAITING,
        NotificationKind.SEAT_LOST,
        NotificationKind.SEAT_REPLACED,
        NotificationKind.ADBOT_STOPPED,
        NotificationKind.ADBOT_SUSPENDED,
        NotificationKind.EXPIRING,
        NotificationKind.EXPIRED,
    }
)
"""The kinds about adbots that are mailed too."""


def by_mail(unit: UnitOfWork, context: Context) -> bool:
    """Return whether a notification of the event that is reacted to is also sent by mail."""
    return context.mails and unit.at - unit.cause.at < STALE


async def owner_of_order(unit: UnitOfWork, order: OrderNumber) -> AccountId:
    """Return an order's account, from the notification of its first event."""
    found = await whose_order(unit.unflushed, order) or await whose_order(unit.flushed, order)
    if found is None:
        message = f"no OrderPlaced was read for {order}"
        raise LookupError(message)
    return found


async def owner(unit: UnitOfWork, adbot: AdbotId) -> AdbotOwner:
    """Return whom an adbot's notifications are for; see `owner_of_adbot`."""
    return await owner_of_adbot(unit.flushed, adbot)


def about(
    unit: UnitOfWork,
    context: Context,
    adbot: AdbotId,
    to: AdbotOwner,
    kind: NotificationKind,
    *,
    detail: str,
) -> Raise:
    """Return the notification of the event that is reacted to, once for each event."""
    return Raise(
        account=to.account,
        kind=kind,
        order=to.order,
        mail=kind in MAILED and by_mail(unit, context),
        occasion=str(unit.cause.envelope.id),
        adbot=adbot,
        detail=detail,
    )
