"""What follows from stock that arrives, sessions that die and orders that are paid."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from libs.events.billing import PaymentFinished
from libs.events.forwarder import ApiPairImported, SessionDied, SessionImported
from libs.events.provisioning import SessionLost
from libs.events.values import AdbotId, Seat
from libs.eventsourcing.decider import Refused
from libs.eventsourcing.reactions import Reactions
from libs.eventsourcing.unit import UnitOfWork
from services.provisioning.adbot.domain import ADBOT, FillSeat, LoseSeat, Provision, adbot_of
from services.provisioning.adbot.tables import first_waiting
from services.provisioning.pair.domain import PAIR, AddPair
from services.provisioning.session.domain import SESSION, Assign, Lose, Stock
from services.provisioning.session.tables import next_seat

log = structlog.stdlib.get_logger()

NextSeat = Callable[[UnitOfWork], Awaitable[Seat | None]]
"""Chooses from stock; takes nothing."""


def reactions_of(max_sessions_per_pair: int) -> Reactions:
    """Return provisioning's reactions.

    All run in one reader, one after another: stock never arrives while a seat is just beginning to wait.
    """
    reactions = Reactions()

    async def choose(unit: UnitOfWork) -> Seat | None:
        return await next_seat(unit.sql, max_sessions_per_pair=max_sessions_per_pair)

    @reactions.to(PaymentFinished)
    async def _(event: PaymentFinished, unit: UnitOfWork) -> None:
        await provision(event, unit, choose)

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

    return reactions


async def provision(event: PaymentFinished, unit: UnitOfWork, choose: NextSeat) -> None:
    """Make the one adbot that was paid for, with what the stock can give now.

    An order that renews an adbot is refused, and thereby set aside with its reason, to be retried: nothing
    can extend an adbot yet, and a paid order must not get lost.
    """
    if event.renews is not None:
        raise Refused(
            "renewal_impossible",
            f"order {event.order} is paid and is to renew adbot {event.renews}, which can't be done yet",
        )
    adbot = adbot_of(event.order)
    if await unit.load(ADBOT, adbot) is not None:
        return
    seats: list[Seat] = []
    while len(seats) < event.plan.sessions and (seat := await choose(unit)) is not None:
        await unit.execute(SESSION, seat.session, Assign(adbot, seat.pair, unit.at))
        seats.append(seat)
    command = Provision(adbot, event.order, event.account, event.plan, tuple(seats), unit.at)
    await unit.execute(ADBOT, adbot, command)
    missing = event.plan.sessions - len(seats)
    log.info("adbot.provisioned", adbot=adbot, order=event.order, seats=len(seats), missing=missing)
    if missing:
        log.warning("seats.awaited", adbot=adbot, order=event.order, missing=missing)


async def lose(event: SessionDied, unit: UnitOfWork) -> None:
    """Take a dead session out of stock, and off its adbot."""
    command = Lose(event.loss, event.error, unit.at)
    for lost in await unit.execute(SESSION, event.session, command):
        if isinstance(lost, SessionLost) and lost.adbot is not None:
            log.warning("seat.lost", adbot=lost.adbot, session=lost.session, loss=lost.loss.value)
            seat_lost = LoseSeat(lost.session, lost.loss, unit.at)
            async with story_of(lost.adbot, unit):
                await unit.execute(ADBOT, lost.adbot, seat_lost)


async def fill_waiting(unit: UnitOfWork, choose: NextSeat) -> None:
    """Fill waiting seats while the stock lasts, the adbot that was paid first before the others."""
    while (adbot := await first_waiting(unit.sql, unit.at)) is not None:
        seat = await choose(unit)
        if seat is None:
            return
        await _fill(adbot, seat, unit)


@asynccontextmanager
async def story_of(adbot: AdbotId, unit: UnitOfWork) -> AsyncGenerator[None]:
    """Have what is decided inside continue the story that the adbot's order began."""
    causes = unit.causes
    await unit.follow_stream(ADBOT.stream(adbot))
    yield
    unit.causes = causes


async def _fill(adbot: AdbotId, seat: Seat, unit: UnitOfWork) -> None:
    async with story_of(adbot, unit):
        await unit.execute(SESSION, seat.session, Assign(adbot, seat.pair, unit.at))
        await unit.execute(ADBOT, adbot, FillSeat(seat, unit.at))
    log.info("seat.filled", adbot=adbot, session=seat.session)
