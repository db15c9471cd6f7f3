"""What follows from orders that are paid or refunded, stock that arrives, and sessions that die.

All run in one reader, one after another: stock never arrives while a seat is just beginning to wait. What
other processes do to seats is looked at here once more, for stock that they could not see.
"""

from libs.events.billing import PaymentFinished, PaymentRefunded
from libs.events.forwarder import ApiPairImported, SessionDied, SessionImported
from libs.events.provisioning import AdbotExtended, AdbotRestored, SeatsReleased
from libs.eventsourcing import Reactions, UnitOfWork
from services.provisioning.adbot.commands import Renew, Suspend
from services.provisioning.adbot.tables import delivered_by
from services.provisioning.context import Context
from services.provisioning.seating import extend, fill_waiting, lose, provision, release
from services.provisioning.session.commands import Stock
from services.provisioning.session.domain import SESSION
from services.provisioning.telegram_application.commands import AddApplication
from services.provisioning.telegram_application.domain import APPLICATION

LONGEST_REASON = 500


reactions = Reactions[Context]()


@reactions.to(PaymentFinished, context=True)
async def deliver(event: PaymentFinished, unit: UnitOfWork, context: Context) -> None:
    """Make the adbot that was paid for, or extend the one that the order renews.

    An order that renews an unknown adbot, or one of another plan, is refused, and thereby set aside with its
    reason: a paid order must not get lost.
    """
    if event.renews is None:
        await provision(event, unit, context.choose)
    else:
        renewal = Renew(event.renews, event.order, event.plan, unit.at)
        await extend(event.renews, renewal, unit, context.choose)


@reactions.to(PaymentRefunded, context=True)
async def suspend(event: PaymentRefunded, unit: UnitOfWork, context: Context) -> None:
    """Let the adbot that the order made or extended not run; nothing if nothing was delivered.

    Its sessions go back to stock at once, unless the operator keeps them.
    """
    adbot = await delivered_by(unit.flushed, event.order)
    if adbot is not None:
        reason = f"order {event.order} was refunded: {event.reason}"[:LONGEST_REASON]
        await release(adbot, Suspend(reason, unit.at, release=not event.keep_sessions), unit)
    await fill_waiting(unit, context.choose)


@reactions.to(SessionImported, context=True)
async def stock(event: SessionImported, unit: UnitOfWork, context: Context) -> None:
    """Put a session into stock, or on the seat that waits for one."""
    command = Stock(event.session, event.telegram_user, event.phone, event.pair, unit.at)
    await unit.execute(SESSION, event.session, command)
    await fill_waiting(unit, context.choose)


@reactions.to(ApiPairImported, context=True)
async def add_application(event: ApiPairImported, unit: UnitOfWork, context: Context) -> None:
    """Let sessions be assigned with a Telegram application."""
    await unit.execute(APPLICATION, event.pair, AddApplication(event.pair, event.api_id, unit.at))
    await fill_waiting(unit, context.choose)


@reactions.to(SessionDied, context=True)
async def replace(event: SessionDied, unit: UnitOfWork, context: Context) -> None:
    """Take a dead session off its adbot, and fill the seat again."""
    await lose(event, unit)
    await fill_waiting(unit, context.choose)


async def look_again(
    _: SeatsReleased | AdbotExtended | AdbotRestored, unit: UnitOfWork, context: Context
) -> None:
    """Fill waiting seats: with stock, or for adbots, that another process could not see."""
    await fill_waiting(unit, context.choose)


reactions.to(SeatsReleased, context=True)(look_again)
reactions.to(AdbotExtended, context=True)(look_again)
reactions.to(AdbotRestored, context=True)(look_again)
