"""The number of subjects does not grow, and what older programs published and stored is taken over."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

from collections.abc import Sequence

from libs.eventsourcing import Causes, Engine, EventStream, Reader, Relay
from libs.eventsourcing.operations.stream_positions import Beginning, before_last
from libs.eventsourcing.relaying.last_published import last_published
from libs.eventsourcing.stream.publishing import PARTITIONS
from libs.eventsourcing.values import Envelope
from tests.integration.engine.broker import events_in_store, events_on_stream, stream_matches_store
from tests.integration.engine.meters import echoing, turn
from tests.integration.engine.waiting import running
from tests.support.waiting import until

ME = Causes.first("test")


async def relay_all(engine: Engine, stream: EventStream) -> None:
    """Publish what the store holds."""
    async with running(Relay(engine, stream).run):
        await until(lambda: stream_matches_store(engine, stream))


async def relay_as_before(stream: EventStream, events: Sequence[Envelope]) -> None:
    """Publish events as older programs did, each stream on a subject of its own."""
    for event in events:
        await stream.nats.jetstream().publish(
            f"{stream.stream_root}.meters.{event.type}.{event.stream}",
            event.to_json(),
            headers={stream.position_header: str(event.cursor)},
        )


async def echoes(engine: Engine) -> list[int]:
    rows = await engine.query(lambda sql: sql.fetch("select number from echoes order by place"))
    return [row["number"] for row in rows]


async def echo(engine: Engine, stream: EventStream, count: int) -> None:
    """Let a reader handle this many events in total."""

    async def complete() -> bool:
        return len(await echoes(engine)) >= count

    async with running(Reader("echo", engine, stream, reactions=echoing()).run):
        await until(complete)


async def test_the_number_of_subjects_does_not_grow_with_streams(engine: Engine, stream: EventStream) -> None:
    for number in range(10 * PARTITIONS):
        await engine.run(turn(f"m{number}"), ME)
    await relay_all(engine, stream)
    state = (await stream.nats.jetstream().stream_info(stream.name, subjects_filter=">")).state
    subjects = [subject for subject in state.subjects or {} if stream.is_event(subject)]
    assert len(subjects) == PARTITIONS
    assert {len(subject.split(".")) for subject in subjects} == {4}


async def test_a_relay_continues_behind_what_an_older_one_published(
    engine: Engine, stream: EventStream
) -> None:
    await engine.run(turn("a", 3), ME)
    await engine.run(turn("b", 2), ME)
    await stream.ensure()
    await relay_as_before(stream, (await events_in_store(engine))[:4])
    async with engine.pool.acquire() as connection:
        last = await last_published(connection, stream, "meters")
    assert last.cursor == (await events_in_store(engine))[3].cursor
    await relay_all(engine, stream)
    assert [event.version for event in await events_on_stream(stream)] == [1, 2, 3, 1, 2]


async def test_a_relay_continues_behind_an_older_one_that_ran_after_it(
    engine: Engine, stream: EventStream
) -> None:
    await engine.run(turn("a", 2), ME)
    await relay_all(engine, stream)
    await engine.run(turn("a", 2), ME)
    await relay_as_before(stream, (await events_in_store(engine))[2:])
    await engine.run(turn("a"), ME)
    await relay_all(engine, stream)
    assert [event.version for event in await events_on_stream(stream)] == [1, 2, 3, 4, 5]


async def test_a_reader_handles_what_an_older_program_of_it_passed_by(
    engine: Engine, stream: EventStream
) -> None:
    """Where one service is updated before another: the old reader gets no events on partitions."""
    await engine.run(turn("a", 2), ME)
    await stream.ensure()
    await relay_as_before(stream, await events_in_store(engine))
    await echo(engine, stream, 2)
    await engine.run(turn("a", 3), ME)
    await relay_all(engine, stream)
    end = (await stream.nats.jetstream().stream_info(stream.name)).state.last_seq
    await engine.query(
        lambda sql: sql.execute(
            "update engine.bookmarks set sequence = $1, sequence_with_partitions = null", end
        )
    )
    await echo(engine, stream, 5)
    assert await echoes(engine) == [1, 2, 3, 4, 5]


async def test_the_last_events_of_a_stream_are_found_among_others_on_its_subject(
    engine: Engine, stream: EventStream
) -> None:
    for number in range(2 * PARTITIONS):
        await engine.run(turn(f"m{number}", 3), ME)
    await engine.run(turn("m0"), ME)
    await relay_all(engine, stream)
    name = "meter-m0"
    subjects = stream.patterns("meters.MeterTurned.", [name])
    assert await before_last(stream, subjects, 2, of_streams=[name]) == Beginning(0, skip=2)
    assert await before_last(stream, subjects, 9, of_streams=[name]) == Beginning(0, skip=0)
