"""Whatever is wrong with the stream or a table is found, and nothing else is."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

from dataclasses import replace
from uuid import uuid4

import pytest

from libs.eventsourcing import Engine, EventStream
from libs.eventsourcing.operations.verify_tables import verify_table
from libs.eventsourcing.projections.migration import builder
from libs.eventsourcing.projections.tables import TablesBusy
from libs.eventsourcing.relaying.verify import Fault, StreamReport, verify_stream
from libs.eventsourcing.store.postgres import PostgresStore
from libs.eventsourcing.stream.publishing import partition
from libs.eventsourcing.values import START, Cursor, Envelope
from tests.integration.engine.meters import METER, Seal, turn
from tests.integration.engine_tools.counting import ME, busy, last_cursor, relayed, serving, turns_in_events


async def verified(engine: Engine, stream: EventStream) -> StreamReport:
    """Return the report on the made-up service."""
    said = [one async for one in verify_stream({"meters": engine.tables}, stream)]
    (report,) = [one for one in said if isinstance(one, StreamReport)]
    return report


async def stored(engine: Engine) -> list[Envelope]:
    """Return all stored events."""
    async with engine.pool.acquire() as connection:
        return await PostgresStore(connection, engine.catalogue).read(START, 10_000)


async def put(stream: EventStream, envelope: Envelope, cursor: Cursor | None = None) -> None:
    """Publish an event past every fencing token, as a mad relay would."""
    await stream.nats.jetstream().publish(
        f"{stream.root}.meters.{envelope.type}.{partition(envelope.stream)}",
        envelope.to_json(),
        headers={stream.position_header: str(cursor or envelope.cursor)},
    )


async def test_a_stream_that_holds_what_the_store_does_is_sound(engine: Engine, stream: EventStream) -> None:
    await engine.run(turn("a", 1500), ME)
    await engine.run(turn("b", 1500, "é\\u2028\"'\t{}"), ME)
    await relayed(engine, stream)
    await engine.run(turn("a", 2), ME)
    report = await verified(engine, stream)
    assert report.sound, report.findings
    assert (report.compared, report.waiting) == (3000, 2)


async def test_verifying_a_busy_system_finds_nothing(engine: Engine, stream: EventStream) -> None:
    async with serving(engine, stream) as reader, busy(engine):
        for _ in range(3):
            report = await verified(engine, stream)
            assert report.sound, report.findings
            for table in engine.tables.all:
                found = await verify_table(engine.tables, table, stream=stream)
                assert found.sound, found
        assert await reader.reached("meters", await last_cursor(engine), 20)


async def test_a_gap_in_the_middle_is_found(engine: Engine, stream: EventStream) -> None:
    await engine.run(turn("a", 10), ME)
    events = await stored(engine)
    for envelope in (*events[:3], *events[5:]):
        await put(stream, envelope)
    report = await verified(engine, stream)
    assert report.counts == {Fault.GAP: 2}
    assert [finding.event for finding in report.findings] == [events[3].id, events[4].id]


async def test_a_repeat_is_found(engine: Engine, stream: EventStream) -> None:
    await engine.run(turn("a", 5), ME)
    events = await stored(engine)
    for envelope in (*events, events[1], events[4]):
        await put(stream, envelope)
    report = await verified(engine, stream)
    assert report.counts == {Fault.REPEAT: 2}
    assert [finding.sequence for finding in report.findings] == [6, 7]


async def test_a_wrong_order_is_found(engine: Engine, stream: EventStream) -> None:
    await engine.run(turn("a", 5), ME)
    events = await stored(engine)
    for index in (0, 2, 1, 3, 4):
        await put(stream, events[index])
    report = await verified(engine, stream)
    assert report.counts == {Fault.GAP: 1, Fault.ORDER: 1}


@pytest.mark.parametrize("field", ["data", "id", "actor", "at", "causation_id"])
async def test_another_content_is_found(engine: Engine, stream: EventStream, field: str) -> None:
    await engine.run(turn("a", 3), ME)
    events = await stored(engine)
    wrong = {
        "data": replace(events[1], data='{"meter": "a", "number": 7, "note": ""}'),
        "id": replace(events[1], id=uuid4()),
        "actor": replace(events[1], actor="mallory"),
        "at": replace(events[1], at=events[1].at.replace(year=2001)),
        "causation_id": replace(events[1], causation_id=uuid4()),
    }
    for envelope in (events[0], wrong[field], events[2]):
        await put(stream, envelope)
    report = await verified(engine, stream)
    assert report.counts == {Fault.CONTENT: 1}
    assert field in report.findings[0].detail


async def test_strangers_are_found(engine: Engine, stream: EventStream) -> None:
    await engine.run(turn("a", 3), ME)
    events = await stored(engine)
    for envelope in events:
        await put(stream, envelope)
    beyond = Cursor(events[-1].cursor.xid + 5, events[-1].cursor.position + 5)
    await put(stream, replace(events[-1], cursor=beyond))
    await stream.nats.jetstream().publish(f"{stream.root}.meters.MeterTurned.0", b"{}")
    report = await verified(engine, stream)
    assert report.counts == {Fault.STRANGER: 2}


async def test_rows_that_are_wrong_missing_or_too_many_are_found(engine: Engine) -> None:
    for meter in "abc":
        await engine.run(turn(meter, 3), ME)
    await engine.run(lambda unit: unit.execute(METER, "c", Seal("c")), ME)
    table = engine.state_tables[0]
    assert (await verify_table(engine.tables, table)).sound
    await engine.query(lambda sql: sql.execute("update meters set turns = 9 where meter = 'a'"))
    await engine.query(lambda sql: sql.execute("delete from meters where meter = 'b'"))
    await engine.query(lambda sql: sql.execute("insert into meters (meter, turns) values ('d', 1)"))
    (rows,) = (await verify_table(engine.tables, table)).tables
    assert (rows.rows, rows.missing, rows.surplus) == (3, 2, 2)
    assert {"row": {"meter": "b", "turns": 3}, "is": "missing"} in rows.examples
    assert await turns_in_events(engine) == {"a": 3, "b": 3, "c": 3}


async def test_what_no_event_decides_is_not_compared(engine: Engine) -> None:
    await engine.run(turn("a", 3), ME)
    await engine.query(lambda sql: sql.execute("update meters set asked = 3"))
    assert (await verify_table(engine.tables, engine.state_tables[0])).sound


async def test_a_check_leaves_nothing_behind_and_two_at_once_are_refused(engine: Engine) -> None:
    table = engine.state_tables[0]
    await verify_table(engine.tables, table)
    left = await engine.query(
        lambda sql: sql.fetchval("select count(*) from pg_namespace where nspname like '%\\_\\_check'")
    )
    assert left == 0
    async with builder(engine.tables):
        with pytest.raises(TablesBusy):
            await verify_table(engine.tables, table)
