"""React to events: open accounts, and notify whom they concern."""

from datetime import timedelta

from libs.events.billing import OrderExpired, OrderPlaced, PaymentFinished, PaymentPartiallyPaid
from libs.events.gateway import NotificationKind
from libs.events.values import AccountId, EmailAddress, OrderNumber
from libs.eventsourcing import Reactions, UnitOfWork
from services.gateway.account.registering import has_code, issue_first_code, open_account
from services.gateway.context import Context
from services.gateway.inbox.commands import Raise
from services.gateway.inbox.domain import INBOX
from services.gateway.inbox.tables import whose_order

STALE = timedelta(days=1)
"""What happened longer ago is shown in the app alone: a history that is read anew must not flood anybody."""
FIRST_CODE_STALE = timedelta(days=30)
"""The same for the mail that holds an account's first code: without it, who has paid has no access."""


reactions = Reactions[Context]()


@reactions.to(OrderPlaced, context=True)
async def order_placed(event: OrderPlaced, unit: UnitOfWork, context: Context) -> None:
    """Open the account of the first order, and tell that it waits for its money."""
    await open_account(unit, context.codes, event.account, event.email)
    notification = Raise(
        account=event.account,
        kind=NotificationKind.ORDER_PLACED,
        order=event.order,
        email=event.email,
        mail=_by_mail(unit, context),
        coin=event.coin,
    )
    await unit.execute(INBOX, event.account, notification)


@reactions.to(PaymentFinished, context=True)
async def payment_received(event: PaymentFinished, unit: UnitOfWork, context: Context) -> None:
    """Tell that the money came; the first mail about it holds the code that is issued with it.

    The order may have been read by a gateway that left it to the checkout to open the account.
    """
    account, email = await _whose(unit, event.order)
    await open_account(unit, context.codes, account, email)
    recent = context.mails and unit.at - unit.cause.at < FIRST_CODE_STALE
    mail = _by_mail(unit, context) or (recent and not await has_code(unit, account))
    if mail:
        await issue_first_code(unit, context.codes, account)
    notification = Raise(
        account=account,
        kind=NotificationKind.PAYMENT_RECEIVED,
        order=event.order,
        email=email,
        mail=mail,
        paid=event.paid or None,  # nothing came where an operator vouches for the order
        coin=event.coin,
    )
    await unit.execute(INBOX, account, notification)


@reactions.to(PaymentPartiallyPaid, context=True)
async def partially_paid(event: PaymentPartiallyPaid, unit: UnitOfWork, context: Context) -> None:
    """Tell how much came and how much is missing."""
    account, email = await _whose(unit, event.order)
    notification = Raise(
        account=account,
        kind=NotificationKind.PARTIAL_PAYMENT,
        order=event.order,
        email=email,
        mail=_by_mail(unit, context),
        paid=event.paid,
        missing=event.missing,
        coin=event.coin,
    )
    await unit.execute(INBOX, account, notification)


@reactions.to(OrderExpired, context=True)
async def order_expired(event: OrderExpired, unit: UnitOfWork, context: Context) -> None:
    """Tell that the order no longer waits."""
    account, email = await _whose(unit, event.order)
    notification = Raise(
        account=account,
        kind=NotificationKind.ORDER_EXPIRED,
        order=event.order,
        email=email,
        mail=_by_mail(unit, context),
    )
    await unit.execute(INBOX, account, notification)


def _by_mail(unit: UnitOfWork, context: Context) -> bool:
    """Say whether new notifications are mailed too."""
    return context.mails and unit.at - unit.cause.at < STALE


async def _whose(unit: UnitOfWork, order: OrderNumber) -> tuple[AccountId, EmailAddress]:
    """Return an order's account, from its first event, earlier in the same stream."""
    found = await whose_order(unit.unflushed, order) or await whose_order(unit.flushed, order)
    if found is None:
        message = f"no OrderPlaced was read for {order}"
        raise LookupError(message)
    return found
