"""What follows from orders that are paid or refunded, stock that arrives, and sessions that die."""

from libs.events.billing import PaymentFinished, PaymentRefunded
from libs.events.forwarder import ApiPairImported, SessionDied, SessionImported
from libs.events.provisioning import AdbotExtended, AdbotRestored, SeatsReleased
from libs.eventsourcing import Reactions, UnitOfWork
from services.provisioning.adbot.commands import Renew, Suspend
from services.provisioning.adbot.tables import delivered_by
from services.provisioning.pair.commands import AddPair
from services.provisioning.pair.domain import PAIR
from services.provisioning.seating import NextSeat, extend, fill_waiting, lose, provision, release
from services.provisioning.session.commands import Stock
from services.provisioning.session.domain import SESSION

LONGEST_REASON = 500


def reactions_of(choose: NextSeat) -> Reactions:
    """Return provisioning's reactions.

    All run in one reader, one after another: stock never arrives while a seat is just beginning to wait.
    What other processes do to seats is looked at here once more, for stock that they could not see.
    """
    reactions = Reactions()

    @reactions.to(PaymentFinished)
    async def _(event: PaymentFinished, unit: UnitOfWork) -> None:
        await deliver(event, unit, choose)

    @reactions.to(PaymentRefunded)
    async def _(event: PaymentRefunded, unit: UnitOfWork) -> None:
        await suspend(event, unit)
        await fill_waiting(unit, choose)

    @reactions.to(SessionImported)
    async def _(event: SessionImported, unit: UnitOfWork) -> None:
        command = Stock(event.session, event.telegram_user, event.phone, event.pair, unit.at)
        await unit.execute(SESSION, event.session, command)
        await fill_waiting(unit, choose)

    @reactions.to(ApiPairImported)
    async def _(event: ApiPairImported, unit: UnitOfWork) -> None:
        await unit.execute(PAIR, event.pair, AddPair(event.pair, event.api_id, unit.at))
        await fill_waiting(unit, choose)

    @reactions.to(SessionDied)
    async def _(event: SessionDied, unit: UnitOfWork) -> None:
        await lose(event, unit)
        await fill_waiting(unit, choose)

    async def look_again(_: SeatsReleased | AdbotExtended | AdbotRestored, unit: UnitOfWork) -> None:
        await fill_waiting(unit, choose)

    reactions.to(SeatsReleased)(look_again)
    reactions.to(AdbotExtended)(look_again)
    reactions.to(AdbotRestored)(look_again)
    return reactions


async def deliver(event: PaymentFinished, unit: UnitOfWork, choose: NextSeat) -> None:
    """Make the adbot that was paid for, or extend the one that the order renews.

    An order that renews an unknown adbot, or one of another plan, is refused, and thereby set aside with its
    reason: a paid order must not get lost.
    """
    if event.renews is None:
        await provision(event, unit, choose)
    else:
        renewal = Renew(event.renews, event.order, event.plan, unit.at)
        await extend(event.renews, renewal, unit, choose)


async def suspend(event: PaymentRefunded, unit: UnitOfWork) -> None:
    """Let the adbot that the order made or extended not run; nothing if nothing was delivered.

    Its sessions go back to stock at once, unless the operator keeps them.
    """
    adbot = await delivered_by(unit.flushed, event.order)
    if adbot is None:
        return
    reason = f"order {event.order} was refunded: {event.reason}"[:LONGEST_REASON]
    await release(adbot, Suspend(reason, unit.at, release=not event.keep_sessions), unit)
