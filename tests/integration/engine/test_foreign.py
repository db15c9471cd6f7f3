"""Whatever anyone on the broker puts on the stream, relays and readers go on."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from libs.eventsourcing import Causes, Engine, Event, EventCatalogue, EventStream, Reader, Relay
from libs.eventsourcing.relaying.last_published import last_published
from libs.eventsourcing.store.restored_clusters import StreamAhead
from libs.eventsourcing.stream.publishing import Published, partition
from libs.eventsourcing.values import Cursor, Envelope
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.engine.broker import events_in_store, stream_matches_store
from tests.integration.engine.meters import CATALOGUE, echoes_table, echoing, meters_table, turn
from tests.integration.engine.waiting import running
from tests.support.waiting import until

ME = Causes.first("test")
TURNED_A = f"MeterTurned.{partition('meter-a')}"
"""The end of the subject of a turn of this meter."""


async def put(
    stream: EventStream, body: bytes, position: str | None = None, subject: str = f"meters.{TURNED_A}"
) -> None:
    """Publish something that no relay did."""
    headers = None if position is None else {stream.position_header: position}
    await stream.nats.jetstream().publish(f"{stream.root}.{subject}", body, headers=headers)


async def published(engine: Engine, stream: EventStream) -> Published:
    """Return where the service's relay has come to."""
    async with engine.pool.acquire() as connection:
        return await last_published(connection, stream, "meters")


async def echoed(engine: Engine) -> list[tuple[str, int]]:
    rows = await engine.query(lambda sql: sql.fetch("select meter, number from echoes order by place"))
    return [(row["meter"], row["number"]) for row in rows]


async def all_published(engine: Engine, stream: EventStream) -> bool:
    """Return whether a relay's last event is the store's last."""
    return (await published(engine, stream)).cursor == (await events_in_store(engine))[-1].cursor


async def forgeries(engine: Engine) -> list[tuple[bytes, str | None]]:
    """Return messages that are ever more like events, but were never stored."""
    last = (await events_in_store(engine))[-1]
    beyond = Cursor(last.cursor.xid + 10**12, last.cursor.position + 1)
    fields = json.loads(last.to_json())
    return [
        (b"nonsense", None),
        (b"[" * 100_000, "1.1"),
        (b"nonsense", str(beyond)),
        (last.to_json(), str(beyond)),
        (json.dumps(fields | {"xid": "7", "position": "x"}).encode(), "7.x"),
        (json.dumps(fields | {"xid": 10**30}).encode(), f"{10**30}.{last.cursor.position}"),
        (json.dumps(fields | {"data": {"meter": "\x00"}}).encode(), str(last.cursor)),
        (json.dumps(fields | {"data": {"meter": "\ud800"}}).encode(), str(last.cursor)),
        (json.dumps(fields | {"at": "2026-03-01T12:00:00"}).encode(), str(last.cursor)),
        (replace(last, stream="meter-other").to_json(), str(last.cursor)),
        (replace(last, id=uuid4()).to_json(), str(last.cursor)),
    ]


async def test_a_relay_finds_its_last_event_before_whatever_others_put_there(
    engine: Engine, stream: EventStream
) -> None:
    await engine.run(turn("a", 3), ME)
    async with running(Relay(engine, stream).run):
        await until(lambda: stream_matches_store(engine, stream))
    last = await published(engine, stream)
    junk = await forgeries(engine)
    for body, position in junk:
        await put(stream, body, position)
    with capture_logs() as logs:
        assert await published(engine, stream) == last
    foreign = [  # a gateway of other tests may log beside it
        entry
        for entry in logs
        if entry["event"] == "stream.foreign_message" and entry["subject"].startswith(stream.root)
    ]
    assert sorted(entry["sequence"] for entry in foreign) == [
        last.sequence + number for number in range(1, 1 + len(junk))
    ]
    assert {entry["log_level"] for entry in foreign} == {"error"}
    assert stream.foreign == len(junk)


@pytest.mark.parametrize("status", ["100", "204", "404", "409", "500"])
async def test_a_message_that_calls_itself_a_status_of_the_server_stops_nobody(
    engine: Engine, stream: EventStream, status: str
) -> None:
    await engine.run(turn("a", 2), ME)
    reader = Reader("echo", engine, stream, reactions=echoing(), everything=True)

    async def heard(count: int) -> bool:
        return len(await echoed(engine)) == count

    async with running(reader.run):
        async with running(Relay(engine, stream).run):
            await until(lambda: heard(2))
        posing = {"Status": status, "Description": "Batch Completed"}
        with capture_logs():
            await stream.nats.jetstream().publish(f"{stream.root}.meters.{TURNED_A}", b"junk", headers=posing)
            await engine.run(turn("a"), ME)
            async with running(Relay(engine, stream).run):
                await until(lambda: heard(3))


