"""Registering projections, reactions, timers and deciders."""

from datetime import UTC, datetime
from typing import cast

import pytest

from libs.eventsourcing import Projection, Reactions, Refused, Sql, TableSql, Timers, UnitOfWork
from tests.integration.engine.meters import METER, Meter, MeterSealed, MeterTurned

NO_UNIT = cast("UnitOfWork", None)


async def fold(event: MeterTurned, sql: TableSql) -> None:
    del event, sql


async def react(event: MeterTurned, unit: UnitOfWork) -> None:
    del event, unit


async def react_too(event: MeterTurned, unit: UnitOfWork) -> None:
    del event, unit


@pytest.mark.parametrize("name", ["", "Orders", "9orders", 'a"; drop table x', "a-b", "x" * 52])
def test_a_projections_name_must_be_a_valid_sql_name(name: str) -> None:
    with pytest.raises(ValueError, match="name of a projection"):
        Projection(name, version=1, ddl="")


def test_a_projection_has_one_handler_for_each_event() -> None:
    table = Projection("orders", version=1, ddl="")
    table.on(MeterTurned)(fold)
    with pytest.raises(ValueError, match="orders already has a handler of MeterTurned"):
        table.on(MeterTurned)(fold)
    assert table.events == {MeterTurned}


def test_an_event_may_have_several_reactions_in_order_of_registration() -> None:
    reactions = Reactions()
    reactions.to(MeterTurned)(react)
    reactions.to(MeterTurned)(react_too)
    assert list(reactions.of(MeterTurned(meter="a", number=1))) == [react, react_too]
    assert list(reactions.of(MeterSealed(meter="a"))) == []
    assert reactions.events == {MeterTurned}


async def test_a_reaction_gets_the_context_that_it_is_bound_to() -> None:
    reactions, handled = Reactions[str](), list[object]()

    @reactions.to(MeterTurned)
    async def turned(event: MeterTurned, unit: UnitOfWork) -> None:
        del unit
        handled.append(event.number)

    @reactions.to(MeterTurned, context=True)
    async def turned_in(event: MeterTurned, unit: UnitOfWork, context: str) -> None:
        del event, unit
        handled.append(context)

    for reaction in reactions.bind("the cellar").of(MeterTurned(meter="a", number=1)):
        await reaction(MeterTurned(meter="a", number=1), NO_UNIT)
    assert handled == [1, "the cellar"]
    del turned, turned_in


async def test_a_reaction_without_its_context_does_not_run() -> None:
    reactions = Reactions[str]()

    @reactions.to(MeterTurned, context=True)
    async def turned(event: MeterTurned, unit: UnitOfWork, context: str) -> None:
        raise AssertionError((event, unit, context))

    (unbound,) = reactions.of(MeterTurned(meter="a", number=1))
    with pytest.raises(TypeError, match="turned works with a context"):
        await unbound(MeterTurned(meter="a", number=1), NO_UNIT)
    del turned


async def test_a_timer_is_given_its_context_and_has_one_name() -> None:
    timers, contexts = Timers[int](), list[int]()

    async def earliest(sql: Sql, context: int) -> datetime | None:
        del sql
        return datetime(2026, 5, context, tzinfo=UTC)

    @timers.due("mondays", earliest=earliest, context=True)
    async def take(unit: UnitOfWork, context: int) -> int:
        del unit
        contexts.append(context)
        return 0

    (due,) = timers.bind(4)
    assert await due.earliest(cast("Sql", None)) == datetime(2026, 5, 4, tzinfo=UTC)
    assert await due.take(NO_UNIT) == 0
    assert contexts == [4]
    assert timers.names == {"mondays"}
    with pytest.raises(ValueError, match="already a timer mondays"):
        timers.due("mondays", earliest=earliest, context=True)(take)


def test_a_decider_names_its_streams_and_folds_them() -> None:
    assert METER.stream("a-1") == "meter-a-1"
    assert METER.fold([]) is None
    assert METER.fold([MeterTurned(meter="a", number=1)], Meter(0, sealed=True)) == Meter(1, sealed=True)


def test_a_refusal_reads_well() -> None:
    assert str(Refused("sealed")) == "sealed"
    assert str(Refused("sealed", "since June")) == "sealed: since June"
