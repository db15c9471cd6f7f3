"""Renewals and the grace time, on real servers."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from libs.events.catalogue import published
from libs.events.provisioning import (
    AdbotExpired,
    AdbotExtended,
    AdbotProvisioned,
    AdbotSuspended,
    SeatFilled,
    SeatsAwaited,
    SeatsReleased,
    SessionAssigned,
    SessionReleased,
)
from libs.events.values import SessionLoss
from libs.eventsourcing import Causes, Engine, UnitOfWork
from services.provisioning.adbot.commands import Expire, Extend, LoseSeat, ReleaseSeats
from services.provisioning.adbot.domain import ADBOT, adbot_of
from services.provisioning.adbot.tables import ADBOTS
from services.provisioning.seating import chooser, extend, provision, release
from services.provisioning.session.commands import Lose, Stock
from services.provisioning.session.domain import SESSION
from services.provisioning.session.tables import STOCK
from tests.integration.provisioning.market import (
    ORDERS,
    OWNER,
    SESSIONS,
    import_pair,
    paid,
    pay,
    refund,
    service,
    sold_before,
    stock_up,
)
from tests.integration.provisioning.neighbours import Neighbour, World
from tests.support.waiting import until

DAY = timedelta(days=1)
FIRST = adbot_of(ORDERS[0])


def now() -> datetime:
    return datetime.now(UTC)


async def dead_letter(world: World, order: str) -> str:
    """Wait until what was said of an order is set aside, and return why."""

    async def found() -> str | None:
        text: str | None = await world.value(
            "select error from engine.parked where stream = $1 order by xid, position limit 1",
            f"order-{order}",
        )
        return text

    return await until(found, why="the order's event to become a dead letter")


# -- renewals


async def test_a_renewal_is_added_once_however_often_it_is_reported(
    world: World, billing: Neighbour, forwarder: Neighbour
) -> None:
    renewal = paid(ORDERS[1], renews=FIRST)
    async with service(world):
        await import_pair(forwarder)
        await stock_up(world, forwarder, *SESSIONS[:4])
        await pay(billing, ORDERS[0])
        (adbot,) = await world.says(AdbotProvisioned)
        causes = await billing.say(f"order-{ORDERS[1]}", *[renewal] * 5)
        (extended,) = await world.says(AdbotExtended)
    await world.execute("delete from engine.checkpoints; delete from engine.bookmarks")
    async with service(world):
        await pay(billing, ORDERS[2])
        await world.says(AdbotProvisioned, 2)
        recorded = [it for it in await world.recorded() if isinstance(it.event, AdbotExtended)]
    assert adbot.valid_until is not None
    assert extended == AdbotExtended(
        adbot=FIRST,
        account=OWNER,
        order=ORDERS[1],
        days=1,
        reason=f"renewed by order {ORDERS[1]}",
        valid_from=adbot.valid_from,
        valid_until=adbot.valid_until + DAY,
    )
    assert [it.envelope.correlation_id for it in recorded] == [causes.correlation_id]
    assert len(await world.said(SessionAssigned)) == 4
    assert await world.said(SeatsAwaited) == []
    assert await world.value("select count(*) from engine.parked") == 0


async def test_a_renewal_in_the_grace_time_keeps_the_seats(world: World, billing: Neighbour) -> None:
    await sold_before(world, ORDERS[:1], now() - 2 * DAY)
    async with service(world):
        await world.says(AdbotExpired)
        await pay(billing, ORDERS[1], renews=FIRST)
        (extended,) = await world.says(AdbotExtended)
        held = await world.value("select count(*) from adbots.seats where adbot = $1", FIRST)
    assert extended.valid_until is not None
    assert now() < extended.valid_until <= now() + DAY
    assert held == 2
    assert await world.said(SessionReleased) == []


async def test_days_that_were_paid_before_the_first_seat_came_are_added_when_it_comes(
    world: World, billing: Neighbour, forwarder: Neighbour
) -> None:
    async with service(world):
        await pay(billing, ORDERS[0], 1)
        await world.says(SeatsAwaited)
        await pay(billing, ORDERS[1], 1, renews=FIRST)
        (extended,) = await world.says(AdbotExtended)
        await import_pair(forwarder)
        await stock_up(world, forwarder, SESSIONS[0])
        (filled,) = await world.says(SeatFilled)
    assert (extended.valid_from, extended.valid_until) == (None, None)
    assert filled.valid_until == filled.valid_from + 2 * DAY


async def test_a_renewal_of_an_unknown_adbot_is_set_aside_with_its_reason_and_done_once_that_is_there(
    world: World, billing: Neighbour, forwarder: Neighbour
) -> None:
    async with service(world):
        await import_pair(forwarder)
        await stock_up(world, forwarder, *SESSIONS[:4])
        await pay(billing, ORDERS[0], renews=adbot_of(ORDERS[1]))
        await refund(billing, ORDERS[0])
        reason = await dead_letter(world, ORDERS[0])
        await pay(billing, ORDERS[1])
        (adbot,) = await world.says(AdbotProvisioned)
        assert await world.said(AdbotExtended) == []
        await world.execute(
            "insert into engine.retries (reader, source, stream) select reader, source, stream "
            "from engine.parked limit 1"
        )
        (extended,) = await world.says(AdbotExtended)
        (suspended,) = await world.says(AdbotSuspended)
    assert "unknown_adbot" in reason
    assert ORDERS[0] in reason
    assert extended.adbot == suspended.adbot == adbot.adbot
    assert await world.value("select count(*) from engine.parked") == 0


async def test_days_of_another_plan_are_set_aside_and_not_added(world: World, billing: Neighbour) -> None:
    await sold_before(world, ORDERS[:1], now())
    async with service(world):
        await pay(billing, ORDERS[1], sessions=1, renews=FIRST)
        reason = await dead_letter(world, ORDERS[1])
    assert "another_plan" in reason
    assert await world.said(AdbotExtended) == []


# -- the grace time


async def test_after_the_grace_time_sessions_fill_the_seats_of_others_and_a_renewal_waits_its_turn(
    world: World, billing: Neighbour, forwarder: Neighbour
) -> None:
    (sold,) = await sold_before(world, ORDERS[:1], now() - DAY + timedelta(seconds=2))
    first, waiting = sold.adbot, paid(ORDERS[1])
    async with alone(world) as engine:  # it waits already, however long the service takes to start
        await engine.run(lambda unit: provision(waiting, unit, chooser(7)), Causes.first("test"))
    async with service(world, grace_days=4 / 86_400):
        await world.says(SeatsReleased)
        filled = await world.says(SeatFilled, 2)
        recorded = await world.recorded()
        await pay(billing, ORDERS[2], 1)
        await pay(billing, ORDERS[3], renews=first)
        await pay(billing, ORDERS[4], 1)
        await world.says(AdbotProvisioned, 4)
        await world.says(AdbotExtended)
        await stock_up(world, forwarder, *SESSIONS[2:6])
        filled_later = (await world.says(SeatFilled, 6))[2:]
        awaited = await world.said(SeatsAwaited)
    assert {it.adbot for it in filled} == {adbot_of(ORDERS[1])}
    assert [it.seat.session for it in filled] == SESSIONS[:2]
    at = {type(it.event): it.at for it in recorded}
    assert sold.valid_until is not None
    assert at[SeatsReleased] - sold.valid_until >= timedelta(seconds=4)
    releases = [it for it in recorded if isinstance(it.event, SeatsReleased | SessionReleased | SeatFilled)]
    assert len({it.envelope.cursor.xid for it in releases}) == 1, "free for a moment, and nobody's"
    assert [it.adbot for it in filled_later] == [adbot_of(ORDERS[2]), first, first, adbot_of(ORDERS[4])]
    assert filled_later[1].valid_until == filled_later[1].valid_from + DAY
    assert SeatsAwaited(adbot=first, missing=2) in awaited
    assert await world.value("select assigned from stock.pairs") == 6


async def test_a_renewal_after_the_grace_time_takes_seats_from_stock(
    world: World, billing: Neighbour
) -> None:
    await sold_before(world, ORDERS[:1], now() - 20 * DAY)
    async with service(world):
        await world.says(SeatsReleased)
        await pay(billing, ORDERS[1], renews=FIRST)
        filled = await world.says(SeatFilled, 2)
        (extended,) = await world.says(AdbotExtended)
        await pay(billing, ORDERS[2], 1, renews=adbot_of(ORDERS[9]))
        await dead_letter(world, ORDERS[2])  # so that all before it is handled
    assert extended.valid_until is None
    assert {it.valid_until for it in filled} == {filled[0].valid_from + DAY}
    assert await world.said(SeatsAwaited) == []


# -- what two transactions at once could not see of each other


async def test_whoever_waits_already_gets_what_is_there_before_an_order_that_is_paid_now(
    world: World,
) -> None:
    await sold_before(world, ORDERS[:1], now() - 20 * DAY)
    async with alone(world) as engine:
        await engine.run(extend_without_stock, Causes.first("test"))
        await engine.run(stock_without_a_look, Causes.first("test"))
        order = paid(ORDERS[1], 1)
        await engine.run(lambda unit: provision(order, unit, chooser(7)), Causes.first("test"))
    filled = await world.said(SeatFilled)
    assert [(it.adbot, it.seat.session) for it in filled] == [(FIRST, one) for one in SESSIONS[2:4]]
    assert (await world.said(AdbotProvisioned))[1].seats == ()


async def test_stock_that_came_while_an_operator_revived_an_adbot_is_not_missed(world: World) -> None:
    await sold_before(world, ORDERS[:1], now() - 20 * DAY)
    async with alone(world) as engine:
        await engine.run(extend_without_stock, Causes.first("test"))
        await engine.run(stock_without_a_look, Causes.first("test"))
    assert await world.said(SeatsAwaited) == [SeatsAwaited(adbot=FIRST, missing=2)]
    assert await world.said(SeatFilled) == []
    async with service(world):
        filled = await world.says(SeatFilled, 2)
    assert {it.adbot for it in filled} == {FIRST}


async def test_sessions_that_are_released_while_an_order_finds_no_stock_are_not_missed(world: World) -> None:
    await sold_before(world, ORDERS[:1], now() - 20 * DAY)
    async with alone(world) as engine:
        order = paid(ORDERS[1], 1)
        await engine.run(lambda unit: provision(order, unit, chooser(7)), Causes.first("test"))
        await engine.run(release_without_a_look, Causes.first("test"))
    assert await world.said(SeatFilled) == []
    async with service(world):
        (filled,) = await world.says(SeatFilled)
    assert (filled.adbot, filled.seat.session) == (adbot_of(ORDERS[1]), SESSIONS[0])


@asynccontextmanager
async def alone(world: World) -> AsyncGenerator[Engine]:
    """Its store and tables, while no service runs."""
    engine = Engine("provisioning", world.database, published(), state_tables=[STOCK, ADBOTS])
    await engine.start()
    yield engine
    await engine.stop()


async def extend_without_stock(unit: UnitOfWork) -> None:
    """Have the first adbot, which lost its seats, wait for new ones."""
    for session in SESSIONS[:2]:
        await unit.execute(SESSION, session, Lose(SessionLoss.BANNED, "USER_DEACTIVATED_BAN", unit.at))
        await unit.execute(ADBOT, FIRST, LoseSeat(session, SessionLoss.BANNED, unit.at))
    await unit.execute(ADBOT, FIRST, Expire(unit.at))
    await extend(FIRST, Extend(3, "an outage", unit.at), unit, chooser(7))


async def stock_without_a_look(unit: UnitOfWork) -> None:
    """Stock two sessions without looking who waits."""
    for session in SESSIONS[2:4]:
        await unit.execute(SESSION, session, Stock(session, 1, "+49…42", None, unit.at))


async def release_without_a_look(unit: UnitOfWork) -> None:
    """Release the first adbot's sessions without looking who waits."""
    await unit.execute(ADBOT, FIRST, Expire(unit.at))
    await release(FIRST, ReleaseSeats(DAY, unit.at), unit)
