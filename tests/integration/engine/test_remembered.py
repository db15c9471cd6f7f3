"""What a process remembers of streams spares it loading them, and never makes it decide wrongly."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from libs.eventsourcing import Causes, Decider, Engine, Refused, UnitOfWork
from tests.integration.engine.meters import (
    CATALOGUE,
    METER,
    Meter,
    MeterSealed,
    MeterTurned,
    echoes_table,
    evolve,
    meters_table,
    turn,
)

ME = Causes.first("test")


@dataclass(frozen=True)
class MakeEven:
    """Turn a meter once more if its number is odd."""

    meter: str


def decide(command: MakeEven, meter: Meter | None) -> list[MeterTurned | MeterSealed]:
    turns = meter.turns if meter else 0
    return [MeterTurned(meter=command.meter, number=turns + 1)] if turns % 2 else []


EVEN = Decider("meter", decide, evolve)


@dataclass(frozen=True)
class Need:
    """Go on only if a meter's number is odd, or even; None for whatever it is."""

    odd: bool | None


def need(command: Need, meter: Meter | None) -> list[MeterTurned | MeterSealed]:
    if command.odd is not None and command.odd != bool(meter and meter.turns % 2):
        raise Refused("other")
    return []


NEED = Decider("meter", need, evolve)


async def make_even(unit: UnitOfWork) -> int:
    """Return how many turns that took."""
    return len(await unit.execute(EVEN, "a", MakeEven("a")))


@pytest_asyncio.fixture(loop_scope="session")
async def other(database: str, engine: Engine) -> AsyncIterator[Engine]:
    """Another process of the same service."""
    other = Engine(engine.service, database, CATALOGUE, state_tables=[meters_table(), echoes_table()])
    await other.start()
    yield other
    await other.stop()


async def test_that_nothing_follows_from_an_old_state_is_decided_again(engine: Engine, other: Engine) -> None:
    await engine.run(turn("a", 2), ME)
    assert (await engine.run(make_even, ME)).value == 0
    await other.run(turn("a"), ME)
    assert (await engine.run(make_even, ME)).value == 1
    assert (await engine.run(make_even, ME)).value == 0


async def test_what_stands_in_the_tables_is_right_where_nothing_followed_from_an_old_state(
    engine: Engine, other: Engine
) -> None:
    async def look_after(unit: UnitOfWork) -> int:
        await make_even(unit)
        return int(await unit.flushed.fetchval("select turns from meters where meter = 'a'"))

    await engine.run(turn("a", 2), ME)
    await other.run(turn("a"), ME)
    assert (await engine.run(look_after, ME)).value == 4


async def test_nothing_is_refused_on_an_old_state_from_which_nothing_followed_before(
    engine: Engine, other: Engine
) -> None:
    async def need_odd(unit: UnitOfWork) -> None:
        await unit.execute(NEED, "a", Need(odd=None))
        await unit.execute(NEED, "a", Need(odd=True))

    await engine.run(turn("a", 2), ME)
    await other.run(turn("a"), ME)
    await engine.run(need_odd, ME)


async def test_what_is_loaded_is_the_present_state(engine: Engine, other: Engine) -> None:
    async def load(unit: UnitOfWork) -> Meter | None:
        await unit.execute(NEED, "a", Need(odd=None))
        meter = await unit.load(METER, "a")
        if meter == Meter(2):
            raise Refused("old")
        return meter

    await engine.run(turn("a", 2), ME)
    await other.run(turn("a"), ME)
    assert (await engine.run(load, ME)).value == Meter(3)


async def test_nothing_is_refused_on_what_was_decided_on_an_old_state(engine: Engine, other: Engine) -> None:
    async def turn_to_even(unit: UnitOfWork) -> list[int]:
        turned = await turn("a")(unit)
        await unit.execute(NEED, "a", Need(odd=False))
        return turned

    await engine.run(turn("a", 2), ME)
    await other.run(turn("a"), ME)
    assert (await engine.run(turn_to_even, ME)).value == [4]
    with pytest.raises(Refused, match="other"):
        await engine.run(turn_to_even, ME)
    assert (await engine.run(turn("a"), ME)).value == [5]


async def test_units_that_share_a_transaction_are_tried_together_once_more(
    engine: Engine, other: Engine
) -> None:
    await engine.run(turn("a", 2), ME)
    await engine.run(turn("b"), ME)
    await other.run(turn("a"), ME)
    await other.run(turn("b"), ME)
    evened, turned = await asyncio.gather(
        engine.run(make_even, ME, grouped=True), engine.run(turn("b"), ME, grouped=True)
    )
    assert (evened.value, turned.value) == (1, [3])
    assert evened.written is not None
    assert turned.written is not None
    assert evened.written.xid == turned.written.xid


async def test_what_is_stored_already_is_read_without_writing_what_was_decided(engine: Engine) -> None:
    asked = "select turns from meters where meter = 'a'"

    async def look(unit: UnitOfWork) -> list[int | None]:
        await turn("a")(unit)
        return [await unit.unflushed.fetchval(asked), await unit.flushed.fetchval(asked)]

    assert (await engine.run(look, ME)).value == [None, 1]
