"""What the testing tools say of a whole service: what holds, and that what does not hold fails."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from libs.eventsourcing import Cause, Command, CommandHandlers, Event, Registry, Sql, Timers, UnitOfWork
from libs.eventsourcing.testing import Act, Service, StreamEvent, service_on
from libs.eventsourcing.values import new_id
from tests.integration.engine.meters import (
    CATALOGUE,
    ECHO,
    METER,
    MeterSealed,
    MeterTurned,
    Seal,
    Turn,
    TurnEchoed,
    echoes_table,
    echoing,
    meters_table,
)

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
EVENING = NOON + timedelta(hours=6)
TURNED = MeterTurned(meter="a", number=1)
SECOND = MeterTurned(meter="a", number=2)
SEALED = MeterSealed(meter="a")
ECHOED = TurnEchoed(meter="a", number=1)


class TurnMeter(Command):
    """Turn the meter once."""


commands, timers = CommandHandlers(), Timers()


@commands.on(TurnMeter)
async def turn(_: TurnMeter, unit: UnitOfWork) -> None:
    await unit.execute(METER, "a", Turn("a"))


async def evening(sql: Sql) -> datetime | None:
    return EVENING if await sql.fetchval("select exists (select from meters)") else None


@timers.due("evening", earliest=evening)
async def seal(unit: UnitOfWork) -> int:
    assert unit.at == EVENING
    cause = Cause(new_id(), new_id())
    return len(await unit.execute(METER, "a", Seal("a"), because=cause))


METERS = Registry(
    service="meters",
    aggregates=(METER, ECHO),
    state_tables=(meters_table(),),
    read_models=(echoes_table(),),
    reactions=echoing(),
    commands=commands,
    timers=timers,
)


@pytest_asyncio.fixture(loop_scope="session")
async def meters(empty_database: str) -> AsyncIterator[Service]:
    async with service_on(empty_database, METERS, CATALOGUE, None, at=NOON) as service:
        yield service


def said(event: Event, stream: str = "meter-a") -> StreamEvent:
    return StreamEvent(stream, event)


async def test_a_command_is_decided_on_what_was_given_and_shows_in_the_state_tables(meters: Service) -> None:
    await (
        meters.given(said(TURNED))
        .when(TurnMeter())
        .then(SECOND, rows={"select meter, turns from meters": [("a", 2)]})
    )


async def test_what_was_given_shows_in_the_read_models_and_is_not_reacted_to(meters: Service) -> None:
    await (
        meters.given(said(TURNED), said(ECHOED, "echo-a"))
        .when()
        .then(rows={"select meter, number from echoes": [("a", 1)]})
    )


async def test_what_is_heard_is_reacted_to(meters: Service) -> None:
    await meters.when(said(TURNED)).then(TURNED, ECHOED)


async def test_time_passes_up_to_an_instant(meters: Service) -> None:
    await meters.given(said(TURNED)).when(EVENING - timedelta(seconds=1)).then()
    await meters.when(EVENING).then(SEALED)
    await meters.when(TurnMeter()).then(refused="sealed")


@pytest.mark.parametrize(
    ("acts", "events", "refused", "rows"),
    [
        pytest.param([TurnMeter()], [], None, {}, id="an event more"),
        pytest.param([TurnMeter()], [TURNED, SECOND], None, {}, id="an event less"),
        pytest.param([TurnMeter()], [SECOND], None, {}, id="another event"),
        pytest.param([TurnMeter()], [TURNED], "sealed", {}, id="no refusal"),
        pytest.param([TurnMeter()], [TURNED], None, {"select 1 from meters": []}, id="other rows"),
        pytest.param([said(SEALED), TurnMeter()], [SEALED], None, {}, id="a refusal"),
        pytest.param([said(SEALED), TurnMeter()], [SEALED], "broken", {}, id="another refusal"),
    ],
)
async def test_what_does_not_hold_fails(
    meters: Service,
    acts: list[Act],
    events: list[Event],
    refused: str | None,
    rows: dict[str, list[tuple[object, ...]]],
) -> None:
    with pytest.raises(AssertionError, match="expected"):
        await meters.when(*acts).then(*events, refused=refused, rows=rows)
