"""Projections, reactions and deciders: what is said once when a program starts."""

import pytest

from libs.eventsourcing import Projection, Reactions, Refused, TableSql, UnitOfWork
from tests.integration.engine.meters import METER, Meter, MeterSealed, MeterTurned


async def fold(event: MeterTurned, sql: TableSql) -> None:
    del event, sql


async def react(event: MeterTurned, unit: UnitOfWork) -> None:
    del event, unit


async def react_too(event: MeterTurned, unit: UnitOfWork) -> None:
    del event, unit


@pytest.mark.parametrize("name", ["", "Orders", "9orders", 'a"; drop table x', "a-b", "x" * 52])
def test_a_projection_needs_a_name_that_sql_takes(name: str) -> None:
    with pytest.raises(ValueError, match="name of a projection"):
        Projection(name, version=1, ddl="")


def test_an_event_changes_a_projection_in_one_way() -> None:
    table = Projection("orders", version=1, ddl="")
    table.on(MeterTurned)(fold)
    with pytest.raises(ValueError, match="orders already has a handler of MeterTurned"):
        table.on(MeterTurned)(fold)
    assert table.events == {MeterTurned}


def test_an_event_may_have_several_reactions_in_the_order_of_their_writing() -> None:
    reactions = Reactions()
    reactions.to(MeterTurned)(react)
    reactions.to(MeterTurned)(react_too)
    assert list(reactions.of(MeterTurned(meter="a", number=1))) == [react, react_too]
    assert list(reactions.of(MeterSealed(meter="a"))) == []
    assert reactions.events == {MeterTurned}


def test_a_decider_names_its_streams_and_folds_them() -> None:
    assert METER.stream("a-1") == "meter-a-1"
    assert METER.fold([]) is None
    assert METER.fold([MeterTurned(meter="a", number=1)], Meter(0, sealed=True)) == Meter(1, sealed=True)


def test_a_refusal_reads_well() -> None:
    assert str(Refused("sealed")) == "sealed"
    assert str(Refused("sealed", "since June")) == "sealed: since June"
