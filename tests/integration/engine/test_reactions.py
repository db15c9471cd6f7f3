"""What a reader does when a reaction fails, conflicts, or sets another correlation id."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from libs.eventsourcing import Causes, Engine, EventStream, Reactions, Reader, Refused, Relay, UnitOfWork
from libs.eventsourcing.writing.engine import ATTEMPTS
from tests.integration.engine.broker import events_in_store, stream_matches_store
from tests.integration.engine.meters import ECHO, METER, Echo, MeterTurned, Seal, Turn, echoing, turn
from tests.integration.engine.waiting import running
from tests.support.waiting import until

ME = Causes.first("account:7")


@pytest_asyncio.fixture(loop_scope="session")
async def relayed(engine: Engine, stream: EventStream) -> AsyncIterator[EventStream]:
    async with running(Relay(engine, stream).run):
        yield stream


async def dead_letters(engine: Engine) -> list[tuple[str, int, str]]:
    rows = await engine.query(
        lambda sql: sql.fetch(
            "select stream, (envelope->>'version')::integer as version, error from engine.parked "
            "order by xid, position"
        )
    )
    return [(row["stream"], row["version"], row["error"]) for row in rows]


async def echoed(engine: Engine) -> list[tuple[str, int]]:
    rows = await engine.query(lambda sql: sql.fetch("select meter, number from echoes order by place"))
    return [(row["meter"], row["number"]) for row in rows]


@pytest.mark.parametrize("error", [ValueError("bad reading"), Refused("broken")])
async def test_an_event_that_keeps_failing_becomes_a_dead_letter_with_all_later_ones_of_its_stream(
    engine: Engine, relayed: EventStream, error: Exception
) -> None:
    reactions = echoing()

    @reactions.to(MeterTurned)
    async def choke(event: MeterTurned, unit: UnitOfWork) -> None:
        del unit
        if (event.meter, event.number) == ("bad", 2):
            raise error

    del choke
    reader = Reader("echo", engine, relayed, reactions=reactions)
    for name in ("bad", "good", "bad", "bad", "good"):
        await engine.run(turn(name), ME)
    async with running(reader.run):
        done = await engine.run(turn("good"), ME)
        assert done.written is not None
        assert await reader.reached("meters", done.written, 30)
    follows = "follows a parked event of the same stream"
    assert await dead_letters(engine) == [("meter-bad", 2, repr(error)), ("meter-bad", 3, follows)]
    assert await echoed(engine) == [("bad", 1), ("good", 1), ("good", 2), ("good", 3)]

    again = Reader("echo", engine, relayed, reactions=echoing())
    async with running(again.run):
        await engine.run(turn("bad"), ME)
        done = await engine.run(turn("good"), ME)
        assert done.written is not None
        assert await again.reached("meters", done.written, 30)
    assert [version for _, version, _ in await dead_letters(engine)] == [2, 3, 4]
    assert (await echoed(engine))[4:] == [("good", 4)]


async def test_an_event_that_fails_for_a_while_is_no_dead_letter(
    engine: Engine, relayed: EventStream
) -> None:
    tries = 0
    reactions = echoing()

    @reactions.to(MeterTurned)
    async def stumble(event: MeterTurned, unit: UnitOfWork) -> None:
        nonlocal tries
        del event, unit
        tries += 1
        if tries < 4:
            message = "not yet"
            raise LookupError(message)

    del stumble
    reader = Reader("echo", engine, relayed, reactions=reactions)
    done = await engine.run(turn("a"), ME)
    assert done.written is not None
    async with running(reader.run):
        assert await reader.reached("meters", done.written, 30)
    assert await dead_letters(engine) == []
    assert await echoed(engine) == [("a", 1)]


async def test_a_reaction_that_clashes_with_a_command_decides_again(
    engine: Engine, relayed: EventStream
) -> None:
    reactions, tries = Reactions(), 0

    @reactions.to(MeterTurned)
    async def turn_the_other(event: MeterTurned, unit: UnitOfWork) -> None:
        nonlocal tries
        if event.meter == "other":
            return
        tries += 1
        await unit.load(METER, "other")
        if tries <= 2:
            await engine.run(turn("other"), ME)  # someone else is quicker
        await unit.execute(METER, "other", Turn("other"))

    del turn_the_other
    reader = Reader("turning", engine, relayed, reactions=reactions)
    done = await engine.run(turn("a"), ME)
    assert done.written is not None
    async with running(reader.run):
        assert await reader.reached("meters", done.written, 30)
    assert tries == 3
    assert await engine.query(lambda sql: sql.fetchval("select turns from meters where meter = 'other'")) == 3
    assert await dead_letters(engine) == []


async def test_a_whole_batch_that_keeps_clashing_is_handled_event_by_event(
    engine: Engine, relayed: EventStream
) -> None:
    reactions, clashes, first = Reactions(), 0, ""

    @reactions.to(MeterTurned)
    async def turn_the_other(event: MeterTurned, unit: UnitOfWork) -> None:
        nonlocal clashes, first
        if event.meter != "a":
            return
        await unit.execute(ECHO, event.meter, Echo(event.meter, event.number))
        transaction = await unit.flushed.fetchval("select pg_current_xact_id()::text")
        if event.number == 1:
            first = transaction
            return
        await unit.load(METER, "other")
        if transaction == first:  # for a whole batch, someone else is always quicker
            clashes += 1
            await engine.run(turn("other"), ME)
        await unit.execute(METER, "other", Turn("other"))

    del turn_the_other
    done = await engine.run(turn("a", 2), ME)
    assert done.written is not None
    await until(lambda: stream_matches_store(engine, relayed))  # so both come in one batch
    reader = Reader("turning", engine, relayed, reactions=reactions)
    async with running(reader.run):
        assert await reader.reached("meters", done.written, 30)
    turns = await engine.query(lambda sql: sql.fetchval("select turns from meters where meter = 'other'"))
    assert turns == clashes + 1
    assert clashes == ATTEMPTS
    assert await echoed(engine) == [("a", 1), ("a", 2)]
    assert await dead_letters(engine) == []


async def test_a_reaction_inherits_its_events_correlation_id(engine: Engine, relayed: EventStream) -> None:
    reader = Reader("echo", engine, relayed, reactions=echoing())
    done = await engine.run(turn("a"), ME)
    assert done.written is not None
    async with running(reader.run):
        assert await reader.reached("meters", done.written, 30)
    first, echo = await events_in_store(engine)
    assert first.causation_id == ME.causation_id
    assert (echo.correlation_id, echo.causation_id) == (ME.correlation_id, first.id)
    assert echo.actor == "service:meters"


async def test_what_a_reaction_writes_goes_back_with_it_when_a_later_one_fails(
    engine: Engine, relayed: EventStream
) -> None:
    reactions, failed = echoing(), asyncio.Event()

    @reactions.to(MeterTurned)
    async def fail_once(event: MeterTurned, unit: UnitOfWork) -> None:
        del event, unit
        if not failed.is_set():
            failed.set()
            message = "once"
            raise RuntimeError(message)

    del fail_once
    reader = Reader("echo", engine, relayed, reactions=reactions)
    done = await engine.run(turn("a"), ME)
    assert done.written is not None
    async with running(reader.run):
        assert await reader.reached("meters", done.written, 30)
    assert await echoed(engine) == [("a", 1)]


async def test_a_batch_that_was_taken_back_leaves_no_trace_in_what_is_decided_next(
    engine: Engine, relayed: EventStream
) -> None:
    reactions, failed = Reactions(), False

    @reactions.to(MeterTurned)
    async def seal_then_fail(event: MeterTurned, unit: UnitOfWork) -> None:
        nonlocal failed
        if failed:
            return
        if event.number == 1:
            await unit.execute(METER, "other", Seal("other"))
        else:
            await unit.load(METER, "other")  # sees what the event before wrote in the same transaction
            failed = True
            message = "taken back"
            raise ValueError(message)

    del seal_then_fail
    done = await engine.run(turn("a", 2), ME)
    assert done.written is not None
    await until(lambda: stream_matches_store(engine, relayed))  # so both come in one batch
    reader = Reader("sealing", engine, relayed, reactions=reactions)
    async with running(reader.run):
        assert await reader.reached("meters", done.written, 30)
        assert failed
        assert (await engine.run(turn("other"), ME)).value == [1]
