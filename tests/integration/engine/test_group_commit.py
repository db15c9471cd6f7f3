"""Units of work that come at the same time share a transaction, and nothing else."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from libs.eventsourcing import Causes, Engine, Refused, UnitOfWork
from libs.eventsourcing.values import new_id
from libs.eventsourcing.writing.engine import Done
from tests.integration.engine.meters import METER, Seal, Turn, turn

ME = Causes.first("test")


@asynccontextmanager
async def while_one_is_under_way(engine: Engine) -> AsyncGenerator[None]:
    """What is asked for inside waits for a unit that ends with the block's end."""
    began, end = asyncio.Event(), asyncio.Event()

    async def slow(unit: UnitOfWork) -> None:
        began.set()
        await end.wait()
        await unit.execute(METER, "slow", Turn("slow"))

    first = asyncio.create_task(engine.run(slow, ME, grouped=True))
    await began.wait()
    yield
    await asyncio.sleep(0)  # what was begun inside has come to where it waits
    end.set()
    await first


async def together(engine: Engine, *works: Any) -> list[Any]:  # noqa: ANN401 - outcomes of any kind
    """Run units at the same time and return their outcomes."""
    async with while_one_is_under_way(engine):
        asked = [asyncio.create_task(engine.run(work, ME, grouped=True)) for work in works]
        await asyncio.sleep(0)
    return list(await asyncio.gather(*asked, return_exceptions=True))


async def transactions(engine: Engine) -> dict[str, str]:
    """Return in which transaction each meter was last turned."""
    rows = await engine.query(lambda sql: sql.fetch("select stream, xid::text as xid from engine.events"))
    return {row["stream"].removeprefix("meter-"): row["xid"] for row in rows}


async def test_those_that_come_while_one_is_under_way_share_a_transaction(engine: Engine) -> None:
    done = await together(engine, *(turn(name) for name in "abcdef"))
    assert [one.value for one in done] == [[1]] * 6
    found = await transactions(engine)
    assert len({found[name] for name in "abcdef"}) == 1
    assert found["slow"] != found["a"]
    rows = await engine.query(lambda sql: sql.fetch("select meter, turns from meters order by meter"))
    assert [tuple(row) for row in rows] == [(name, 1) for name in (*"abcdef", "slow")]


async def test_those_of_one_turn_of_the_loop_share_a_transaction(engine: Engine) -> None:
    await asyncio.gather(*(engine.run(turn(name), ME, grouped=True) for name in "abc"))
    assert len(set((await transactions(engine)).values())) == 1


async def test_each_is_told_the_place_of_its_own_last_event(engine: Engine) -> None:
    done: list[Done[Any]] = await together(engine, turn("a", 2), turn("b", 3))
    rows = await engine.query(
        lambda sql: sql.fetch("select stream, max(position) as last from engine.events group by stream")
    )
    last = {row["stream"]: row["last"] for row in rows}
    assert [one.written and one.written.position for one in done] == [last["meter-a"], last["meter-b"]]


async def test_those_of_one_stream_build_on_each_other(engine: Engine) -> None:
    await engine.run(turn("a"), ME)
    done = await together(engine, turn("a"), turn("a", 2), turn("a"))
    assert [one.value for one in done] == [[2], [3, 4], [5]]
    assert len(set((await transactions(engine)).values())) == 2


async def test_what_one_decides_the_next_one_finds_in_the_tables(engine: Engine) -> None:
    async def look(unit: UnitOfWork) -> int:
        return int(await unit.flushed.fetchval("select turns from meters where meter = 'a'") or 0)

    _, seen = await together(engine, turn("a", 3), look)
    assert seen.value == 3


async def test_a_refusal_is_told_to_its_own_and_harms_nobody(engine: Engine) -> None:
    await engine.run(lambda unit: unit.execute(METER, "sealed", Seal("sealed")), ME)
    before, refused, after = await together(engine, turn("a"), turn("sealed"), turn("b"))
    assert (before.value, after.value) == ([1], [1])
    assert isinstance(refused, Refused)
    found = await transactions(engine)
    assert found["a"] == found["b"]