async def test_it_finds_it_before_thousands_of_other_messages(engine: Engine, stream: EventStream) -> None:
    await engine.run(turn("a", 3), ME)
    async with running(Relay(engine, stream).run):
        await until(lambda: stream_matches_store(engine, stream))
    last = await published(engine, stream)
    for number in range(2500):
        who = "meters" if number % 2 else "others"
        await stream.nats.publish(f"{stream.root}.{who}.{TURNED_A}", b"junk")
    await put(stream, b"junk")
    with capture_logs():
        assert await published(engine, stream) == last


async def test_an_old_event_that_is_published_again_sets_no_relay_back(
    engine: Engine, stream: EventStream
) -> None:
    await engine.run(turn("a"), ME)
    await engine.run(turn("b"), ME)
    async with running(Relay(engine, stream).run):
        await until(lambda: stream_matches_store(engine, stream))
    last = await published(engine, stream)
    first = (await events_in_store(engine))[0]
    await put(stream, first.to_json(), str(first.cursor))
    assert await published(engine, stream) == last


async def test_nor_does_one_whose_successor_shares_its_subject_with_later_events(
    engine: Engine, stream: EventStream
) -> None:
    await engine.run(turn("a", 5), ME)
    async with running(Relay(engine, stream).run):
        await until(lambda: stream_matches_store(engine, stream))
    last = await published(engine, stream)
    again = (await events_in_store(engine))[1]
    await put(stream, again.to_json(), str(again.cursor))
    with capture_logs():
        assert await published(engine, stream) == last


async def test_a_reader_that_finds_nothing_but_foreign_messages_has_caught_up(
    engine: Engine, stream: EventStream
) -> None:
    await put(stream, b"junk")
    reader = Reader("echo", engine, stream, reactions=echoing(), everything=True)
    with capture_logs():
        async with running(reader.run), asyncio.timeout(DEADLINE_SECONDS):
            await reader.complete()


@pytest.mark.parametrize("fresh", [True, False])
async def test_a_relay_and_a_reader_go_on_past_foreign_messages(
    engine: Engine, stream: EventStream, *, fresh: bool
) -> None:
    await engine.run(turn("a", 2), ME)
    reader = Reader("echo", engine, stream, reactions=echoing(), everything=True)
    relay = Relay(engine, stream)

    async def heard(count: int) -> bool:
        return len(await echoed(engine)) == count

    async with running(reader.run):
        async with running(relay.run):
            await until(lambda: heard(2))
            for body, position in await forgeries(engine):
                await put(stream, body, position)
            await put(stream, b"", subject="meters.X.y")
            if not fresh:
                await engine.run(turn("a", 2), ME)
                await until(lambda: heard(4))
        if fresh:
            async with running(Relay(engine, stream).run):
                await engine.run(turn("a", 2), ME)
                await until(lambda: heard(4))
    assert await echoed(engine) == [("a", number) for number in (1, 2, 3, 4)]
    assert await engine.query(lambda sql: sql.fetchval("select count(*) from engine.parked")) == 0


async def test_a_reader_hears_of_an_event_only_from_the_service_that_says_it(
    engine: Engine, stream: EventStream
) -> None:
    await engine.run(turn("a"), ME)
    event = (await events_in_store(engine))[0]
    forged = replace(event, id=uuid4(), data='{"meter": "forged", "number": 1, "note": ""}')
    for source in ("others", "ghost"):
        await put(stream, forged.to_json(), str(forged.cursor), f"{source}.{TURNED_A}")
    reader = Reader("echo", engine, stream, reactions=echoing(), everything=True)

    async def heard() -> bool:
        return await echoed(engine) == [("a", 1)]

    async with running(Relay(engine, stream).run, reader.run):
        await until(heard)
    sources = await engine.query(lambda sql: sql.fetch("select source from engine.checkpoints"))
    assert {row["source"] for row in sources} == {"meters"}


