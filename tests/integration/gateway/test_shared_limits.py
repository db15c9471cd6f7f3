"""Limits that two gateways share through their database."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from pydantic import SecretStr

from libs.events.catalogue import published
from libs.eventsourcing import Engine
from services.gateway.api.requests import counters
from services.gateway.api.requests.counters import Counters
from services.gateway.api.requests.penalties import Penalties
from services.gateway.api.requests.problems import Denied
from services.gateway.api.requests.shared_limits import SharedLimit
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.gateway.harness import PEPPER
from tests.support.clock import Clock
from tests.support.engines import started

KEY = "anna@example.com"


@dataclass(frozen=True)
class Replicas:
    """The counters of two processes with one database."""

    engine: Engine
    one: Counters
    other: Counters

    async def rows(self) -> list[bytes]:
        rows = await self.engine.query(lambda sql: sql.fetch("select key from limits.counters"))
        return [row["key"] for row in rows]


@pytest_asyncio.fixture(loop_scope="session")
async def replicas(database: str) -> AsyncIterator[Replicas]:
    """Yield two processes' counters in a fresh database."""
    async with started(Engine("gateway", database, published())) as engine:
        found = Replicas(engine, *(Counters(engine, SecretStr(PEPPER)) for _ in range(2)))
        await found.one.make_tables()
        await found.other.make_tables()
        yield found


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a slow database count too."""
    monkeypatch.setattr(counters, "_PATIENCE_SECONDS", DEADLINE_SECONDS)


async def taken(limit: SharedLimit, times: int) -> int:
    """Return how many of these calls pass."""
    passed = 0
    for _ in range(times):
        try:
            await limit.take(KEY)
        except Denied:
            continue
        passed += 1
    return passed


async def test_two_processes_let_pass_together_what_one_may(replicas: Replicas) -> None:
    one, other = SharedLimit("l", 10, replicas.one), SharedLimit("l", 10, replicas.other)
    passed = await asyncio.gather(*(taken(limit, 5) for limit in (one, other) * 3))
    assert sum(passed) == 10
    with pytest.raises(Denied) as denied:
        await other.take(KEY)
    assert denied.value.status == 429
    assert 0 < int(denied.value.headers["Retry-After"]) <= 60


async def test_other_limits_and_callers_are_counted_apart(replicas: Replicas) -> None:
    one, other = SharedLimit("l", 1, replicas.one), SharedLimit("m", 1, replicas.other)
    await one.take(KEY)
    await other.take(KEY)
    await SharedLimit("l", 1, replicas.other).take("bert@example.com")
    with pytest.raises(Denied):
        await SharedLimit("l", 1, replicas.other).take(KEY)


async def test_a_frequent_limit_costs_few_statements_and_lets_few_too_many_pass(replicas: Replicas) -> None:
    limits = [
        SharedLimit("f", 500, found, window_seconds=3600.0, frequent=True)
        for found in (replicas.one, replicas.other)
    ]
    assert await taken(limits[0], 4) == 4
    assert await replicas.rows() == [], "the first calls of a caller are not counted in the database"
    passed = 4 + await taken(limits[0], 300) + await taken(limits[1], 400)
    assert 500 <= passed <= 500 + 2 * 2 * 5


async def test_a_window_that_ended_is_swept_and_its_calls_are_forgotten(replicas: Replicas) -> None:
    limit = SharedLimit("l", 1, replicas.one, window_seconds=0.05)
    await limit.take(KEY)
    assert len(await replicas.rows()) == 1
    await asyncio.sleep(0.06)
    await limit.take(KEY)
    await asyncio.sleep(0.06)
    assert await replicas.one.sweep() == 60
    assert await replicas.rows() == []


async def test_the_table_holds_no_address(replicas: Replicas) -> None:
    await SharedLimit("l", 1, replicas.one).take(KEY)
    (key,) = await replicas.rows()
    assert len(key) == 16
    other_secret = Counters(replicas.engine, SecretStr(PEPPER[::-1]))
    await SharedLimit("l", 1, other_secret).take(KEY)
    assert len(await replicas.rows()) == 2


async def test_without_the_database_each_process_limits_alone_and_does_not_ask_again_at_once(
    replicas: Replicas,
) -> None:
    clock = Clock()
    found = Counters(replicas.engine, SecretStr(PEPPER), clock=clock)
    limit = SharedLimit("l", 3, found)
    await replicas.engine.query(lambda sql: sql.execute("alter table limits.counters rename to away"))
    assert await taken(limit, 5) == 3
    await replicas.engine.query(lambda sql: sql.execute("alter table limits.away rename to counters"))
    assert await found.add([KEY], 1, 60.0) is None, "it rests"
    clock.now += 1
    counts = await found.add([KEY], 1, 60.0)
    assert counts is not None
    assert counts[0].calls == 1


async def test_failures_are_counted_by_all_processes_together(replicas: Replicas) -> None:
    clock = Clock()
    one, other = (Penalties("p", found, clock=clock) for found in (replicas.one, replicas.other))
    for _ in range(6):
        one.check("192.0.2.1", "c00002/24")
        await one.fail("192.0.2.1", "c00002/24")
    with pytest.raises(Denied):
        one.check("192.0.2.1", "c00002/24")
    other.check("192.0.2.1", "c00002/24")
    await other.fail("192.0.2.1", "c00002/24")
    with pytest.raises(Denied) as denied:
        other.check("192.0.2.1", "c00002/24")
    assert denied.value.headers["Retry-After"] == "2", "after the seventh failure"
