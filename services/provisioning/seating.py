"""Assigns sessions to seats, in the order of payment."""

from collections.abc import Awaitable, Callable

import structlog

from libs.events.billing import PaymentFinished
from libs.events.forwarder import SessionDied
from libs.events.provisioning import (
    AdbotExtended,
    AdbotSuspended,
    SeatsAwaited,
    SeatsReleased,
    SessionLost,
)
from libs.events.values import AdbotId, Seat, SessionId, SessionLoss
from libs.eventsourcing import Refused, UnitOfWork
from services.provisioning.adbot.commands import (
    AwaitSeats,
    Extend,
    FillSeat,
    LoseSeat,
    Provision,
    ReleaseSeats,
    Renew,
    Suspend,
)
from services.provisioning.adbot.domain import ADBOT, adbot_of
from services.provisioning.adbot.tables import first_waiting
from services.provisioning.session.commands import Assign, Lose, Release
from services.provisioning.session.domain import SESSION, Assigned
from services.provisioning.session.tables import next_seat

log = structlog.stdlib.get_logger()

RETIRED_BY_HAND = "RETIRED_BY_HAND"
"""The error of a session that an operator retired."""

NextSeat = Callable[[UnitOfWork], Awaitable[Seat | None]]
"""Chooses a seat's next session from the stock, without assigning it."""


def chooser(max_sessions_per_pair: int) -> NextSeat:
    """Return a function that chooses the oldest session that can be assigned."""

    async def choose(unit: UnitOfWork) -> Seat | None:
        return await next_seat(unit.flushed, max_sessions_per_pair=max_sessions_per_pair)

    return choose


async def provision(event: PaymentFinished, unit: UnitOfWork, choose: NextSeat) -> None:
    """Create the adbot of a paid order, with the sessions that are in stock."""
    adbot = adbot_of(event.order)
    if await unit.load(ADBOT, adbot) is not None:
        return
    await fill_waiting(unit, choose)  # another process may just have emptied a seat
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


async def extend(adbot: AdbotId, command: Renew | Extend, unit: UnitOfWork, choose: NextSeat) -> None:
    """Extend an adbot's validity; after an expiry its empty seats are filled, or wait for stock."""
    before = await unit.load(ADBOT, adbot)
    extended = await unit.execute(ADBOT, adbot, command)
    for event in extended:
        if isinstance(event, AdbotExtended):
            log.info("adbot.extended", adbot=adbot, order=event.order, days=event.days)
    if extended and before is not None and before.over(unit.at):
        await await_seats(adbot, unit, choose)


async def await_seats(adbot: AdbotId, unit: UnitOfWork, choose: NextSeat) -> None:
    """Fill the empty seats of an adbot that may run again, and record those that wait for stock."""
    await fill_waiting(unit, choose)
    for event in await unit.execute(ADBOT, adbot, AwaitSeats(unit.at)):
        if isinstance(event, SeatsAwaited):
            log.warning("seats.awaited", adbot=adbot, missing=event.missing)


async def release(adbot: AdbotId, command: ReleaseSeats | Suspend, unit: UnitOfWork) -> None:
    """Run a command that may release an adbot's seats, and return their sessions to stock."""
    before = await unit.load(ADBOT, adbot)
    for event in await unit.execute(ADBOT, adbot, command):
        if isinstance(event, AdbotSuspended):
            log.info("adbot.suspended", adbot=adbot, reason=event.reason)
        if before is None or not isinstance(event, SeatsReleased):
            continue
        for seat in before.seats:
            await unit.execute(SESSION, seat.session, Release(unit.at))
        log.info("seats.released", adbot=adbot, seats=len(before.seats))


async def lose(event: SessionDied, unit: UnitOfWork) -> None:
    """Remove a dead session from the stock and from its adbot."""
    await _lose(event.session, Lose(event.loss, event.error, unit.at), unit)


async def retire(session: SessionId, reason: str, unit: UnitOfWork, choose: NextSeat) -> None:
    """Retire a session by an operator's wish, and fill its seat if there is stock."""
    before = await unit.load(SESSION, session)
    await _lose(session, Lose(SessionLoss.RETIRED, RETIRED_BY_HAND, unit.at, reason), unit)
    if isinstance(before, Assigned):
        await fill_waiting(unit, choose)


async def replace_seat(
    adbot: AdbotId, session: SessionId, reason: str, unit: UnitOfWork, choose: NextSeat
) -> None:
    """Retire the session on a seat of an adbot, and fill the seat if there is stock."""
    found = await unit.load(ADBOT, adbot)
    if found is None:
        raise Refused("unknown_adbot", "there is no such adbot")
    if not found.sits(session):
        raise Refused("session_not_seated", f"session {session} is on no seat of adbot {adbot}")
    await retire(session, reason, unit, choose)


async def _lose(session: SessionId, command: Lose, unit: UnitOfWork) -> None:
    for lost in await unit.execute(SESSION, session, command):
        if isinstance(lost, SessionLost) and lost.adbot is not None:
            log.warning("seat.lost", adbot=lost.adbot, session=lost.session, loss=lost.loss.value)
            seat_lost = LoseSeat(lost.session, lost.loss, unit.at)
            await unit.execute(ADBOT, lost.adbot, seat_lost)


async def fill_waiting(unit: UnitOfWork, choose: NextSeat) -> None:
    """Fill empty seats while there is stock, in the order in which adbots were paid."""
    while (adbot := await first_waiting(unit.flushed, unit.at)) is not None:
        seat = await choose(unit)
        if seat is None:
            return
        await _fill(adbot, seat, unit)


async def _fill(adbot: AdbotId, seat: Seat, unit: UnitOfWork) -> None:
    await unit.execute(SESSION, seat.session, Assign(adbot, seat.pair, unit.at))
    await unit.execute(ADBOT, adbot, FillSeat(seat, unit.at))
    log.info("seat.filled", adbot=adbot, session=seat.session)
