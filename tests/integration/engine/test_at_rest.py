"""What wakes a loop that has nothing to do, when all polls come too late."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from functools import partial

import asyncpg
import pytest
import pytest_asyncio
from nats.js.errors import NotFoundError

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from libs.chassis.broker import connect_nats
from libs.eventsourcing import Causes, Engine, EventStream, Reactions, Reader, Relay, Scope, Sql, UnitOfWork
from libs.eventsourcing.background import Alarm, Timer
from libs.eventsourcing.readers import reader as reading
from libs.eventsourcing.readers.handling import Handling
from libs.eventsourcing.relaying import relay as relaying
from libs.eventsourcing.store import connections
from libs.eventsourcing.store.connections import connect, hold_lock
from libs.eventsourcing.store.postgres import PostgresStore
from libs.eventsourcing.values import Cursor, Envelope
from libs.eventsourcing.writing import durable_effect
from tests.integration.engine.broker import published_up_to, stream_matches_store
from tests.integration.engine.meters import CATALOGUE, MeterTurned, echoes_table, meters_table, turn
from tests.integration.engine.waiting import running
from tests.support.waiting import until

ME = Causes.first("test")
NEVER = 3600.0


@pytest.fixture(autouse=True)
def _no_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    for interval in ("POLL_SECONDS", "CHECK_SECONDS"):
        monkeypatch.setattr(relaying, interval, NEVER)
    monkeypatch.setattr(durable_effect, "LONGEST_SLEEP_SECONDS", NEVER)


@pytest_asyncio.fixture(loop_scope="session")
async def replica(engine: Engine, database: str) -> AsyncIterator[Engine]:
    """A second process of the same service."""
    del engine  # it makes the tables
    replica = Engine("meters", database, CATALOGUE, state_tables=[meters_table(), echoes_table()])
    await replica.start()
    yield replica
    await replica.stop()


async def test_a_relay_publishes_what_another_process_announces(
    engine: Engine, replica: Engine, stream: EventStream
) -> None:
    relay = Relay(engine, stream)
    async with running(relay.run):
        await engine.run(turn("a"), ME)
        await until(lambda: stream_matches_store(engine, stream))
        done = await replica.run(turn("b"), ME)
        assert done.written is not None
        relay.note_commit(done.written)
        await until(lambda: stream_matches_store(engine, stream))
        await published_up_to(relay, done.written)


@pytest.fixture
def polls(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Awaitable[int]]:
    """Ask how often a relay has polled the store."""
    times = 0
    read = PostgresStore.read

    async def counted(self: PostgresStore, after: Cursor, limit: int) -> list[Envelope]:
        nonlocal times
        events = await read(self, after, limit)
        times += 1
        return events

    async def question() -> int:
        return times

    monkeypatch.setattr(PostgresStore, "read", counted)
    return question


async def test_a_relay_waits_for_another_process_s_event_that_is_held_back(
    engine: Engine,
    replica: Engine,
    stream: EventStream,
    database: str,
    polls: Callable[[], Awaitable[int]],
) -> None:
    relay = Relay(engine, stream)
    blocker = await connect(database)
    async with running(relay.run):
        await engine.run(turn("a"), ME)
        await until(lambda: stream_matches_store(engine, stream))
        transaction = blocker.transaction()
        await transaction.start()
        await blocker.execute("create table public.held_open (n integer)")
        done = await replica.run(turn("b"), ME)
        assert done.written is not None
        before = await polls()
        relay.note_commit(done.written)
        await until(polls, lambda now: now > before + 2)  # the wake-up alone makes one poll, or two
        await transaction.rollback()
        await until(lambda: stream_matches_store(engine, stream))
    await blocker.close()


async def test_a_relay_stops_looking_for_an_event_that_nobody_committed(
    engine: Engine,
    stream: EventStream,
    polls: Callable[[], Awaitable[int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relaying, "ANNOUNCED_SECONDS", 0.0)
    relay = Relay(engine, stream)
    async with running(relay.run):
        done = await engine.run(turn("a"), ME)
        await until(lambda: stream_matches_store(engine, stream))
        assert done.written is not None
        relay.note_commit(done.written._replace(xid=10**18))

        async def sleeps() -> bool:
            before = await polls()
            await asyncio.sleep(5 * relaying.SETTLE_SECONDS[1])  # looking for it, it would poll in between
            return await polls() == before

        await until(sleeps)


async def test_a_relay_fills_a_stream_that_is_gone_as_soon_as_it_is_connected_again(
    engine: Engine, own_nats: EmbeddedNats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relaying, "POLL_SECONDS", 0.05)
    client = await connect_nats(own_nats.url, "test")
    stream = EventStream(client)
    await stream.ensure()
    async with running(Relay(engine, stream).run):
        await engine.run(turn("a", 3), ME)
        await until(lambda: stream_matches_store(engine, stream))
        assert own_nats.pid is not None
        os.kill(own_nats.pid, signal.SIGKILL)
        await own_nats.wait()
        shutil.rmtree(own_nats.log.parent / "jetstream")
        await own_nats.start()

        async def filled() -> bool:
            try:
                return await stream_matches_store(engine, stream)
            except NotFoundError:
                return False

        await until(filled)
    await client.close()


async def test_a_timer_wakes_when_a_reader_or_another_process_has_changed_rows(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable_effect, "CHANGE_SECONDS", 0.05)
    looks = 0

    async def earliest(_: Sql) -> datetime | None:
        nonlocal looks
        looks += 1
        return None

    async def take(_: UnitOfWork) -> int:
        return 0

    async def looked(times: int) -> bool:
        return looks >= times

    async with running(Timer("none", engine, earliest=earliest, take=take).run):
        for times in range(1, 4):
            await until(partial(looked, times))
            engine.changed()


async def test_changes_at_the_same_time_wake_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable_effect, "CHANGE_SECONDS", NEVER)
    monkeypatch.setattr(durable_effect, "PACE_SECONDS", 0.0)
    alarm = Alarm(engine, shortest_seconds=0.0)
    engine.changed()
    await alarm.sleep(None)
    alarm.set_anew()
    engine.changed()  # too soon after the last one
    sleeping = asyncio.create_task(alarm.sleep(None))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not sleeping.done()
    alarm.ring()
    await sleeping


async def test_a_reader_wakes_timers(engine: Engine, stream: EventStream) -> None:
    handled = Reactions[None]()

    @handled.to(MeterTurned)
    async def note(_: MeterTurned, unit: UnitOfWork) -> None:
        del unit

    changed = asyncio.Event()
    engine.on_change(changed.set)
    reader = Reader("reactions", engine, stream, reactions=handled.bind(None))
    async with running(Relay(engine, stream).run, reader.run):
        await engine.run(turn("a"), ME)
        await asyncio.wait_for(changed.wait(), 30)


async def test_a_reader_without_dead_letters_looks_for_no_requests(
    engine: Engine, stream: EventStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "RETRY_LOOK_SECONDS", 0.0)
    monkeypatch.setattr(reading, "IDLE_LOOK_SECONDS", NEVER)
    looks = 0
    look = Handling.retry

    async def counted(self: Handling, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        nonlocal looks
        looks += 1
        await look(self, connection)

    monkeypatch.setattr(Handling, "retry", counted)
    reactions = Reactions[None]()

    @reactions.to(MeterTurned)
    async def note(_: MeterTurned, unit: UnitOfWork) -> None:
        del unit

    reader = Reader("reactions", engine, stream, reactions=reactions.bind(None))
    async with running(Relay(engine, stream).run, reader.run):
        for _ in range(3):
            done = await engine.run(turn("a"), ME)
            assert done.written is not None
            assert await reader.reached("meters", done.written, within_seconds=30)
    assert looks == 1, "at its start, for requests of before"


async def test_who_stands_by_gets_the_lock_when_its_holder_is_gone(
    database: str, postgres_server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "STANDBY_SECONDS", 0.05)
    holder, other, observer = [await connect(database) for _ in range(3)]
    await hold_lock(holder, "a lock")
    stood_by: list[str] = []
    waiting = asyncio.create_task(hold_lock(other, "a lock", waiting=lambda: stood_by.append("other")))
    begun: set[datetime] = set()

    async def several_times() -> bool:
        """Wait for several statements: none keeps its snapshot for ever."""
        begun.add(
            await observer.fetchval(
                "select query_start from pg_stat_activity where pid = $1", other.get_server_pid()
            )
        )
        return len(begun) > 3

    await until(several_times)
    assert not waiting.done()
    holder.terminate()
    await asyncio.wait_for(waiting, 30)
    assert stood_by == ["other"]
    assert not other.is_in_transaction()
    assert not await observer.fetchval("select pg_try_advisory_lock(hashtext('a lock'))")
    logged = "".join(log.read_text() for log in postgres_server.logs)
    assert f"[{other.get_server_pid()}] ERROR" not in logged, "standing by is no error"
    for one in (other, observer):
        await one.close()


async def test_a_command_s_outside_effect_wakes_who_waits_for_its_rows(engine: Engine) -> None:
    changed: list[str] = []
    engine.on_change(lambda: changed.append("rows"))
    scope = Scope(engine, ME)
    await scope.run(lambda unit: unit.flushed.execute("create table public.rows_of_an_effect ()"))
    assert changed == []
    scope.changed()
    assert changed == ["rows"]
