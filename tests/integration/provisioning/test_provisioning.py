"""From paid orders and imported sessions to adbots, on real servers."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from libs.events.catalogue import published
from libs.events.provisioning import (
    AdbotExpired,
    AdbotExtended,
    AdbotProvisioned,
    ApiPairAdded,
    SeatsAwaited,
    SessionAssigned,
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
from tests.integration.provisioning.harness import FakeService, ServiceHarness
from tests.integration.provisioning.publishing import (
    ORDERS,
    PAIR_A,
    PAIR_B,
    SESSIONS,
    import_pair,
    paid,
    pay,
    plan,
    service,
    stock_up,
)


async def test_a_paid_order_becomes_an_adbot_with_the_oldest_sessions(
    harness: ServiceHarness, billing: FakeService, forwarder: FakeService
) -> None:
    async with service(harness):
        await import_pair(forwarder)
        await stock_up(harness, forwarder, *SESSIONS[:3])
        causes = await pay(billing, ORDERS[0])
        (adbot,) = await harness.wait_for(AdbotProvisioned)
        recorded = await harness.recorded()
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


async def test_payments_reported_three_times_and_read_again_make_one_adbot_and_one_renewal(
    harness: ServiceHarness, billing: FakeService, forwarder: FakeService
) -> None:
    finished, renewal = paid(ORDERS[0]), paid(ORDERS[2], renews=adbot_of(ORDERS[0]))
    async with service(harness):
        await import_pair(forwarder)
        await stock_up(harness, forwarder, *SESSIONS[:6])
        for _ in range(3):
            await billing.publish(f"order-{ORDERS[0]}", finished)
        await billing.publish(f"order-{ORDERS[2]}", *[renewal] * 3)
        await harness.wait_for(AdbotExtended)
    await harness.execute("delete from engine.checkpoints; delete from engine.bookmarks")
    async with service(harness):
        await pay(billing, ORDERS[1])
        adbots = await harness.wait_for(AdbotProvisioned, 2)
    assert [adbot.order for adbot in adbots] == ORDERS[:2]
    assert len(await harness.events_of(SessionAssigned)) == 4
    assert len(await harness.events_of(SessionStocked)) == 6
    assert len(await harness.events_of(ApiPairAdded)) == 1
    assert [it.order for it in await harness.events_of(AdbotExtended)] == [ORDERS[2]]
    assert await harness.events_of(SeatsAwaited) == []
    assert await harness.dead_letters() == []


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


async def test_adbots_expire_at_their_end_and_also_when_it_came_while_the_service_was_down(
    harness: ServiceHarness,
) -> None:
    engine = Engine("provisioning", harness.database, published(), state_tables=[STOCK, ADBOTS])
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
    async with service(harness):
        expired = await harness.wait_for(AdbotExpired, 2)
        recorded = [it for it in await harness.recorded() if isinstance(it.event, AdbotExpired)]
    assert [it.adbot for it in expired] == [adbot_of(order) for order in ORDERS[:2]]
    assert {it.envelope.correlation_id for it in recorded} == {causes.correlation_id}
    end = await harness.value("select valid_until from adbots.adbots where adbot = $1", expired[1].adbot)
    assert end <= recorded[1].at <= datetime.now(UTC)
