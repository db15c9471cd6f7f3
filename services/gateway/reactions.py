"""The gateway's reactions: they open accounts, notify their owners, and tell the operator."""

from datetime import timedelta

import structlog

from libs.events.billing import OrderExpired, OrderPlaced, PaymentFinished, PaymentPartiallyPaid
from libs.events.forwarder import GroupMoved, JoinRequested
from libs.events.gateway import NotificationKind
from libs.events.scheduler import CycleSkipped, SkipReason
from libs.events.values import AccountId
from libs.eventsourcing import Reactions, UnitOfWork
from services.gateway.account.registering import has_code, issue_first_code, open_account
from services.gateway.account.tables import account_by_id
from services.gateway.context import Context
from services.gateway.hooks import reactions as hooks
from services.gateway.inbox import adbots
from services.gateway.inbox.commands import Raise
from services.gateway.inbox.domain import INBOX
from services.gateway.inbox.telling import STALE, by_mail, owner, owner_of_order
from services.gateway.notices import reactions as notices
from services.gateway.tables.overruns import overrun_of, overrunning

FIRST_CODE_STALE = timedelta(days=30)
"""The same limit as `STALE` for a mail with an account's first access code, which a paying client needs."""

WAITS_FOR_APPROVAL = (
    "One of the adbot's accounts asked to join this group. Ask an admin of the group to approve; until then "
    "nothing is sent there, unless another account of the adbot is a member."
)

log = structlog.stdlib.get_logger()
reactions = Reactions[Context]()
adbots.react(reactions)
notices.react(reactions)
hooks.react(reactions)


@reactions.to(OrderPlaced, context=True)
async def order_placed(event: OrderPlaced, unit: UnitOfWork, context: Context) -> None:
    """Open the account of the first order, and notify its owner that the order awaits payment."""
    await open_account(unit, context.codes, event.account, event.email)
    notification = Raise(
        account=event.account,
        kind=NotificationKind.ORDER_PLACED,
        order=event.order,
        mail=by_mail(unit, context),
        coin=event.coin,
    )
    await unit.execute(INBOX, event.account, notification)


@reactions.to(PaymentFinished, context=True)
async def payment_received(event: PaymentFinished, unit: UnitOfWork, context: Context) -> None:
    """Notify that the payment was received; the first mail about it contains the access code issued here.

    An earlier version of the gateway left it to the checkout to open the account, so it may not exist yet.
    """
    account = await owner_of_order(unit, event.order)
    await open_account(unit, context.codes, account)
    recent = context.mails and unit.at - unit.cause.at < FIRST_CODE_STALE
    mail = by_mail(unit, context) or (recent and not await has_code(unit, account))
    if mail:
        await issue_first_code(unit, context.codes, account)
    notification = Raise(
        account=account,
        kind=NotificationKind.PAYMENT_RECEIVED,
        order=event.order,
        mail=mail,
        paid=event.paid or None,  # nothing was received for an order that an operator marked as paid
        coin=event.coin,
    )
    await unit.execute(INBOX, account, notification)


@reactions.to(PaymentPartiallyPaid, context=True)
async def partially_paid(event: PaymentPartiallyPaid, unit: UnitOfWork, context: Context) -> None:
    """Notify how much was received and how much is missing."""
    account = await owner_of_order(unit, event.order)
    notification = Raise(
        account=account,
        kind=NotificationKind.PARTIAL_PAYMENT,
        order=event.order,
        mail=by_mail(unit, context),
        paid=event.paid,
        missing=event.missing,
        coin=event.coin,
    )
    await unit.execute(INBOX, account, notification)


@reactions.to(OrderExpired, context=True)
async def order_expired(event: OrderExpired, unit: UnitOfWork, context: Context) -> None:
    """Notify that the order has expired."""
    account = await owner_of_order(unit, event.order)
    notification = Raise(
        account=account,
        kind=NotificationKind.ORDER_EXPIRED,
        order=event.order,
        mail=by_mail(unit, context),
    )
    await unit.execute(INBOX, account, notification)


@reactions.to(GroupMoved)
async def group_moved(event: GroupMoved, unit: UnitOfWork) -> None:
    """Notify in the app that a group has another name or id, under which it is served from now on."""
    to = await owner(unit, event.adbot)
    notification = Raise(
        account=to.account,
        kind=NotificationKind.GROUP_MOVED,
        order=to.order,
        mail=False,
        adbot=event.adbot,
        group=event.group,
        chat=event.chat,
        name=event.name,
    )
    await unit.execute(INBOX, to.account, notification)


@reactions.to(JoinRequested)
async def join_requested(event: JoinRequested, unit: UnitOfWork) -> None:
    """Notify in the app that a seat waits for a group's admin to let it in, which the owner can ask for."""
    to = await owner(unit, event.adbot)
    notification = Raise(
        account=to.account,
        kind=NotificationKind.JOIN_REQUESTED,
        order=to.order,
        mail=False,
        adbot=event.adbot,
        group=event.group,
        session=event.session,
        detail=WAITS_FOR_APPROVAL,
    )
    await unit.execute(INBOX, to.account, notification)


@reactions.to(CycleSkipped)
async def cycle_skipped(event: CycleSkipped, unit: UnitOfWork) -> None:
    """Notify, in the app, that cycles often take longer than the interval; once until settings change.

    It is read from the read models, which may lag: then the next skipped cycle notifies.
    """
    if event.reason is not SkipReason.OVERRUN or unit.at - unit.cause.at >= STALE:
        return
    for one in await overrunning(unit.unflushed, event.adbot):
        account = await account_by_id(unit.unflushed, AccountId(one.account))
        if account is None:
            return
        notification = Raise(
            account=AccountId(one.account),
            kind=NotificationKind.CYCLES_OVERRUN,
            order=one.order_number,
            mail=False,
            detail=overrun_of(one),
            since=one.settings_at,
        )
        if await unit.execute(INBOX, AccountId(one.account), notification):
            log.warning("cycles.overrun", adbot=str(one.adbot), overruns=one.overruns)