async def test_a_service_may_publish_types_that_nobody_owns_yet_and_none_of_another_service(
    database: str, stream: EventStream
) -> None:
    """A newer program of that service may have types that this one does not know."""

    class LampLit(Event):
        """An event of another service."""

        owner = "lamps"

    tables = [meters_table(), echoes_table()]
    engine = Engine("meters", database, EventCatalogue([*CATALOGUE, LampLit]), state_tables=tables)
    await engine.start()
    await engine.run(turn("a"), ME)
    event = (await events_in_store(engine))[0]
    forged = replace(event, id=uuid4(), data='{"meter": "forged", "number": 1, "note": ""}')
    newer = replace(event, id=uuid4(), type="LampReplaced")
    await put(stream, forged.to_json(), str(forged.cursor), f"lamps.{TURNED_A}")
    await put(stream, newer.to_json(), str(newer.cursor), f"lamps.LampReplaced.{partition('meter-a')}")
    reader = Reader("echo", engine, stream, reactions=echoing(), everything=True)

    async def heard() -> bool:
        return len(await echoed(engine)) >= 1

    with capture_logs() as logs:
        async with running(Relay(engine, stream).run, reader.run):
            await until(heard)
    assert await echoed(engine) == [("a", 1)]
    foreign = [line["subject"] for line in logs if line["event"] == "stream.foreign_message"]
    ours = [subject for subject in foreign if subject.endswith(".meter-a")]  # others may log beside it
    assert ours == ["lamps.MeterTurned.meter-a"]
    await engine.stop()


async def test_a_message_on_the_tokens_subject_costs_one_take_over(
    engine: Engine, stream: EventStream
) -> None:
    relay = Relay(engine, stream)
    subject = f"{stream.name.removesuffix('EVENTS')}fence.meters"
    async with running(relay.run):
        for number in range(1, 4):
            await stream.nats.jetstream().publish(subject, b"mine now")
            await engine.run(turn("a"), ME)
            await until(lambda: all_published(engine, stream))
            assert len(await events_in_store(engine)) == number


async def test_delays_grow_while_nothing_gets_through_and_the_database_tells(
    engine: Engine, stream: EventStream
) -> None:
    subject = f"{stream.name.removesuffix('EVENTS')}fence.meters"
    told: list[int] = []
    """How many troubles the database tells of when it gets through."""

    class Refusing(EventStream):
        """A stream to which everyone is a stale relay, for a while."""

        refusals = 5

        async def publish(self, service: str, events: Sequence[Envelope], token: int) -> Published:
            if self.refusals:
                self.refusals -= 1
                await stream.nats.jetstream().publish(subject, b"")
            else:
                told.append(await troubles())
            return await super().publish(service, events, token)

    refusing = Refusing(stream.nats, prefix=stream.name.removesuffix("EVENTS"))
    await engine.run(turn("a"), ME)
    relay = Relay(engine, refusing)

    async def troubles() -> int:
        return int(
            await engine.query(
                lambda sql: sql.fetchval(
                    "select count(*) from engine.relay_troubles where error like 'FencedOut%'"
                )
            )
        )

    async def forgotten() -> bool:
        return await troubles() == 0

    with capture_logs() as logs:
        async with running(relay.run):
            await until(lambda: stream_matches_store(engine, stream))
            await until(forgotten)
    assert told == [1]
    retries = [entry for entry in logs if entry["event"] == "relay.retry"]
    delays = [entry["delay"] for entry in retries if entry["service"] == "meters"]
    assert delays == [0.05, 0.1, 0.2, 0.4, 0.8]


async def test_an_idle_relay_does_not_mind_what_stands_on_its_last_subject(
    engine: Engine, stream: EventStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    for interval in ("CHECK_SECONDS", "POLL_SECONDS"):
        monkeypatch.setattr(f"libs.eventsourcing.relaying.relay.{interval}", 0.05)
    await engine.run(turn("a"), ME)
    checks = 0

    class Counting(EventStream):
        async def holds(self, published: Published) -> bool:
            nonlocal checks
            checks += 1
            return await super().holds(published)

    counting = Counting(stream.nats, prefix=stream.name.removesuffix("EVENTS"))
    with capture_logs() as logs:
        async with running(Relay(engine, counting).run):
            await until(lambda: all_published(engine, stream))
            await put(stream, b"junk")
            before = checks

            async def checked() -> bool:
                return checks >= before + 3

            await until(checked)
    retries = [entry for entry in logs if entry["event"] == "relay.retry"]
    assert [entry for entry in retries if entry["service"] == "meters"] == []


async def test_a_perfect_forgery_beyond_the_store_is_told_loudly_and_hides_nothing(
    engine: Engine, stream: EventStream
) -> None:
    """It can't be told from an event that the store has lost."""
    await engine.run(turn("a"), ME)
    last = (await events_in_store(engine))[-1]
    beyond = Cursor(last.cursor.xid + 10**6, last.cursor.position + 10)
    forged = replace(last, id=uuid4(), cursor=beyond)
    await put(stream, forged.to_json(), str(beyond))
    connection = await engine.connect()
    with pytest.raises(StreamAhead, match="restored from an older copy"):
        await Relay(engine, stream)._relay(connection)  # pyright: ignore[reportPrivateUsage] - no lock
    await connection.close()
