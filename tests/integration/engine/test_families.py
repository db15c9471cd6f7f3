"""What a reader does with errors, by their family and by where they come from."""

from collections.abc import Callable

import pytest

from libs.eventsourcing import (
    Causes,
    Engine,
    EventStream,
    Projection,
    Reactions,
    Reader,
    Relay,
    TableSql,
    UnitOfWork,
)
from libs.eventsourcing.readers.dead_letters import list_dead_letters
from libs.eventsourcing.readers.handling import Handling
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.engine.meters import CATALOGUE, ECHO, Echo, MeterTurned, TurnEchoed, meters_table, turn
from tests.integration.engine.waiting import running
from tests.support.waiting import until

ME = Causes.first("test")


class Odd(Exception):
    """What nobody thought of."""


def echoing(fault: Callable[[MeterTurned], None]) -> Reactions:
    """Return a reaction that echoes turns, but for those that have a fault."""
    reactions = Reactions()

    @reactions.to(MeterTurned)
    async def echo(event: MeterTurned, unit: UnitOfWork) -> None:
        fault(event)
        await unit.execute(ECHO, event.meter, Echo(event.meter, event.number))

    del echo
    return reactions


async def echoed(engine: Engine) -> list[str]:
    rows = await engine.query(
        lambda sql: sql.fetch("select stream from engine.events where type = 'TurnEchoed' order by position")
    )
    return [row["stream"] for row in rows]


async def dead_letters(engine: Engine) -> list[tuple[str, str]]:
    async with engine.pool.acquire() as connection:
        return [(one.source_stream.stream, one.error) for one in await list_dead_letters(connection)]


async def test_what_nobody_thought_of_in_a_reaction_is_blamed_on_its_event(
    engine: Engine, stream: EventStream
) -> None:
    def fault(event: MeterTurned) -> None:
        if event.meter == "bad":
            raise Odd(event.number)

    for meter in ("good", "bad", "good"):
        await engine.run(turn(meter), ME)
    reader = Reader("echo", engine, stream, reactions=echoing(fault))
    async with running(Relay(engine, stream).run, reader.run):
        done = await engine.run(turn("good"), ME)
        assert done.written is not None
        assert await reader.reached("meters", done.written, DEADLINE_SECONDS)
    assert await echoed(engine) == ["echo-good"] * 3
    assert await dead_letters(engine) == [("meter-bad", "Odd(1)")]


async def test_what_nobody_thought_of_in_a_projection_is_blamed_on_the_event_that_led_there(
    database: str, stream: EventStream
) -> None:
    echoes = Projection("echoes", version=1, ddl="create table echoes (meter text)")

    @echoes.on(TurnEchoed)
    async def folded(event: TurnEchoed, sql: TableSql) -> None:
        if event.meter == "bad":
            raise Odd(event.number)
        await sql.insert(meter=event.meter)

    del folded
    engine = Engine("meters", database, CATALOGUE, state_tables=[meters_table(), echoes])
    await engine.start()
    for meter in ("good", "bad", "good"):
        await engine.run(turn(meter), ME)
    reader = Reader("echo", engine, stream, reactions=echoing(lambda _: None))
    async with running(Relay(engine, stream).run, reader.run):
        done = await engine.run(turn("good"), ME)
        assert done.written is not None
        assert await reader.reached("meters", done.written, DEADLINE_SECONDS)
    assert await echoed(engine) == ["echo-good"] * 3
    assert await dead_letters(engine) == [("meter-bad", "Odd(1)")]
    await engine.stop()


async def test_the_surroundings_fault_is_no_events_fault(engine: Engine, stream: EventStream) -> None:
    faults = [ConnectionResetError("lost"), TimeoutError("late"), OSError("no room")]

    def fault(_: MeterTurned) -> None:
        if faults:
            raise faults.pop()

    await engine.run(turn("good", 2), ME)
    reader = Reader("echo", engine, stream, reactions=echoing(fault))

    async def done() -> bool:
        return await echoed(engine) == ["echo-good"] * 2

    async with running(Relay(engine, stream).run, reader.run):
        await until(done)
    assert await dead_letters(engine) == []


async def test_a_mistake_in_the_engine_ends_the_reader_and_makes_no_dead_letter(
    engine: Engine, stream: EventStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def mistaken(*_: object) -> None:
        raise Odd("the engine's own")

    monkeypatch.setattr(Handling, "_advance", mistaken)
    await engine.run(turn("good"), ME)
    reader = Reader("echo", engine, stream, reactions=echoing(lambda _: None))
    async with running(Relay(engine, stream).run):
        with pytest.raises(Odd, match="the engine's own"):
            await reader.run()
    assert await dead_letters(engine) == []
    assert await echoed(engine) == []
