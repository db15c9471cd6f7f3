"""From the store to the stream."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from nats.aio.client import Client

from libs.eventsourcing import Causes, Engine, EventStream, Relay
from libs.eventsourcing.errors import Transient
from libs.eventsourcing.relaying.relay import MAX_BATCH_BYTES
from libs.eventsourcing.store.connections import connect
from libs.eventsourcing.store.errors import postgres_errors
from libs.eventsourcing.stream.errors import broker_errors
from libs.eventsourcing.stream.publishing import ATOMIC_FROM, FencedOut, Published, PublishFailed
from libs.eventsourcing.values import Cursor, Envelope
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.engine.broker import (
    events_in_store,
    events_on_stream,
    ids_in_store,
    ids_on_stream,
    published_up_to,
    stream_matches_store,
)
from tests.integration.engine.meters import turn
from tests.integration.engine.waiting import running
from tests.support.waiting import until

ME = Causes.first("test")


async def write_some(engine: Engine, count: int, meters: int = 5) -> None:
    for number in range(count):
        await engine.run(turn(f"m{number % meters}"), ME)


async def batch_ids(stream: EventStream) -> list[str | None]:
    """Return the id of the atomic batch that each message came with."""
    jetstream = stream.nats.jetstream()
    last = (await jetstream.stream_info(stream.name)).state.last_seq
    messages = [await jetstream.get_msg(stream.name, sequence) for sequence in range(1, last + 1)]
    events = [message for message in messages if stream.is_event(message.subject or "")]
    return [(message.headers or {}).get("Nats-Batch-Id") for message in events]


async def test_events_arrive_whole_in_order_and_once(engine: Engine, stream: EventStream) -> None:
    relay = Relay(engine, stream)
    async with running(relay.run):
        await asyncio.gather(*(write_some(engine, 20) for _ in range(4)))
        await until(lambda: stream_matches_store(engine, stream))
        await published_up_to(relay, (await events_in_store(engine))[-1].cursor)
    wanted, found = await events_in_store(engine), await events_on_stream(stream)
    assert [replace(one, data="") for one in found] == [replace(one, data="") for one in wanted]
    assert len(found) == 80
    assert not relay.behind


async def test_a_few_events_are_published_singly_and_many_at_once(
    engine: Engine, stream: EventStream
) -> None:
    relay = Relay(engine, stream)
    await write_some(engine, ATOMIC_FROM - 1)
    async with running(relay.run):
        await until(lambda: stream_matches_store(engine, stream))
    assert set(await batch_ids(stream)) == {None}
    await engine.run(turn("x", ATOMIC_FROM), ME)
    async with running(relay.run):
        await until(lambda: stream_matches_store(engine, stream))
    ids = await batch_ids(stream)
    assert set(ids[: ATOMIC_FROM - 1]) == {None}
    assert len(set(ids[ATOMIC_FROM - 1 :])) == 1
    assert len(ids) == 2 * ATOMIC_FROM - 1


async def test_more_than_the_broker_takes_at_once_goes_in_several_batches(
    engine: Engine, stream: EventStream
) -> None:
    await engine.run(turn("big", 2300), ME)
    async with running(Relay(engine, stream).run):
        await until(lambda: stream_matches_store(engine, stream))
    assert len(await ids_on_stream(stream)) == 2300


async def test_large_events_go_in_batches_of_bounded_size(engine: Engine, stream: EventStream) -> None:
    for number in range(3):
        await engine.run(turn(f"m{number}", 15, note="x" * 300_000), ME)
    async with running(Relay(engine, stream).run):
        await until(lambda: stream_matches_store(engine, stream))
    assert MAX_BATCH_BYTES < 45 * 300_000
    assert len(set(await batch_ids(stream))) == 2


@pytest.mark.parametrize("count", [1, ATOMIC_FROM + 5])
async def test_who_did_not_take_the_service_last_is_refused(
    engine: Engine, stream: EventStream, count: int
) -> None:
    await engine.run(turn("a", count), ME)
    await engine.run(turn("b", count), ME)
    events = await events_in_store(engine)
    first = await stream.acquire_token("meters")
    await stream.publish("meters", events[:count], first)
    second = await stream.acquire_token("meters")
    for stale in (0, first, second - 1, second + 1):
        with pytest.raises(FencedOut):
            await stream.publish("meters", events[count:], stale)
    assert await ids_on_stream(stream) == [event.id for event in events[:count]]
    published = await stream.publish("meters", events[count:], second)
    assert published.cursor == events[-1].cursor
    assert await stream.last("meters") == published
    assert await stream.holds(published)


async def test_services_do_not_fence_each_other_out(engine: Engine, stream: EventStream) -> None:
    await engine.run(turn("a", 3), ME)
    events = await events_in_store(engine)
    mine, theirs = await stream.acquire_token("meters"), await stream.acquire_token("others")
    await stream.publish("meters", events[:1], mine)
    await stream.publish("others", events[1:2], theirs)
    await stream.publish("meters", events[2:], mine)
    assert len(await ids_on_stream(stream)) == 3


async def test_what_the_stream_lost_is_not_held_any_more(engine: Engine, stream: EventStream) -> None:
    await engine.run(turn("a", 2), ME)
    events, token = await events_in_store(engine), await stream.acquire_token("meters")
    assert await stream.holds(await stream.last("meters"))
    first = await stream.publish("meters", events[:1], token)
    assert await stream.holds(first)
    await stream.publish("meters", events[1:], token)
    assert await stream.holds(first)
    last = await stream.last("meters")
    await stream.nats.jetstream().purge_stream(stream.name)
    assert not await stream.holds(last)


async def test_a_stream_that_was_made_without_fencing_tokens_gets_them(
    client: Client, stream_prefix: str
) -> None:
    older = EventStream(client, prefix=stream_prefix)
    await older.ensure()
    config = (await client.jetstream().stream_info(older.name)).config
    await client.jetstream().update_stream(config.evolve(subjects=[f"{older.stream_root}.>"]))
    await older.ensure()
    assert await older.acquire_token("meters") == 1
    assert await older.count() == 0
    await client.jetstream().delete_stream(older.name)


class Disturbed(EventStream):
    """A stream on which the first publishes meet with something."""

    def __init__(self, stream: EventStream, *mishaps: str) -> None:
        super().__init__(stream.nats, prefix=stream.name.removesuffix("EVENTS"))
        self._mishaps = list(mishaps)

    async def publish(self, service: str, events: Sequence[Envelope], token: int) -> Published:
        match self._mishaps.pop(0) if self._mishaps else "":
            case "answer lost":
                await super().publish(service, events, token)
                message = "no answer came"
                raise PublishFailed(message)
            case "half done":
                await super().publish(service, events[: max(1, len(events) // 2)], token)
                message = "no answer came"
                raise PublishFailed(message)
            case "overtaken":
                await super().publish(service, events, await self.acquire_token(service))
            case _:
                pass
        return await super().publish(service, events, token)

    @property
    def calm(self) -> bool:
        """Whether every mishap has happened."""
        return not self._mishaps


@pytest.mark.parametrize("mishap", ["answer lost", "half done", "overtaken"])
@pytest.mark.parametrize("count", [2, 40])
async def test_after_any_doubt_the_relay_looks_what_the_stream_holds(
    engine: Engine, stream: EventStream, mishap: str, count: int
) -> None:
    disturbed = Disturbed(stream, mishap, mishap)
    await engine.run(turn("a", count), ME)
    async with running(Relay(engine, disturbed).run):
        await until(lambda: stream_matches_store(engine, stream))
        await engine.run(turn("b", count), ME)
        await until(lambda: stream_matches_store(engine, stream))
    assert disturbed.calm
    assert len(await ids_on_stream(stream)) == 2 * count


async def test_two_relays_that_both_think_they_are_the_one_repeat_nothing(
    engine: Engine, stream: EventStream
) -> None:
    refused: list[BaseException] = []

    async def unlocked() -> None:
        while True:
            connection = await engine.connect()
            try:
                with postgres_errors(), broker_errors():
                    await Relay(engine, stream)._relay(connection)  # pyright: ignore[reportPrivateUsage] - no lock
            except Transient as trouble:
                refused.append(trouble)
            finally:
                await connection.close()

    async with asyncio.timeout(DEADLINE_SECONDS), running(unlocked, unlocked):
        await asyncio.gather(*(write_some(engine, 15) for _ in range(3)))
        while not any(isinstance(trouble, FencedOut) for trouble in refused):  # one may begin late
            await write_some(engine, 1)
        await until(lambda: stream_matches_store(engine, stream))
    assert len(await ids_on_stream(stream)) >= 45


async def test_a_standby_relay_takes_over_when_the_first_loses_its_connection(
    engine: Engine, stream: EventStream, database: str
) -> None:
    second = Engine("meters", database, engine.catalogue)
    await second.start()
    relays = [Relay(engine, stream), Relay(second, stream)]
    async with running(relays[0].run, relays[1].run):
        await write_some(engine, 5)
        await until(lambda: stream_matches_store(engine, stream))
        for _ in range(2):
            await engine.query(
                lambda sql: sql.execute(
                    "select pg_terminate_backend(pid) from pg_locks "
                    "where locktype = 'advisory' and database = (select oid from pg_database "
                    "where datname = current_database())"
                )
            )
            await write_some(engine, 5)
            await until(lambda: stream_matches_store(engine, stream))
    await second.stop()


async def test_a_deleted_stream_is_filled_again_from_the_store(engine: Engine, stream: EventStream) -> None:
    async with running(Relay(engine, stream).run):
        await engine.run(turn("a", 40), ME)
        await until(lambda: stream_matches_store(engine, stream))
        await stream.nats.jetstream().delete_stream(stream.name)
        await engine.run(turn("b", 2), ME)
        await stream.ensure()
        await until(lambda: stream_matches_store(engine, stream))


async def test_an_idle_relay_notices_that_the_stream_was_emptied(
    engine: Engine, stream: EventStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    for interval in ("CHECK_SECONDS", "POLL_SECONDS"):
        monkeypatch.setattr(f"libs.eventsourcing.relaying.relay.{interval}", 0.05)
    async with running(Relay(engine, stream).run):
        await engine.run(turn("a", 20), ME)
        await until(lambda: stream_matches_store(engine, stream))
        await stream.nats.jetstream().purge_stream(stream.name)
        await until(lambda: stream_matches_store(engine, stream))


async def test_a_relay_waits_for_what_an_open_transaction_holds_back(
    engine: Engine, stream: EventStream, database: str
) -> None:
    blocker = await connect(database)
    transaction = blocker.transaction()
    await transaction.start()
    await blocker.execute("create table public.held_open (n integer)")
    relay = Relay(engine, stream)
    async with running(relay.run):
        done = await engine.run(turn("a"), ME)
        assert done.written is not None
        await asyncio.sleep(random.uniform(0.1, 0.2))  # nothing tells that something does not happen
        assert await ids_on_stream(stream) == []
        assert relay.behind
        await transaction.rollback()
        await until(lambda: stream_matches_store(engine, stream))
        await published_up_to(relay, done.written)
    assert await ids_on_stream(stream) == await ids_in_store(engine)
    assert relay.published > Cursor(0, 0)
    await blocker.close()
