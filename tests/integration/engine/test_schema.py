"""Making the engine's tables: once, and never in the way of those who append."""

import asyncio

from libs.eventsourcing.store.connections import connect
from libs.eventsourcing.store.schema import make_schema


async def test_tables_that_stand_already_are_made_again_by_nobody(empty_database: str) -> None:
    first, appender, second = [await connect(empty_database) for _ in range(3)]
    await make_schema(first)
    async with appender.transaction():
        await appender.execute("lock table engine.events in row exclusive mode")
        await asyncio.wait_for(make_schema(second), timeout=20)  # sooner than the server ends the other one
    for connection in (first, appender, second):
        await connection.close()


async def test_many_processes_may_start_at_once(empty_database: str) -> None:
    connections = [await connect(empty_database) for _ in range(8)]
    await asyncio.gather(*(make_schema(connection) for connection in connections))
    assert await connections[0].fetchval("select count(*) from engine.made") == 1
    for connection in connections:
        await connection.close()


async def test_other_statements_are_carried_out_again(database: str) -> None:
    connection = await connect(database)
    await make_schema(connection)
    await connection.execute("drop table engine.parked; update engine.made set digest = 'an older one'")
    await make_schema(connection)
    assert await connection.fetchval("select to_regclass('engine.parked') is not null")
    await connection.close()
