"""Snapshots: a long stream is not folded from its start, and no snapshot is ever the truth."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from libs.eventsourcing import Causes, Engine, Snapshots, UnitOfWork
from tests.integration.engine.meters import (
    CATALOGUE,
    METER,
    Meter,
    MeterSealed,
    MeterTurned,
    Seal,
    Turn,
    echoes_table,
    evolve,
    meters_table,
)

ME = Causes.first("test")
FOLDED: list[int] = []
"""The numbers of the turns that were folded."""


def counting(meter: Meter | None, event: MeterTurned | MeterSealed) -> Meter:
    """Fold an event, and note it."""
    if isinstance(event, MeterTurned):
        FOLDED.append(event.number)
    return evolve(meter, event)


SNAPPED = replace(METER, evolve=counting, snapshots=Snapshots(Meter, version=1, every=10))


async def turn(engine: Engine, times: int = 1) -> None:
    """Turn the meter, one event a transaction."""
    for _ in range(times):

        async def work(unit: UnitOfWork) -> None:
            await unit.execute(SNAPPED, "a", Turn("a"))

        await engine.run(work, ME)


async def state_of(engine: Engine, version: int = 1) -> Meter | None:
    """Return the meter's state as this version of the code loads it, after a note of nothing folded."""
    decider = replace(SNAPPED, snapshots=Snapshots(Meter, version=version, every=10))
    FOLDED.clear()

    async def work(unit: UnitOfWork) -> Meter | None:
        return await unit.load(decider, "a")

    return (await engine.run(work, ME)).value


@pytest_asyncio.fixture(loop_scope="session")
async def restarted(database: str) -> AsyncIterator[Engine]:
    """The same service after a start: nothing is cached."""
    other = Engine("meters", database, CATALOGUE, state_tables=[meters_table(), echoes_table()])
    await other.start(pool_size=2)
    yield other
    await other.stop()


async def set_snapshot(engine: Engine, changes: str) -> None:
    """Change the snapshot's row."""
    assert await engine.query(lambda sql: sql.execute(f"update engine.snapshots set {changes}")) == 1  # noqa: S608 - a constant


async def test_a_state_is_loaded_from_its_snapshot_and_what_came_behind(
    engine: Engine, restarted: Engine
) -> None:
    await turn(engine, 24)
    assert await state_of(restarted) == Meter(24)
    assert FOLDED == [21, 22, 23, 24]


async def test_a_snapshot_of_another_version_of_the_code_is_ignored(
    engine: Engine, restarted: Engine
) -> None:
    await turn(engine, 12)
    assert await state_of(restarted, version=2) == Meter(12)
    assert len(FOLDED) == 12


@pytest.mark.parametrize("state", ["nonsense", '{"turns": "many"}', ""])
async def test_a_snapshot_that_can_not_be_read_is_ignored(
    engine: Engine, restarted: Engine, state: str
) -> None:
    await turn(engine, 12)
    await set_snapshot(engine, f"state = '{state}'")
    with capture_logs() as logs:
        assert await state_of(restarted) == Meter(12)
    assert [entry["stream"] for entry in logs if entry["event"] == "snapshot.unreadable"] == ["meter-a"]


async def test_a_snapshot_beyond_its_stream_is_ignored(engine: Engine, restarted: Engine) -> None:
    await turn(engine, 12)
    await set_snapshot(engine, "at_version = 30")
    assert await state_of(restarted) == Meter(12)


async def test_a_long_stream_without_a_snapshot_gets_one_with_its_next_event(
    engine: Engine, restarted: Engine
) -> None:
    await turn(engine, 12)
    await engine.query(lambda sql: sql.execute("delete from engine.snapshots"))
    await turn(restarted)
    row = await engine.query(lambda sql: sql.fetchrow("select at_version, state from engine.snapshots"))
    assert row is not None
    assert (row["at_version"], SNAPPED.snapshots and SNAPPED.snapshots.decode(row["state"])) == (
        13,
        Meter(13),
    )


async def test_a_unit_that_fails_leaves_no_snapshot(engine: Engine) -> None:
    class Failed(Exception):
        """What the unit fails with."""

    async def work(unit: UnitOfWork) -> None:
        await unit.execute(SNAPPED, "a", Turn("a", 30))
        assert await unit.flushed.fetchval("select at_version from engine.snapshots") == 30
        raise Failed

    with pytest.raises(Failed):
        await engine.run(work, ME)
    assert await engine.query(lambda sql: sql.fetchval("select count(*) from engine.snapshots")) == 0


async def test_one_row_a_stream_is_stored_in_the_course_of_its_life(
    engine: Engine, restarted: Engine
) -> None:
    await turn(engine, 35)

    async def seal(unit: UnitOfWork) -> None:
        await unit.execute(SNAPPED, "a", Seal("a"))

    await engine.run(seal, ME)
    assert await engine.query(
        lambda sql: sql.fetchval("select array_agg(at_version) from engine.snapshots")
    ) == [30]
    assert await state_of(restarted) == Meter(35, sealed=True)
