"""From paid orders and imported sessions to adbots, on real servers."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from libs.events.catalogue import published
from libs.events.provisioning import (
    AdbotExpired,
    AdbotProvisioned,
    ApiPairAdded,
    SeatFilled,
    SeatLost,
    SeatsAwaited,
    SessionAssigned,
    SessionLost,
    SessionStocked,
)
from libs.events.values import AccountId, Seat
from libs.eventsourcing import Causes, Engine, UnitOfWork
from services.provisioning.adbot.commands import Provision
from services.provisioning.adbot.domain import ADBOT, adbot_of
from services.provisioning.adbot.tables import ADBOTS
from services.provisioning.seating import chooser, provision
from services.provisioning.session.commands import Assign, Stock
from services.provisioning.session.domain import SESSION
from services.provisioning.session.tables import STOCK
from services.provisioning.telegram_application.commands import AddApplication
from services.provisioning.telegram_application.domain import APPLICATION
from tests.integration.provisioning.market import (
    ORDERS,
    PAIR_A,
    PAIR_B,
    SESSIONS,
    die,
    import_pair,
    import_session,
    paid,
    pay,
    plan,
    service,
    stock_up,
)
from tests.integration.provisioning.neighbours import Neighbour, World


async def test_a_paid_order_becomes_an_adbot_with_the_oldest_sessions(
    world: World, billing: Neighbour, forwarder: Neighbour
) -> None:
    async with service(world):
        await import_pair(forwarder)
        await stock_up(world, forwarder, *SESSIONS[:3])
        causes = await pay(billing, ORDERS[0])
        (adbot,) = await world.says(AdbotProvisioned)
        recorded = await world.recorded()
    assert adbot.adbot == adbot_of(ORDERS[0])
    assert [seat.session for seat in adbot.seats] == SESSIONS[:2]
    assert {seat.pair for seat in adbot.seats} == {PAIR_A}
    assert adbot.valid_from is not None
    assert adbot.valid_until == adbot.valid_from + timedelta(days=1)
    assigned = [it for it in recorded if isinstance(it.event, SessionAssigned)]
    assert [it.envelope.stream for it in assigned] == [f"session-{session}" for session in SESSIONS[:2]]
    assigned = [it for it in recorded if isinstance(it.event, SessionAssigned | AdbotProvisioned)]
    assert {it.envelope.correlation_id for it in assigned} == {causes.correlation_id}
    assert len({it.envelope.cursor.xid for it in assigned}) == 1, "assigned in several transactions"


async def test_a_payment_reported_five_times_and_read_again_makes_one_adbot(
    world: World, billing: Neighbour, forwarder: Neighbour
) -> None:
    finished = paid(ORDERS[0])
    async with service(world):
        await import_pair(forwarder)
        await stock_up(world, forwarder, *SESSIONS[:6])
        for _ in range(5):
            await billing.say(f"order-{ORDERS[0]}", finished)
        await world.says(AdbotProvisioned)
    await world.execute("delete from engine.checkpoints; delete from engine.bookmarks")
    async with service(world):
        await pay(billing, ORDERS[1])
        adbots = await world.says(AdbotProvisioned, 2)
    assert [adbot.order for adbot in adbots] == ORDERS[:2]
    assert len(await world.said(SessionAssigned)) == 4
    assert len(await world.said(SessionStocked)) == 6
    assert len(await world.said(ApiPairAdded)) == 1
    assert await world.value("select count(*) from engine.parked") == 0


async def test_orders_that_race_for_the_last_sessions_share_them_and_never_the_same(
    database: str,
) -> None:
    engine = Engine("provisioning", database, published(), state_tables=[STOCK, ADBOTS])
    await engine.start()

    async def stock(unit: UnitOfWork) -> None:
        for pair in (PAIR_A, PAIR_B):
            await unit.execute(APPLICATION, pair, AddApplication(pair, 17, unit.at))
        for session in SESSIONS[:7]:
            await unit.execute(SESSION, session, Stock(session, 1, "+49…42", None, unit.at))

    async def order(number: str) -> None:
        finished = paid(number, 2)

        await engine.run(lambda unit: provision(finished, unit, chooser(3)), Causes.first("test"))

    await engine.run(stock, Causes.first("test"))
    await asyncio.gather(*(order(number) for number in ORDERS[:5]))
    seats = await engine.query(lambda sql: sql.fetch("select session, adbot from seats"))
    pairs = await engine.query(lambda sql: sql.fetch("select assigned from pairs"))
    missing = await engine.query(lambda sql: sql.fetchval("select sum(missing) from adbots"))
    free = await engine.query(lambda sql: sql.fetchval("select count(*) from stock where status = 'UNUSED'"))
    await engine.stop()
    assert len(seats) == 6, "two pairs serve three sessions each"
    assert len({row["session"] for row in seats}) == 6
    assert [row["assigned"] for row in pairs] == [3, 3]
    assert (missing, free) == (4, 1)


async def test_arriving_stock_fills_waiting_seats_first_paid_first_served(
    world: World, billing: Neighbour, forwarder: Neighbour
) -> None:
    async with service(world):
        await import_pair(forwarder)
        await stock_up(world, forwarder, SESSIONS[0])
        first = await pay(billing, ORDERS[0])
        await world.says(AdbotProvisioned)
        second = await pay(billing, ORDERS[1], 1)
        await world.says(AdbotProvisioned, 2)
        await stock_up(world, forwarder, *SESSIONS[1:3])
        filled = await world.says(SeatFilled, 2)
        provisioned = await world.said(AdbotProvisioned)
        recorded = await world.recorded()
    assert await world.said(SeatsAwaited) == [
        SeatsAwaited(adbot=adbot_of(ORDERS[0]), missing=1),
        SeatsAwaited(adbot=adbot_of(ORDERS[1]), missing=1),
    ]
    assert [(it.adbot, it.seat.session) for it in filled] == [
        (adbot_of(ORDERS[0]), SESSIONS[1]),
        (adbot_of(ORDERS[1]), SESSIONS[2]),
    ]
    assert provisioned[1].valid_from is None
    assert filled[0].valid_from == provisioned[0].valid_from, "validity began with the first seat"
    assert filled[1].valid_until == filled[1].valid_from + timedelta(days=1)
    correlation_ids = [it.envelope.correlation_id for it in recorded if isinstance(it.event, SeatFilled)]
    assert correlation_ids == [first.correlation_id, second.correlation_id]


async def test_a_pair_serves_no_more_sessions_than_allowed_and_another_one_helps(
    world: World, billing: Neighbour, forwarder: Neighbour
) -> None:
    async with service(world, max_sessions_per_pair=2):
        await import_pair(forwarder)
        await stock_up(world, forwarder, *SESSIONS[:3])
        await pay(billing, ORDERS[0], 3)
        await world.says(SeatsAwaited)
        await import_pair(forwarder, PAIR_B)
        (filled,) = await world.says(SeatFilled)
    assert filled.seat.pair == PAIR_B


async def test_a_session_keeps_its_own_pair_and_others_get_the_least_used(
    world: World, billing: Neighbour, forwarder: Neighbour
) -> None:
    async with service(world):
        await import_pair(forwarder, PAIR_A)
        await import_pair(forwarder, PAIR_B)
        await import_session(forwarder, SESSIONS[0], PAIR_B)
        await import_session(forwarder, SESSIONS[1], PAIR_B)
        await world.says(SessionStocked, 2)
        await stock_up(world, forwarder, *SESSIONS[2:5])
        await pay(billing, ORDERS[0], 5)
        (adbot,) = await world.says(AdbotProvisioned)
    assert [seat.session for seat in adbot.seats] == SESSIONS[:5]
    assert [seat.pair for seat in adbot.seats] == [PAIR_B, PAIR_B, PAIR_A, PAIR_A, PAIR_A]


async def test_a_dead_session_is_replaced_from_stock_and_else_its_seat_waits(
    world: World, billing: Neighbour, forwarder: Neighbour
) -> None:
    async with service(world):
        await import_pair(forwarder)
        await stock_up(world, forwarder, *SESSIONS[:3])
        await pay(billing, ORDERS[0])
        (adbot,) = await world.says(AdbotProvisioned)
        await die(forwarder, SESSIONS[0])
        (replaced,) = await world.says(SeatFilled)
        await die(forwarder, SESSIONS[1])
        await world.says(SeatLost, 2)
        assert len(await world.said(SeatFilled)) == 1
        await stock_up(world, forwarder, SESSIONS[3])
        filled = await world.says(SeatFilled, 2)
    assert replaced.seat.session == SESSIONS[2]
    assert filled[1].seat.session == SESSIONS[3]
    assert filled[1].valid_until == adbot.valid_until
    lost = await world.said(SessionLost)
    assert [(it.session, it.adbot) for it in lost] == [(id_, adbot.adbot) for id_ in SESSIONS[:2]]


async def test_a_session_that_dies_in_stock_is_not_sold(
    world: World, billing: Neighbour, forwarder: Neighbour
) -> None:
    async with service(world):
        await import_pair(forwarder)
        await stock_up(world, forwarder, *SESSIONS[:2])
        await die(forwarder, SESSIONS[0])
        await die(forwarder, SESSIONS[0])
        await world.says(SessionLost)
        await pay(billing, ORDERS[0])
        (adbot,) = await world.says(AdbotProvisioned)
    assert [seat.session for seat in adbot.seats] == [SESSIONS[1]]
    assert len(await world.said(SessionLost)) == 1
    assert await world.said(SeatLost) == []


async def test_adbots_expire_at_their_end_and_also_when_it_came_while_the_service_was_down(
    world: World,
) -> None:
    engine = Engine("provisioning", world.database, published(), state_tables=[STOCK, ADBOTS])
    await engine.start()
    causes = Causes.first("test")
    ends = [timedelta(hours=-1), timedelta(seconds=1.5), timedelta(hours=1)]

    async def work(unit: UnitOfWork) -> None:
        await unit.execute(APPLICATION, PAIR_A, AddApplication(PAIR_A, 17, unit.at))
        for order, session, end in zip(ORDERS, SESSIONS, ends, strict=False):
            await unit.execute(SESSION, session, Stock(session, 1, "+49…42", None, unit.at))
            seat = Seat(session=session, pair=PAIR_A)
            begun = unit.at - timedelta(days=1) + end
            command = Provision(adbot_of(order), order, AccountId(uuid4()), plan(1), (seat,), begun)
            await unit.execute(SESSION, session, Assign(command.adbot, seat.pair, unit.at))
            await unit.execute(ADBOT, command.adbot, command)

    await engine.run(work, causes)
    await engine.stop()
    async with service(world):
        expired = await world.says(AdbotExpired, 2)
        recorded = [it for it in await world.recorded() if isinstance(it.event, AdbotExpired)]
    assert [it.adbot for it in expired] == [adbot_of(order) for order in ORDERS[:2]]
    assert {it.envelope.correlation_id for it in recorded} == {causes.correlation_id}
    end = await world.value("select valid_until from adbots.adbots where adbot = $1", expired[1].adbot)
    assert end <= recorded[1].at <= datetime.now(UTC)
