"""Which correlation id an event bears: nobody hands it on by hand, so nobody can forget to."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from libs.eventsourcing import Cause, Causes, Engine, EventStream, Reactions, Reader, Relay, Row, UnitOfWork
from libs.eventsourcing.values import new_id
from libs.eventsourcing.writing.unit_of_work import Uncorrelated
from tests.integration.engine.meters import CATALOGUE, ECHO, METER, Echo, MeterTurned, Turn
from tests.integration.engine.waiting import running

CONTINUING = replace(METER, continues=True)
"""Meters whose streams keep the correlation id they began with."""


def stream_of_meter(command: Echo, _: str) -> str:
    return f"meter-{command.meter}"


ITS_METERS = replace(ECHO, correlated_with=stream_of_meter)
"""Echoes that bear the correlation id of their meter, whatever led to them."""
THEIRS, MINE = Causes.first("account:1"), Causes.first("account:2")
ITSELF = Causes.unprompted("service:meters")


@pytest_asyncio.fixture(loop_scope="session")
async def relayed(engine: Engine, stream: EventStream) -> AsyncIterator[EventStream]:
    async with running(Relay(engine, stream).run):
        yield stream


async def stored(engine: Engine) -> list[Row]:
    """Return what is stored around each event, in order."""
    columns = "id, stream, correlation_id, causation_id, actor"
    rows = await engine.query(
        lambda sql: sql.fetch(f"select {columns} from engine.events order by position")  # noqa: S608 - constants
    )
    return list(rows)


async def turn(unit: UnitOfWork) -> None:
    await unit.execute(CONTINUING, "a", Turn("a"))


async def test_a_stream_that_continues_keeps_the_correlation_id_it_began_with(
    engine: Engine, database: str
) -> None:
    fresh = Engine("meters", database, CATALOGUE, state_tables=engine.state_tables)
    await fresh.start()
    await engine.run(turn, THEIRS)
    await engine.run(turn, MINE)
    await fresh.run(turn, ITSELF)
    await fresh.stop()
    told = await stored(engine)
    assert [it["correlation_id"] for it in told] == [THEIRS.correlation_id] * 3
    assert [it["causation_id"] for it in told] == [it.causation_id for it in (THEIRS, MINE, ITSELF)]
    assert [it["actor"] for it in told] == ["account:1", "account:2", "service:meters"]


async def test_what_a_unit_decides_after_a_continued_stream_is_correlated_with_it(engine: Engine) -> None:
    async def both(unit: UnitOfWork) -> None:
        await unit.execute(ECHO, "before", Echo("before", 1))
        await turn(unit)
        await unit.execute(ECHO, "after", Echo("after", 1))

    await engine.run(turn, THEIRS)
    await engine.run(both, MINE)
    before, turned, after = (await stored(engine))[1:]
    assert before["correlation_id"] == MINE.correlation_id
    assert turned["correlation_id"] == after["correlation_id"] == THEIRS.correlation_id


async def test_an_aggregate_may_declare_with_which_stream_it_is_correlated(engine: Engine) -> None:
    async def echo(unit: UnitOfWork) -> None:
        for meter in ("a", "new"):
            await unit.execute(ITS_METERS, meter, Echo(meter, 1))

    await engine.run(turn, THEIRS)
    await engine.run(echo, MINE)
    told = {it["stream"]: it["correlation_id"] for it in await stored(engine)}
    assert told["echo-a"] == THEIRS.correlation_id
    assert told["echo-new"] == MINE.correlation_id, "there is no such stream yet"


async def test_a_reaction_is_correlated_with_its_event_unless_the_aggregate_says_otherwise(
    engine: Engine, relayed: EventStream
) -> None:
    reactions = Reactions()

    @reactions.to(MeterTurned)
    async def react(event: MeterTurned, unit: UnitOfWork) -> None:
        if event.meter == "b":
            await unit.execute(ITS_METERS, "a", Echo("a", 1))
            await turn(unit)
            await unit.execute(ECHO, "b", Echo("b", 1))

    del react
    await engine.run(turn, THEIRS)
    reader = Reader("echo", engine, relayed, reactions=reactions)
    done = await engine.run(lambda unit: unit.execute(METER, "b", Turn("b")), MINE)
    assert done.written is not None
    async with running(reader.run):
        assert await reader.reached("meters", done.written, 30)
    turned, *caused = (await stored(engine))[1:]
    assert [(it["stream"], it["correlation_id"]) for it in caused] == [
        ("echo-a", THEIRS.correlation_id),
        ("meter-a", MINE.correlation_id),
        ("echo-b", MINE.correlation_id),
    ]
    assert {it["causation_id"] for it in caused} == {turned["id"]}


async def test_what_a_service_does_by_itself_has_to_name_its_cause(engine: Engine) -> None:
    cause = Cause(new_id(), new_id())

    async def silent(unit: UnitOfWork) -> None:
        await unit.execute(METER, "b", Turn("b"))

    async def explained(unit: UnitOfWork) -> None:
        await unit.execute(METER, "b", Turn("b"), because=cause)

    with pytest.raises(Uncorrelated, match="meter-b"):
        await engine.run(silent, ITSELF)
    await engine.run(explained, ITSELF)
    with pytest.raises(Uncorrelated, match="meter-a"):
        await engine.run(turn, ITSELF)  # it has not begun
    (told,) = await stored(engine)
    assert (told["correlation_id"], told["causation_id"]) == cause
    assert told["actor"] == "service:meters"
