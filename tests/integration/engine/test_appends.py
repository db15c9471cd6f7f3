"""Many writers at once."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest

from libs.eventsourcing import Causes, Engine, Refused, Row, UnitOfWork
from libs.eventsourcing.background import forget_commands
from libs.eventsourcing.model.errors import Conflict
from libs.eventsourcing.values import new_id
from tests.integration.engine.meters import METER, Seal, Turn, turn

ME = Causes.first("test")


async def patiently(engine: Engine, work: Callable[[UnitOfWork], Awaitable[list[int]]]) -> list[int]:
    """Carry work out however often others are quicker."""
    while True:
        try:
            return (await engine.run(work, Causes.first("test"))).value or []
        except Conflict:  # pragma: no cover - only under an unlucky crowd
            continue


async def stored_turns(engine: Engine, meter: str) -> list[Row]:
    return await engine.query(
        lambda sql: sql.fetch(
            "select version, (data->>'number')::integer as number from engine.events "
            "where stream = $1 order by version",
            f"meter-{meter}",
        )
    )


async def turns_of(engine: Engine, meter: str) -> int:
    turns = await engine.query(lambda sql: sql.fetchval("select turns from meters where meter = $1", meter))
    return int(turns)


async def test_writers_of_the_same_streams_leave_no_gap_and_no_repeat(engine: Engine) -> None:
    answers: dict[str, list[int]] = {name: [] for name in "abc"}

    async def writer() -> None:
        for _ in range(12):
            name = random.choice("abc")
            answers[name] += await patiently(engine, turn(name, random.randint(1, 2)))

    await asyncio.gather(*(writer() for _ in range(8)))
    for name, numbers in answers.items():
        stored = await stored_turns(engine, name)
        everyone = list(range(1, len(numbers) + 1))
        assert sorted(numbers) == everyone
        assert [row["version"] for row in stored] == everyone
        assert [row["number"] for row in stored] == everyone
        assert await turns_of(engine, name) == len(numbers)


async def test_a_repeated_command_answers_like_the_first_time(engine: Engine) -> None:
    command = new_id()
    first = await engine.run(turn("a", 2), ME, command=command)
    await engine.run(turn("a"), ME)
    again = await engine.run(turn("a", 2), ME, command=command)
    assert again.written == first.written
    assert again.value is None
    assert await engine.query(lambda sql: sql.fetchval("select count(*) from engine.events")) == 3


async def test_a_command_is_remembered_for_ninety_days(engine: Engine) -> None:
    old, recent = new_id(), new_id()
    await engine.run(turn("a"), ME, command=old)
    await engine.run(turn("a"), ME, command=recent)
    age = "update engine.commands set at = now() - make_interval(days => $2) where id = $1"
    await engine.query(lambda sql: sql.execute(age, old, 91))
    await engine.query(lambda sql: sql.execute(age, recent, 89))
    assert await forget_commands(engine) == 3600
    assert (await engine.run(turn("a"), ME, command=recent)).value is None
    assert (await engine.run(turn("a"), ME, command=old)).value == [3]


async def test_a_repeated_command_that_would_be_refused_by_now_answers_like_the_first_time(
    engine: Engine,
) -> None:
    command = new_id()
    first = await engine.run(turn("a"), ME, command=command)
    await engine.run(lambda unit: unit.execute(METER, "a", Seal("a")), ME)
    again = await engine.run(turn("a"), ME, command=command)
    assert (again.written, again.value) == (first.written, None)
    with pytest.raises(Refused, match="sealed"):
        await engine.run(turn("a"), ME, command=new_id())


async def test_what_a_repeated_command_would_write_beside_the_events_is_not_written(engine: Engine) -> None:
    await engine.query(lambda sql: sql.execute("create table public.marks (mark text)"))
    command = new_id()

    async def seal(unit: UnitOfWork) -> None:
        await unit.execute(METER, "a", Seal("a"))
        await unit.flushed.execute("insert into public.marks values ('sealed')")

    first = await engine.run(seal, ME, command=command)
    again = await engine.run(seal, ME, command=command)  # sealed already: nothing follows
    assert again.written == first.written is not None
    assert await engine.query(lambda sql: sql.fetchval("select count(*) from public.marks")) == 1


async def test_a_command_that_writes_several_streams_tells_of_its_last_event(engine: Engine) -> None:
    command = new_id()

    async def work(unit: UnitOfWork) -> None:
        for name in "abc":
            await unit.execute(METER, name, Turn(name))

    first = await engine.run(work, ME, command=command)
    again = await engine.run(work, ME, command=command)
    last = await engine.query(lambda sql: sql.fetchval("select max(position) from engine.events"))
    assert again.written == first.written
    assert again.written is not None
    assert again.written.position == last


async def test_the_same_command_at_the_same_moment_is_carried_out_once(engine: Engine) -> None:
    command, both_began = new_id(), asyncio.Barrier(2)
    attempts = 0

    async def work(unit: UnitOfWork) -> None:
        nonlocal attempts
        attempts += 1
        await unit.load(METER, "a")  # the snapshot is taken here
        if attempts <= 2:
            await both_began.wait()
        # different streams: only the command's own row can tell that they are the same
        await unit.execute(METER, f"s{attempts}", Turn(f"s{attempts}"))

    one, other = await asyncio.gather(*(engine.run(work, ME, command=command) for _ in range(2)))
    assert one.written == other.written is not None
    assert await engine.query(lambda sql: sql.fetchval("select count(*) from engine.events")) == 1


async def test_a_refused_command_leaves_nothing_and_may_be_tried_again(engine: Engine) -> None:
    command = new_id()
    await engine.run(lambda unit: unit.execute(METER, "a", Seal("a")), ME)

    async def work(unit: UnitOfWork) -> None:
        await unit.execute(METER, "b", Turn("b"))
        await unit.execute(METER, "a", Turn("a"))

    with pytest.raises(Refused, match="sealed"):
        await engine.run(work, ME, command=command)
    assert await engine.query(lambda sql: sql.fetchval("select count(*) from meters")) == 0
    done = await engine.run(turn("b"), ME, command=command)
    assert done.value == [1]


async def test_a_row_that_another_unit_inserted_first_is_seen_on_the_second_try(engine: Engine) -> None:
    await engine.query(lambda sql: sql.execute("create table public.names (name text primary key)"))
    both_looked = asyncio.Barrier(2)
    looks = 0

    async def claim(unit: UnitOfWork) -> str:
        nonlocal looks
        looks += 1
        if await unit.flushed.fetchval("select true from public.names where name = 'x'"):
            return "taken"
        if looks <= 2:
            await both_looked.wait()
        await unit.flushed.execute("insert into public.names values ('x')")
        return "mine"

    answers = await asyncio.gather(*(engine.run(claim, ME) for _ in range(2)))
    assert sorted(answer.value or "" for answer in answers) == ["mine", "taken"]


async def test_one_unit_writes_several_streams_or_none(engine: Engine) -> None:
    async def work(unit: UnitOfWork) -> None:
        for name in "abc":
            await unit.execute(METER, name, Turn(name))
        state = await unit.load(METER, "a")
        assert state is not None
        assert state.turns == 1
        message = "changed my mind"
        raise LookupError(message)

    with pytest.raises(LookupError):
        await engine.run(work, ME)
    assert await engine.query(lambda sql: sql.fetchval("select count(*) from engine.events")) == 0


async def test_deciding_twice_in_one_unit_builds_on_the_first_decision(engine: Engine) -> None:
    async def work(unit: UnitOfWork) -> None:
        await unit.execute(METER, "a", Turn("a", 2))
        await unit.execute(METER, "a", Turn("a", 1))

    await engine.run(work, ME)
    done = await engine.run(turn("a"), ME)
    assert done.value == [4]
