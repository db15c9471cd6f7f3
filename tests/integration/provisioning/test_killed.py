"""Renewals and releases by a process that is killed in the middle."""

import os
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from libs.events.catalogue import published
from libs.events.provisioning import (
    AdbotExtended,
    AdbotProvisioned,
    SeatsReleased,
    SessionAssigned,
    SessionReleased,
)
from libs.events.values import AdbotId, SessionId
from libs.eventsourcing import Engine
from libs.eventsourcing.model.envelope import Recorded
from libs.eventsourcing.operations.verify_tables import verify_table
from libs.eventsourcing.store.connections import connect
from services.provisioning.adbot.domain import adbot_of
from services.provisioning.adbot.tables import ADBOTS
from services.provisioning.session.tables import STOCK
from tests.integration.provisioning.harness import FakeService, ServiceHarness
from tests.integration.provisioning.publishing import (
    ORDERS,
    SESSIONS,
    paid,
    pay,
    service,
    sold_before,
)
from tests.support.process import Process, killable
from tests.support.signing import KEYS
from tests.support.waiting import until

DAY = timedelta(days=1)
FIRST = adbot_of(ORDERS[0])


def provisioning(settings: dict[str, str], log: Path) -> AbstractAsyncContextManager[Process]:
    """The service as a process of its own, which is killed at the latest at the block's end."""
    told = {f"ADRELAY_PROVISIONING_{name.upper()}": value for name, value in settings.items()}
    return killable("services.provisioning", {"PATH": os.environ["PATH"], **KEYS, **told}, log)


def now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def held(harness: ServiceHarness, statement: str, *arguments: object) -> AsyncGenerator[None]:
    """Whoever wants to change what the statement locks has to wait."""
    connection = await connect(harness.database)
    try:
        async with connection.transaction():
            await connection.execute(statement, *arguments)
            yield
    finally:
        await connection.close()


async def stuck(harness: ServiceHarness) -> None:
    """Wait until someone wants to change what is held."""

    async def waiting() -> bool:
        found = await harness.value(
            "select exists (select from pg_stat_activity where datname = current_database() "
            "and wait_event_type = 'Lock' and wait_event in ('relation', 'tuple', 'transactionid'))"
        )
        return bool(found)

    await until(waiting, why="the service to be in the middle")


async def test_each_order_renews_once_though_the_process_is_killed_in_the_middle(
    harness: ServiceHarness, billing: FakeService, tmp_path: Path
) -> None:
    sold = await sold_before(harness, ORDERS[:4], now())
    orders = ORDERS[4:13]

    async def renew(some: list[str]) -> None:
        for order in some:
            renewal = paid(order, renews=sold[ORDERS.index(order) % 4].adbot)
            await billing.publish(f"order-{order}", renewal, renewal)

    for number in range(3):
        first, *others = orders[number::3]
        async with provisioning(harness.settings, tmp_path / f"{number}.log") as process:
            before = len(await harness.events_of(AdbotExtended))
            await renew([first])
            await harness.wait_for(AdbotExtended, before + 1)
            async with held(harness, "lock table adbots.adbots in share mode"):
                await renew(others)
                await stuck(harness)
                await process.killed()
    async with service(harness):
        await harness.wait_for(AdbotExtended, len(orders))
        await pay(billing, "HQADZ-20310504-LAST")
        await harness.wait_for(AdbotProvisioned, 5)
        extended = await harness.events_of(AdbotExtended)
    assert sorted(str(it.order) for it in extended) == sorted(orders)
    counts = Counter(it.adbot for it in extended)
    for adbot in sold:
        assert adbot.valid_until is not None
        end = await harness.value("select valid_until from adbots.adbots where adbot = $1", adbot.adbot)
        assert end == adbot.valid_until + counts[adbot.adbot] * DAY
    await check_tables(harness)


async def test_every_session_is_released_once_though_the_process_is_killed_in_the_middle(
    harness: ServiceHarness, billing: FakeService, tmp_path: Path
) -> None:
    sold = await sold_before(harness, ORDERS[:20], now() - 20 * DAY, seats=3)
    waiting = [f"HQADZ-20310505-WA{number:02}" for number in range(len(sold))]
    settings = {**harness.settings, "max_sessions_per_pair": "1000"}
    for number in (0, 45, 59):
        async with (
            held(harness, "select from stock.stock where session = $1 for update", SESSIONS[number]),
            provisioning(settings, tmp_path / f"{number}.log") as process,
        ):
            await stuck(harness)
            await process.killed()
    for order in waiting:
        await pay(billing, order, 3)
    async with service(harness, max_sessions_per_pair=1000):
        await harness.wait_for(SeatsReleased, len(sold))
        await harness.wait_for(AdbotProvisioned, len(sold) + len(waiting))

        async def all_seated() -> bool:
            return bool(await harness.value("select count(*) = 60 from adbots.seats"))

        await until(all_seated, why="every session to be on a waiting seat")
    assert Counter(it.adbot for it in await harness.events_of(SeatsReleased)) == {it.adbot: 1 for it in sold}
    check_holders(await harness.recorded(), {adbot_of(order) for order in waiting})
    await check_tables(harness)


def check_holders(history: list[Recorded], last: set[AdbotId]) -> None:
    """Fail unless every session had one adbot at a time, was released once, and is on one of the last."""
    holders: dict[SessionId, AdbotId | None] = {}
    released: Counter[SessionId] = Counter()
    for event in (it.event for it in history):
        if isinstance(event, SessionAssigned):
            assert holders.get(event.session) is None, "a session is on two adbots"
            holders[event.session] = event.adbot
        elif isinstance(event, SessionReleased):
            assert holders[event.session] == event.adbot
            holders[event.session] = None
            released[event.session] += 1
    assert released == Counter(SESSIONS[:60])
    assert Counter(holders.values()) == dict.fromkeys(last, 3)


async def check_tables(harness: ServiceHarness) -> None:
    """Fail unless the tables hold what a fresh fold of all events makes of them."""
    engine = Engine("provisioning", harness.database, published(), state_tables=[STOCK, ADBOTS])
    await engine.start()
    reports = [await verify_table(engine.tables, table) for table in (STOCK, ADBOTS)]
    await engine.stop()
    assert [report for report in reports if not report.sound] == []
