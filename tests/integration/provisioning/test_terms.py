"""Renewals that become dead letters, and concurrent transactions, on real servers."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from libs.events.catalogue import published
from libs.events.provisioning import (
    AdbotExtended,
    AdbotProvisioned,
    AdbotSuspended,
    SeatFilled,
    SeatsAwaited,
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
from tests.integration.provisioning.harness import FakeService, ServiceHarness
from tests.integration.provisioning.publishing import (
    ORDERS,
    SESSIONS,
    import_pair,
    paid,
    pay,
    refund,
    service,
    sold_before,
    stock_up,
)
from tests.support.waiting import until

DAY = timedelta(days=1)
FIRST = adbot_of(ORDERS[0])


def now() -> datetime:
    return datetime.now(UTC)


async def test_a_renewal_of_an_unknown_adbot_is_set_aside_with_its_reason_and_done_once_that_is_there(
    harness: ServiceHarness, billing: FakeService, forwarder: FakeService
) -> None:
    async with service(harness):
        await import_pair(forwarder)
        await stock_up(harness, forwarder, *SESSIONS[:4])
        await pay(billing, ORDERS[0], renews=adbot_of(ORDERS[1]))
        await refund(billing, ORDERS[0])
        (letter, _) = await until(
            harness.dead_letters, lambda found: len(found) == 2, why="both dead letters"
        )
        await pay(billing, ORDERS[1])
        (adbot,) = await harness.wait_for(AdbotProvisioned)
        assert await harness.events_of(AdbotExtended) == []
        await harness.retry(letter)
        (extended,) = await harness.wait_for(AdbotExtended)
        (suspended,) = await harness.wait_for(AdbotSuspended)
    assert letter.envelope.stream == f"order-{ORDERS[0]}"
    assert "unknown_adbot" in letter.error
    assert ORDERS[0] in letter.error
    assert extended.adbot == suspended.adbot == adbot.adbot
    assert await harness.dead_letters() == []


# -- what two transactions at once could not see of each other


async def test_whoever_waits_already_gets_what_is_there_before_an_order_that_is_paid_now(
    harness: ServiceHarness,
) -> None:
    await sold_before(harness, ORDERS[:1], now() - 20 * DAY)
    async with alone(harness) as engine:
        await engine.run(extend_without_stock, Causes.first("test"))
        await engine.run(stock_without_a_look, Causes.first("test"))
        order = paid(ORDERS[1], 1)
        await engine.run(lambda unit: provision(order, unit, chooser(7)), Causes.first("test"))
    filled = await harness.events_of(SeatFilled)
    assert [(it.adbot, it.seat.session) for it in filled] == [(FIRST, one) for one in SESSIONS[2:4]]
    assert (await harness.events_of(AdbotProvisioned))[1].seats == ()


async def test_stock_that_came_while_an_operator_revived_an_adbot_is_not_missed(
    harness: ServiceHarness,
) -> None:
    await sold_before(harness, ORDERS[:1], now() - 20 * DAY)
    async with alone(harness) as engine:
        await engine.run(extend_without_stock, Causes.first("test"))
        await engine.run(stock_without_a_look, Causes.first("test"))
    assert await harness.events_of(SeatsAwaited) == [SeatsAwaited(adbot=FIRST, missing=2)]
    assert await harness.events_of(SeatFilled) == []
    async with service(harness):
        filled = await harness.wait_for(SeatFilled, 2)
    assert {it.adbot for it in filled} == {FIRST}


async def test_sessions_that_are_released_while_an_order_finds_no_stock_are_not_missed(
    harness: ServiceHarness,
) -> None:
    await sold_before(harness, ORDERS[:1], now() - 20 * DAY)
    async with alone(harness) as engine:
        order = paid(ORDERS[1], 1)
        await engine.run(lambda unit: provision(order, unit, chooser(7)), Causes.first("test"))
        await engine.run(release_without_a_look, Causes.first("test"))
    assert await harness.events_of(SeatFilled) == []
    async with service(harness):
        (filled,) = await harness.wait_for(SeatFilled)
    assert (filled.adbot, filled.seat.session) == (adbot_of(ORDERS[1]), SESSIONS[0])


@asynccontextmanager
async def alone(harness: ServiceHarness) -> AsyncGenerator[Engine]:
    """Its store and tables, while no service runs."""
    engine = Engine("provisioning", harness.database, published(), state_tables=[STOCK, ADBOTS])
    await engine.start()
    yield engine
    await engine.stop()


async def extend_without_stock(unit: UnitOfWork) -> None:
    """Make the first adbot, which lost its seats, wait for new ones."""
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
