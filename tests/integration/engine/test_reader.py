"""From the stream to reactions, exactly once."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
import os
import random
from collections.abc import AsyncIterator

import pytest_asyncio

from libs.eventsourcing import Causes, Engine, EventStream, Reader, Relay
from libs.eventsourcing.errors import Transient
from libs.eventsourcing.readers.checkpoints import LostCheckpoint
from libs.eventsourcing.store.errors import postgres_errors
from libs.eventsourcing.stream.errors import broker_errors
from libs.eventsourcing.values import Cursor
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.engine.broker import stream_matches_store
from tests.integration.engine.meters import echoing, turn
from tests.integration.engine.waiting import running
from tests.support.process import started
from tests.support.waiting import until

ME = Causes.first("test")


async def echoes(engine: Engine) -> dict[str, list[int]]:
    """Return the numbers that were heard of each meter, in the order of their echoes."""
    rows = await engine.query(
        lambda sql: sql.fetch(
            "select meter, array_agg(number order by place) as heard from echoes group by meter"
        )
    )
    return {row["meter"]: row["heard"] for row in rows}


async def heard_once(engine: Engine, turns: dict[str, int]) -> None:
    """Return when every turn was echoed; fail if one was echoed twice or in another order."""
    wanted = {meter: list(range(1, count + 1)) for meter, count in turns.items()}

    async def all_there() -> bool:
        return sum(map(len, (await echoes(engine)).values())) >= sum(turns.values())

    await until(all_there)
    assert await echoes(engine) == wanted


@pytest_asyncio.fixture(loop_scope="session")
async def relayed(engine: Engine, stream: EventStream) -> AsyncIterator[EventStream]:
    """The stream, filled by a relay."""
    async with running(Relay(engine, stream).run):
        yield stream


def echo_reader(engine: Engine, stream: EventStream, batch: int = 50) -> Reader:
    return Reader("echo", engine, stream, reactions=echoing(), batch=batch)


async def test_every_event_is_reacted_to_once_and_in_order(engine: Engine, relayed: EventStream) -> None:
    reader = echo_reader(engine, relayed)
    async with running(reader.run):
        for _ in range(20):
            for meter in "abc":
                await engine.run(turn(meter, 2), ME)
        await heard_once(engine, dict.fromkeys("abc", 40))
    assert reader.lag == 0


async def test_a_reader_killed_at_any_moment_repeats_and_loses_nothing(
    engine: Engine, relayed: EventStream, database: str, nats_url: str, stream_prefix: str
) -> None:
    for meter in "abcdef":
        await engine.run(turn(meter, 150), ME)
    env = os.environ | {"TEST_DATABASE": database, "TEST_NATS": nats_url, "TEST_PREFIX": stream_prefix}
    few = {"TEST_TURNS": "250"}  # it has not come to the end, however late it is killed
    module = "tests.integration.engine.reader_process"
    heard = 0

    async def more() -> bool:
        return sum(map(len, (await echoes(engine)).values())) > heard

    for last in (False, False, False, True):
        process = await started(module, env if last else env | few)
        try:
            await until(more)
            if last:
                await heard_once(engine, dict.fromkeys("abcdef", 150))
            else:
                await asyncio.sleep(random.uniform(0, 0.1))
        finally:
            await process.killed()
        heard = sum(map(len, (await echoes(engine)).values()))
        assert last == (heard == 900), "killed in the middle of the work"
    assert relayed.name.startswith(stream_prefix)


async def begins(stream: EventStream) -> set[int | None]:
    """Return where the stream's consumers began."""
    consumers = await stream.nats.jetstream().consumers_info(stream.name)
    return {consumer.config.opt_start_seq for consumer in consumers}


async def test_events_that_come_again_are_not_repeated(engine: Engine, relayed: EventStream) -> None:
    await engine.run(turn("a", 30), ME)
    async with running(echo_reader(engine, relayed).run):
        await heard_once(engine, {"a": 30})
    await engine.query(lambda sql: sql.execute("delete from engine.bookmarks"))
    for consumer in await relayed.nats.jetstream().consumers_info(relayed.name):
        await relayed.nats.jetstream().delete_consumer(relayed.name, consumer.name)
    async with running(echo_reader(engine, relayed, batch=7).run):
        await engine.run(turn("a", 5), ME)
        await heard_once(engine, {"a": 35})
        assert await begins(relayed) == {1}
    assert await engine.query(lambda sql: sql.fetchval("select sequence from engine.bookmarks")) >= 35


async def test_a_reader_goes_on_where_it_stopped(engine: Engine, relayed: EventStream) -> None:
    await engine.run(turn("a", 30), ME)
    async with running(echo_reader(engine, relayed).run):
        await heard_once(engine, {"a": 30})
    stopped_at = await engine.query(lambda sql: sql.fetchval("select sequence from engine.bookmarks"))
    assert stopped_at >= 30
    await engine.run(turn("a", 5), ME)
    async with running(echo_reader(engine, relayed).run):
        await heard_once(engine, {"a": 35})
        assert max(begin or 0 for begin in await begins(relayed)) == stopped_at + 1


