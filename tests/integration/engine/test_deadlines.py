"""Whoever waits for an answer does not wait for the database without a limit."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from libs.eventsourcing import Causes, Engine, Sql
from libs.eventsourcing.errors import Transient
from libs.eventsourcing.hosting import database_deadline
from tests.deadlines import DEADLINE_SECONDS
from tests.support.waiting import until

CAUSES = Causes.first("service:tests")
SECONDS = 0.2
SLEEPING = "select count(*) from pg_stat_activity where query = 'select pg_sleep(600)' and state = 'active'"


async def sleep(sql: Sql) -> None:
    await sql.fetchval("select pg_sleep(600)")


WAYS: list[Callable[[Engine], Awaitable[object]]] = [
    lambda engine: engine.query(sleep),
    lambda engine: engine.view(sleep),
    lambda engine: engine.run(lambda unit: sleep(unit.unflushed), CAUSES),
    lambda engine: engine.run(lambda unit: sleep(unit.unflushed), CAUSES, grouped=True),
]


@pytest.mark.parametrize("way", WAYS)
async def test_a_statement_that_takes_too_long_is_cancelled_and_its_connection_used_again(
    engine: Engine, way: Callable[[Engine], Awaitable[object]]
) -> None:
    size = engine.pool.get_max_size()
    async with asyncio.timeout(DEADLINE_SECONDS):
        with database_deadline(SECONDS):
            found = await asyncio.gather(*(way(engine) for _ in range(2 * size)), return_exceptions=True)
        assert all(isinstance(one, Transient) for one in found)

        async def ended() -> bool:
            return bool(await engine.query(lambda sql: sql.fetchval(SLEEPING)) == 0)

        await until(ended)


async def test_a_deadline_is_one_of_its_context(engine: Engine) -> None:
    async def short(sql: Sql) -> int:
        return int(await sql.fetchval("select 1 from pg_sleep($1)", 2 * SECONDS))

    with database_deadline(SECONDS):
        begun = asyncio.create_task(engine.query(short))
        with pytest.raises(Transient):
            await begun
    assert await engine.query(short) == 1
