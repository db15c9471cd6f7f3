"""Reactions to orders that are paid or refunded, accounts that are suspended, and sessions that come and die.

One reader runs them in sequence: no session is stocked while a seat is becoming empty. Provisioning's own
events are handled too, since another process may have emptied seats without seeing new stock.
"""

from datetime import datetime

from libs.events.billing import PaymentFinished, PaymentRefunded
from libs.events.forwarder import ApiPairImported, SessionDied, SessionImported
from libs.events.gateway import AccountRestored, AccountSuspended
from libs.events.provisioning import AdbotExtended, AdbotRestored, SeatsReleased
from libs.eventsourcing import Reactions, UnitOfWork
from services.provisioning.account.tables import suspended_for
from services.provisioning.adbot.commands import Renew, Restore, Suspend
from services.provisioning.adbot.domain import ADBOT, adbot_of
from services.provisioning.adbot.tables import adbots_of, delivered_by
from services.provisioning.context import Context
from services.provisioning.seating import await_seats, extend, fill_waiting, lose, provision, release
from services.provisioning.session.commands import Stock
from services.provisioning.session.domain import SESSION
from services.provisioning.telegram_application.commands import AddApplication
from services.provisioning.telegram_application.domain import APPLICATION

LONGEST_REASON = 500


reactions = Reactions[Context]()


@reactions.to(PaymentFinished, context=True)
async def deliver(event: PaymentFinished, unit: UnitOfWork, context: Context) -> None:
    """Create the adbot of a paid order, or extend the adbot that the order renews.

    A renewal of an unknown adbot or for another plan is refused, and so becomes a dead letter with its
    reason: a paid order must not get lost.
    """
    if event.renews is None:
        await provision(event, unit, context.choose)
        reason = await suspended_for(unit.unflushed, event.account)
        if reason is not None:
            await release(adbot_of(event.order), _with_account(reason, unit.at), unit)
    else:
        renewal = Renew(event.renews, event.order, event.plan, unit.at)
        await extend(event.renews, renewal, unit, context.choose)


@reactions.to(PaymentRefunded, context=True)
async def suspend(event: PaymentRefunded, unit: UnitOfWork, context: Context) -> None:
    """Suspend the adbot that the refunded order created or extended, if there is one.

    Its sessions return to stock at once, unless the operator decided that the adbot keeps them.
    """
    adbot = await delivered_by(unit.flushed, event.order)
    if adbot is not None:
        reason = f"order {event.order} was refunded: {event.reason}"[:LONGEST_REASON]
        await release(adbot, Suspend(reason, unit.at, release=not event.keep_sessions), unit)
    await fill_waiting(unit, context.choose)


@reactions.to(AccountSuspended)
async def suspend_with_account(event: AccountSuspended, unit: UnitOfWork) -> None:
    """Suspend the adbots of a suspended account. They keep their sessions."""
    for adbot in await adbots_of(unit.flushed, event.account):
        await release(adbot, _with_account(event.reason, unit.at), unit)


@reactions.to(AccountRestored, context=True)
async def restore_with_account(event: AccountRestored, unit: UnitOfWork, context: Context) -> None:
    """Restore the adbots that were suspended with their account, and for no other reason."""
    for adbot in await adbots_of(unit.flushed, event.account):
        if await unit.execute(ADBOT, adbot, Restore(unit.at, with_account=True)):
            await await_seats(adbot, unit, context.choose)


def _with_account(reason: str, at: datetime) -> Suspend:
    return Suspend(f"the account is suspended: {reason}"[:LONGEST_REASON], at, with_account=True)


@reactions.to(SessionImported, context=True)
async def stock(event: SessionImported, unit: UnitOfWork, context: Context) -> None:
    """Add a session to the stock, and assign it if a seat waits for one."""
    command = Stock(event.session, event.telegram_user, event.phone, event.pair, unit.at)
    await unit.execute(SESSION, event.session, command)
    await fill_waiting(unit, context.choose)


@reactions.to(ApiPairImported, context=True)
async def add_application(event: ApiPairImported, unit: UnitOfWork, context: Context) -> None:
    """Add a Telegram application, and assign sessions that waited for one."""
    await unit.execute(APPLICATION, event.pair, AddApplication(event.pair, event.api_id, unit.at))
    await fill_waiting(unit, context.choose)


@reactions.to(SessionDied, context=True)
async def replace(event: SessionDied, unit: UnitOfWork, context: Context) -> None:
    """Remove a dead session from its adbot, and fill the seat again."""
    await lose(event, unit)
    await fill_waiting(unit, context.choose)


async def look_again(
    _: SeatsReleased | AdbotExtended | AdbotRestored, unit: UnitOfWork, context: Context
) -> None:
    """Fill empty seats after a change that another process may have made without seeing the stock."""
    await fill_waiting(unit, context.choose)


reactions.to(SeatsReleased, context=True)(look_again)
reactions.to(AdbotExtended, context=True)(look_again)
reactions.to(AdbotRestored, context=True)(look_again)
