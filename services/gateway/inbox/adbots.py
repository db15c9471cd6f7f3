"""Reactions to what happens to adbots: their owners are notified, each time once."""

from dataclasses import replace

from libs.events.gateway import NotificationKind
from libs.events.provisioning import (
    AdbotExpired,
    AdbotExtended,
    AdbotProvisioned,
    AdbotRestored,
    AdbotSuspended,
    SeatFilled,
    SeatLost,
)
from libs.events.scheduler import AdbotStopped
from libs.eventsourcing import Reactions, UnitOfWork
from services.gateway.context import Context
from services.gateway.inbox import wording
from services.gateway.inbox.commands import Raise
from services.gateway.inbox.domain import INBOX
from services.gateway.inbox.listing import AdbotOwner, unreplaced_loss, waits_for_first_seat
from services.gateway.inbox.telling import about, owner, owner_of_order


def react(reactions: Reactions[Context]) -> None:
    """Register the reactions."""
    reactions.to(AdbotProvisioned, context=True)(provisioned)
    reactions.to(SeatFilled, context=True)(seat_filled)
    reactions.to(SeatLost, context=True)(seat_lost)
    reactions.to(AdbotStopped, context=True)(stopped)
    reactions.to(AdbotExpired, context=True)(expired)
    reactions.to(AdbotExtended, context=True)(extended)
    reactions.to(AdbotSuspended, context=True)(suspended)
    reactions.to(AdbotRestored, context=True)(restored)


async def provisioned(event: AdbotProvisioned, unit: UnitOfWork, context: Context) -> None:
    """Notify that an adbot is ready, or waits for stock; later reactions find its owner by this."""
    to = AdbotOwner(await owner_of_order(unit, event.order), event.order)
    wanted, seats = event.plan.sessions, len(event.seats)
    kind = NotificationKind.ADBOT_READY if seats else NotificationKind.ADBOT_WAITING
    detail = wording.ready(seats, wanted) if seats else wording.waiting(wanted)
    told = about(unit, context, event.adbot, to, kind, detail=detail)
    await _raise(unit, replace(told, valid_until=event.valid_until))


async def seat_filled(event: SeatFilled, unit: UnitOfWork, context: Context) -> None:
    """Notify that a lost seat is filled again, or that the adbot has its first one."""
    if await waits_for_first_seat(unit.flushed, event.adbot):
        to, kind = await owner(unit, event.adbot), NotificationKind.ADBOT_READY
        told = about(unit, context, event.adbot, to, kind, detail=wording.ready(1, None))
        await _raise(unit, replace(told, valid_until=event.valid_until))
        return
    lost = await unreplaced_loss(unit.flushed, event.adbot)
    if lost is None:
        return
    to, kind = await owner(unit, event.adbot), NotificationKind.SEAT_REPLACED
    told = about(unit, context, event.adbot, to, kind, detail=wording.replaced(lost.loss))
    await _raise(unit, replace(told, lost=lost.session, reason=lost.loss))


async def seat_lost(event: SeatLost, unit: UnitOfWork, context: Context) -> None:
    """Notify that a seat was lost; its mail waits for a moment, in which the seat is usually filled again."""
    to = await owner(unit, event.adbot)
    kind, detail = NotificationKind.SEAT_LOST, wording.lost(event.loss)
    told = about(unit, context, event.adbot, to, kind, detail=detail)
    await _raise(unit, replace(told, lost=event.session, reason=event.loss))


async def stopped(event: AdbotStopped, unit: UnitOfWork, context: Context) -> None:
    """Notify that an adbot stopped by itself, unless its owner hears of the reason anyway."""
    if not wording.has_notification(event.reason):
        return
    to = await owner(unit, event.adbot)
    kind, detail = NotificationKind.ADBOT_STOPPED, wording.stopped(event.reason)
    told = about(unit, context, event.adbot, to, kind, detail=detail)
    await _raise(unit, replace(told, reason=event.reason))


async def expired(event: AdbotExpired, unit: UnitOfWork, context: Context) -> None:
    """Notify that an adbot's time is over."""
    to = await owner(unit, event.adbot)
    told = about(unit, context, event.adbot, to, NotificationKind.EXPIRED, detail=wording.EXPIRED)
    await _raise(unit, told)


async def extended(event: AdbotExtended, unit: UnitOfWork, context: Context) -> None:
    """Notify until when an adbot was extended, by a renewal or by the operator."""
    to = await owner(unit, event.adbot)
    detail = wording.extended(event.days, event.valid_until)
    told = about(unit, context, event.adbot, to, NotificationKind.EXTENDED, detail=detail)
    await _raise(unit, replace(told, valid_until=event.valid_until, days=event.days))


async def suspended(event: AdbotSuspended, unit: UnitOfWork, context: Context) -> None:
    """Notify that an adbot is suspended; the reason is the operator's own."""
    to = await owner(unit, event.adbot)
    kind = NotificationKind.ADBOT_SUSPENDED
    await _raise(unit, about(unit, context, event.adbot, to, kind, detail=wording.SUSPENDED))


async def restored(event: AdbotRestored, unit: UnitOfWork, context: Context) -> None:
    """Notify that a suspension is over."""
    to = await owner(unit, event.adbot)
    kind = NotificationKind.ADBOT_RESTORED
    await _raise(unit, about(unit, context, event.adbot, to, kind, detail=wording.RESTORED))


async def _raise(unit: UnitOfWork, notification: Raise) -> None:
    await unit.execute(INBOX, notification.account, notification)
