"""Reading in order while writers race."""

import asyncio
import random
from collections import defaultdict

from libs.eventsourcing import Causes, Engine, UnitOfWork
from libs.eventsourcing.store.postgres import PostgresStore
from libs.eventsourcing.values import START, Cursor, Envelope
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.engine.meters import CATALOGUE, METER, Turn

ME = Causes.first("test")


async def read_on(engine: Engine, cursor: Cursor) -> list[Envelope]:
    async with engine.pool.acquire() as connection:
        return await PostgresStore(connection, CATALOGUE).read(cursor, 7)


async def make_other_table(engine: Engine) -> None:
    await engine.query(lambda sql: sql.execute("create table public.other (n integer)"))


async def test_an_event_is_hidden_while_an_older_transaction_may_still_write(engine: Engine) -> None:
    await make_other_table(engine)
    has_xid, may_go_on = asyncio.Event(), asyncio.Event()

    async def slow(unit: UnitOfWork) -> None:
        await unit.flushed.execute("insert into public.other values (1)")
        has_xid.set()
        await may_go_on.wait()
        await unit.execute(METER, "slow", Turn("slow"))

    writer = asyncio.create_task(engine.run(slow, ME))
    await has_xid.wait()
    await engine.run(lambda unit: unit.execute(METER, "quick", Turn("quick")), ME)
    assert await read_on(engine, START) == []
    may_go_on.set()
    await writer
    assert [envelope.stream for envelope in await read_on(engine, START)] == ["meter-slow", "meter-quick"]


async def test_a_stream_keeps_its_order_although_its_second_writer_was_there_first(engine: Engine) -> None:
    await make_other_table(engine)
    has_xid, may_go_on = asyncio.Event(), asyncio.Event()

    async def slow(unit: UnitOfWork) -> None:
        await unit.flushed.execute("insert into public.other values (1)")
        has_xid.set()
        await may_go_on.wait()
        await unit.execute(METER, "a", Turn("a"))

    writer = asyncio.create_task(engine.run(slow, ME))
    await has_xid.wait()
    await engine.run(lambda unit: unit.execute(METER, "a", Turn("a")), ME)
    may_go_on.set()
    await writer
    assert [envelope.version for envelope in await read_on(engine, START)] == [1, 2]


async def write_meanwhile(engine: Engine) -> None:
    """Write with pauses before and after, sometimes with a transaction id that is older than the event."""

    async def work(unit: UnitOfWork) -> None:
        mine = f"m{random.randrange(24)}"
        if random.random() < 0.5:
            await unit.flushed.execute("insert into public.other values (1)")
        if random.random() < 0.3:
            await asyncio.sleep(random.random() * 0.004)
        await unit.execute(METER, mine, Turn(mine, random.randint(1, 2)))
        if random.random() < 0.3:
            await asyncio.sleep(random.random() * 0.004)

    for _ in range(25):
        await engine.run(work, ME)


async def test_a_reader_loses_nothing_in_a_race_of_writers(engine: Engine) -> None:
    await make_other_table(engine)
    writing = True
    seen: list[Envelope] = []

    async def read() -> None:
        while True:
            finished = not writing
            page = await read_on(engine, seen[-1].cursor if seen else START)
            seen.extend(page)
            if not page and finished:
                return
            await asyncio.sleep(0.001)

    reader = asyncio.create_task(read())
    await asyncio.gather(*(write_meanwhile(engine) for _ in range(10)))
    writing = False
    await asyncio.wait_for(reader, DEADLINE_SECONDS)
    stored = await engine.query(lambda sql: sql.fetch("select id from engine.events"))
    assert {envelope.id for envelope in seen} == {row["id"] for row in stored}
    assert len(seen) == len(stored)
    versions: dict[str, list[int]] = defaultdict(list)
    for envelope in seen:
        versions[envelope.stream].append(envelope.version)
    for found in versions.values():
        assert found == list(range(1, len(found) + 1))