async def test_one_that_fails_leaves_nothing_and_the_others_are_done(engine: Engine) -> None:
    async def fail(unit: UnitOfWork) -> None:
        await unit.execute(METER, "c", Turn("c"))
        message = "changed my mind"
        raise LookupError(message)

    async def refuse_late(unit: UnitOfWork) -> None:
        await unit.flushed.execute("insert into meters values ('d', 7)")
        raise Refused("late")

    one, failed, late, other = await together(engine, turn("a"), fail, refuse_late, turn("b"))
    assert (one.value, other.value) == ([1], [1])
    assert isinstance(failed, LookupError)
    assert isinstance(late, Refused)
    rows = await engine.query(lambda sql: sql.fetch("select meter from meters order by meter"))
    assert [row["meter"] for row in rows] == ["a", "b", "slow"]


async def test_a_repeated_command_answers_like_the_first_time(engine: Engine) -> None:
    command = new_id()
    first = await engine.run(turn("a"), ME, command=command, grouped=True)
    async with while_one_is_under_way(engine):
        again = asyncio.create_task(engine.run(turn("a"), ME, command=command, grouped=True))
        other = asyncio.create_task(engine.run(turn("b"), ME, command=new_id(), grouped=True))
        await asyncio.sleep(0)
    assert ((await again).written, (await again).value) == (first.written, None)
    assert (await other).value == [1]
    assert await engine.query(lambda sql: sql.fetchval("select count(*) from engine.commands")) == 2
    assert await engine.query(lambda sql: sql.fetchval("select turns from meters where meter = 'a'")) == 1


async def test_a_repeated_command_from_which_nothing_follows_now_answers_like_the_first_time(
    engine: Engine,
) -> None:
    command = new_id()

    async def seal(unit: UnitOfWork) -> None:
        await unit.execute(METER, "a", Seal("a"))

    first = await engine.run(seal, ME, command=command, grouped=True)
    async with while_one_is_under_way(engine):
        again = asyncio.create_task(engine.run(seal, ME, command=command, grouped=True))
        other = asyncio.create_task(engine.run(turn("b"), ME, grouped=True))
        await asyncio.sleep(0)
    assert (await again).written == first.written is not None
    assert (await other).value == [1]


async def test_one_whose_stream_another_process_writes_to_is_decided_again(engine: Engine) -> None:
    await engine.run(turn("a"), ME)
    async with while_one_is_under_way(engine):
        mine = asyncio.create_task(engine.run(turn("a"), ME, grouped=True))
        other = asyncio.create_task(engine.run(turn("b"), ME, grouped=True))
        await asyncio.sleep(0)
        stranger = Engine("meters", engine.tables.url, engine.catalogue, state_tables=engine.state_tables)
        await stranger.start(pool_size=1)
        await stranger.run(turn("a"), ME)
        await stranger.stop()
    assert ((await mine).value, (await other).value) == ([3], [1])


async def test_who_leaves_before_its_turn_is_not_carried_out(engine: Engine) -> None:
    async with while_one_is_under_way(engine):
        leaving = asyncio.create_task(engine.run(turn("a"), ME, grouped=True))
        staying = asyncio.create_task(engine.run(turn("b"), ME, grouped=True))
        await asyncio.sleep(0)
        leaving.cancel()
    assert (await staying).value == [1]
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert set(await transactions(engine)) == {"b", "slow"}


async def test_whoever_waits_when_the_engine_stops_is_let_go(engine: Engine) -> None:
    began = asyncio.Event()

    async def endless(unit: UnitOfWork) -> None:
        await unit.load(METER, "a")
        began.set()
        await asyncio.Event().wait()

    first = asyncio.create_task(engine.run(endless, ME, grouped=True))
    await began.wait()
    waiting = asyncio.create_task(engine.run(turn("b"), ME, grouped=True))
    await asyncio.sleep(0)
    await engine.stop()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