async def test_a_deleted_consumer_is_noticed(engine: Engine, relayed: EventStream) -> None:
    async with running(echo_reader(engine, relayed).run):
        await engine.run(turn("a", 3), ME)
        await heard_once(engine, {"a": 3})
        for consumer in await relayed.nats.jetstream().consumers_info(relayed.name):
            await relayed.nats.jetstream().delete_consumer(relayed.name, consumer.name)
        await engine.run(turn("a", 3), ME)
        await heard_once(engine, {"a": 6})


async def test_a_stream_made_anew_is_read_on_without_repeats(engine: Engine, relayed: EventStream) -> None:
    async with running(echo_reader(engine, relayed).run):
        await engine.run(turn("a", 40), ME)
        await heard_once(engine, {"a": 40})
        await relayed.nats.jetstream().delete_stream(relayed.name)
        await engine.run(turn("a", 3), ME)
        await heard_once(engine, {"a": 43})
    await until(lambda: stream_matches_store(engine, relayed))


async def test_a_place_in_another_stream_of_the_same_name_means_nothing(
    engine: Engine, relayed: EventStream
) -> None:
    jetstream = relayed.nats.jetstream()
    for _ in range(50):
        await jetstream.publish(f"{relayed.root}.others.MeterTurned.0", b"{}")
    await engine.run(turn("a", 3), ME)
    async with running(echo_reader(engine, relayed).run):
        await heard_once(engine, {"a": 3})
    assert await engine.query(lambda sql: sql.fetchval("select sequence from engine.bookmarks")) > 50
    await jetstream.delete_stream(relayed.name)
    await engine.run(turn("a", 3), ME)
    async with running(echo_reader(engine, relayed).run):
        await heard_once(engine, {"a": 6})


async def end_holder(engine: Engine, lock: str) -> int:
    """End the session that holds a lock; return how many did."""
    ended = await engine.query(
        lambda sql: sql.fetch(
            "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted "
            "and objid::bigint = hashtext($1)::bigint & x'ffffffff'::bigint "
            "and database = (select oid from pg_database where datname = current_database())",
            lock,
        )
    )
    return len(ended)


async def test_one_reader_of_a_name_is_active_and_another_takes_over(
    engine: Engine, relayed: EventStream
) -> None:
    readers = [echo_reader(engine, relayed, batch=5) for _ in range(2)]
    async with running(readers[0].run, readers[1].run):
        for round_ in range(1, 4):
            await engine.run(turn("a", 20), ME)
            await heard_once(engine, {"a": 20 * round_})
            assert await end_holder(engine, f"reader.{relayed.name}.echo") == 1


async def test_a_reader_that_only_thinks_it_is_active_is_refused(
    engine: Engine, relayed: EventStream
) -> None:
    refused: list[BaseException] = []

    async def unlocked() -> None:
        reader = echo_reader(engine, relayed, batch=3)
        while True:
            connection = await engine.connect()
            try:
                with postgres_errors(), broker_errors():
                    await reader._read(connection)  # pyright: ignore[reportPrivateUsage] - without its lock
            except Transient as trouble:
                refused.append(trouble)
            finally:
                await connection.close()

    turns = 0
    async with asyncio.timeout(DEADLINE_SECONDS), running(unlocked, unlocked):
        while turns < 100 or not any(isinstance(trouble, LostCheckpoint) for trouble in refused):
            await engine.run(turn("a", 5), ME)  # one reader may begin late
            turns += 5
        await heard_once(engine, {"a": turns})


async def test_it_is_told_how_far_a_reader_has_come(engine: Engine, relayed: EventStream) -> None:
    reader, elsewhere = echo_reader(engine, relayed), echo_reader(engine, relayed)
    done = await engine.run(turn("a"), ME)
    assert done.written is not None
    assert not await reader.reached("meters", done.written, 0.1)
    async with running(reader.run):
        assert await reader.reached("meters", done.written, 20)
        assert await elsewhere.reached("meters", done.written, 0)
        assert not await reader.reached("meters", Cursor(done.written.xid + 1_000_000, 1), 0.1)
        assert not await reader.reached("others", done.written, 0.1)
    assert await engine.checkpoint("echo", "meters") == done.written


async def test_a_reader_of_everything_comes_past_what_it_does_not_handle(
    engine: Engine, relayed: EventStream
) -> None:
    idle = Reader("idle", engine, relayed, everything=True)
    async with running(idle.run):
        done = await engine.run(turn("a", 3), ME)
        assert done.written is not None
        assert await idle.reached("meters", done.written, 20)


async def test_what_no_relay_wrote_is_passed_by(engine: Engine, relayed: EventStream) -> None:
    reader = Reader("echo", engine, relayed, reactions=echoing(), everything=True)
    async with running(reader.run):
        jetstream = relayed.nats.jetstream()
        for body in (b"nonsense", b"[]", b'{"id": 5}'):
            await jetstream.publish(f"{relayed.root}.strangers.MeterTurned.0", body)
        await engine.run(turn("a", 3), ME)
        await heard_once(engine, {"a": 3})
