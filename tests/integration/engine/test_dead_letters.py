"""Dead letters, retried or dropped by an operator while the reader runs."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest_asyncio

from libs.eventsourcing import Causes, Engine, EventStream, Reactions, Reader, Relay, UnitOfWork
from libs.eventsourcing.readers.dead_letters import drop, list_dead_letters, request_retry, retry_is_requested
from tests.integration.engine.meters import ECHO, Echo, MeterTurned, turn
from tests.integration.engine.waiting import running
from tests.support.waiting import until

ME = Causes.first("test")


@dataclass
class FailingReader:
    """A reader that echoes turns, but fails on some of them."""

    engine: Engine
    stream: EventStream
    fails_on: set[tuple[str, int]] = field(default_factory=set[tuple[str, int]])

    def reader(self) -> Reader:
        reactions = Reactions()

        @reactions.to(MeterTurned)
        async def hear(event: MeterTurned, unit: UnitOfWork) -> None:
            await unit.execute(ECHO, event.meter, Echo(event.meter, event.number))
            if (event.meter, event.number) in self.fails_on:
                raise ValueError(f"can't hear {event.number}")

        del hear
        return Reader("echo", self.engine, self.stream, reactions=reactions)

    async def handled(self, meter: str) -> list[int]:
        rows = await self.engine.query(
            lambda sql: sql.fetch("select number from echoes where meter = $1 order by place", meter)
        )
        return [row["number"] for row in rows]

    async def dead_letters(self) -> list[tuple[str, int]]:
        async with self.engine.pool.acquire() as connection:
            return [
                (one.source_stream.stream, one.envelope.version)
                for one in await list_dead_letters(connection)
            ]

    async def until_dead_letters(self, count: int) -> None:
        async def so_many() -> bool:
            return len(await self.dead_letters()) == count

        await until(so_many)

    async def retry_all(self) -> None:
        """Request a retry of all dead letters, and wait until it was done."""
        async with self.engine.pool.acquire() as connection:
            places = {one.source_stream for one in await list_dead_letters(connection)}
            for place in places:
                await request_retry(connection, "echo", place)

            async def answered() -> bool:
                return not any([await retry_is_requested(connection, "echo", place) for place in places])

            await until(answered)


@pytest_asyncio.fixture(loop_scope="session")
async def reader(engine: Engine, stream: EventStream) -> AsyncIterator[FailingReader]:
    """A reader that fails on the second turn of the bad meter, of which three turns become dead letters."""
    reader = FailingReader(engine, stream, {("bad", 2)})
    async with running(Relay(engine, stream).run, reader.reader().run):
        await engine.run(turn("bad", 4), ME)
        await engine.run(turn("good", 2), ME)
        await reader.until_dead_letters(3)
        yield reader


async def test_a_retry_handles_the_stream_in_order_and_it_goes_on(reader: FailingReader) -> None:
    reader.fails_on.clear()
    await reader.retry_all()
    assert await reader.handled("bad") == [1, 2, 3, 4]
    assert await reader.dead_letters() == []
    await reader.engine.run(turn("bad"), ME)

    async def caught_up() -> bool:
        return await reader.handled("bad") == [1, 2, 3, 4, 5]

    await until(caught_up)
    assert await reader.dead_letters() == []
    assert await reader.handled("good") == [1, 2]


async def test_what_fails_again_stays_a_dead_letter_and_leaves_nothing_behind(reader: FailingReader) -> None:
    await reader.retry_all()
    assert await reader.handled("bad") == [1]
    assert await reader.dead_letters() == [("meter-bad", 2), ("meter-bad", 3), ("meter-bad", 4)]
    reader.fails_on = {("bad", 4)}
    await reader.retry_all()
    assert await reader.handled("bad") == [1, 2, 3]
    assert await reader.dead_letters() == [("meter-bad", 4)]


async def test_a_retry_repeats_nothing_that_was_done(reader: FailingReader) -> None:
    reader.fails_on.clear()
    for _ in range(5):
        await reader.retry_all()
    assert await reader.handled("bad") == [1, 2, 3, 4]


async def test_a_dropped_event_is_left_out_and_the_rest_goes_on(reader: FailingReader) -> None:
    async with reader.engine.pool.acquire() as connection:
        first = (await list_dead_letters(connection))[0]
        assert await drop(connection, [first]) == 1
        assert await drop(connection, [first]) == 0
    await reader.until_dead_letters(0)
    assert await reader.handled("bad") == [1, 3, 4]


async def test_what_was_given_up_stays_given_up_when_the_reader_begins_anew(
    engine: Engine, stream: EventStream
) -> None:
    reader = FailingReader(engine, stream, {("bad", 2)})
    async with running(Relay(engine, stream).run):
        async with running(reader.reader().run):
            await engine.run(turn("bad", 2), ME)
            await reader.until_dead_letters(1)
            async with engine.pool.acquire() as connection:
                await drop(connection, await list_dead_letters(connection))
        reader.fails_on.clear()  # the handler is mended meanwhile
        await engine.query(lambda sql: sql.execute("delete from engine.checkpoints where reader = 'echo'"))
        await engine.query(lambda sql: sql.execute("delete from engine.bookmarks where reader = 'echo'"))
        async with running(reader.reader().run):
            await engine.run(turn("good"), ME)

            async def came_by() -> bool:
                return await reader.handled("good") == [1]

            await until(came_by)
    assert 2 not in await reader.handled("bad")


async def test_several_are_given_up_at_once(reader: FailingReader) -> None:
    async with reader.engine.pool.acquire() as connection:
        assert await drop(connection, await list_dead_letters(connection)) == 3
    await reader.engine.run(turn("bad"), ME)

    async def caught_up() -> bool:
        return await reader.handled("bad") == [1, 5]

    await until(caught_up)


async def test_a_stopped_reader_does_what_it_was_asked_for_when_it_comes_back(
    engine: Engine, stream: EventStream
) -> None:
    reader = FailingReader(engine, stream, {("bad", 1)})
    async with running(Relay(engine, stream).run):
        async with running(reader.reader().run):
            await engine.run(turn("bad", 2), ME)
            await reader.until_dead_letters(2)
        async with engine.pool.acquire() as connection:
            await request_retry(connection, "echo", (await list_dead_letters(connection))[0].source_stream)
        reader.fails_on.clear()
        async with running(reader.reader().run):
            await reader.until_dead_letters(0)
            assert await reader.handled("bad") == [1, 2]


async def test_two_readers_that_each_think_they_are_the_one_retry_once(reader: FailingReader) -> None:
    reader.fails_on.clear()
    second = reader.reader()
    async with reader.engine.pool.acquire() as connection:
        for one in await list_dead_letters(connection):
            await request_retry(connection, "echo", one.source_stream)
    other = await reader.engine.connect()
    try:
        await second._handling.retry(other)  # pyright: ignore[reportPrivateUsage] - without its lock
    finally:
        await other.close()
    await reader.until_dead_letters(0)
    assert await reader.handled("bad") == [1, 2, 3, 4]
