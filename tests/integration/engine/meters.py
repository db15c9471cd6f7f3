"""A made-up service: meters that are turned, and echoes of their turns."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import assert_never

from libs.eventsourcing import (
    Decider,
    Event,
    EventCatalogue,
    ImpossibleEvent,
    Projection,
    Reactions,
    Refused,
    TableSql,
    UnitOfWork,
)


class MeterTurned(Event):
    """A meter was turned once more."""

    meter: str
    number: int
    note: str = ""


class MeterSealed(Event):
    """A meter is not turned any more."""

    meter: str


class TurnEchoed(Event):
    """A reaction handled a turn."""

    meter: str
    number: int


CATALOGUE = EventCatalogue([MeterTurned, MeterSealed, TurnEchoed])


@dataclass(frozen=True)
class Turn:
    """Turn a meter a few times."""

    meter: str
    times: int = 1
    note: str = ""


@dataclass(frozen=True)
class Seal:
    """Seal a meter, once."""

    meter: str


@dataclass(frozen=True)
class Meter:
    """The turns of a meter, and whether it is sealed."""

    turns: int = 0
    sealed: bool = False


def decide(command: Turn | Seal, meter: Meter | None) -> list[MeterTurned | MeterSealed]:
    """Return the events of a command."""
    known = meter or Meter()
    match command:
        case Turn(meter=name, times=times, note=note):
            if known.sealed:
                raise Refused("sealed", name)
            return [
                MeterTurned(meter=name, number=known.turns + number, note=note)
                for number in range(1, times + 1)
            ]
        case Seal(meter=name):
            return [] if known.sealed else [MeterSealed(meter=name)]
        case _:
            assert_never(command)


def evolve(meter: Meter | None, event: MeterTurned | MeterSealed) -> Meter:
    """Return the meter after an event."""
    known = meter or Meter()
    match event:
        case MeterTurned(number=number):
            if number != known.turns + 1:
                message = f"turn {number} after {known.turns}"
                raise ImpossibleEvent(message)
            return Meter(number, known.sealed)
        case MeterSealed():
            return Meter(known.turns, sealed=True)
        case _:
            assert_never(event)


METER = Decider("meter", decide, evolve)


@dataclass(frozen=True)
class Echo:
    """Record the echo of a turn."""

    meter: str
    number: int


def decide_echo(command: Echo, count: int | None) -> list[TurnEchoed]:
    """Return the echo, also of a repeated turn: only the reader prevents duplicates."""
    del count
    return [TurnEchoed(meter=command.meter, number=command.number)]


def evolve_echo(count: int | None, event: TurnEchoed) -> int:
    """Count the echoes."""
    del event
    return (count or 0) + 1


ECHO = Decider("echo", decide_echo, evolve_echo)


def turn(meter: str, times: int = 1, note: str = "") -> Callable[[UnitOfWork], Awaitable[list[int]]]:
    """Return a unit of work that turns a meter; its result is the numbers of the turns."""

    async def work(unit: UnitOfWork) -> list[int]:
        events = await unit.execute(METER, meter, Turn(meter, times, note))
        return [event.number for event in events if isinstance(event, MeterTurned)]

    return work


def meters_table(version: int = 1, *, twice: bool = False) -> Projection:
    """Return the state table of all meters; another version may count each turn twice."""
    table = Projection(
        "meters", version=version, ddl="create table meters (meter text primary key, turns integer not null)"
    )

    @table.on(MeterTurned)
    async def turned(event: MeterTurned, sql: TableSql) -> None:
        await sql.execute(
            "insert into meters values ($1, $2) on conflict (meter) do update set turns = meters.turns + $2",
            event.meter,
            2 if twice else 1,
        )

    del turned
    return table


def echoes_table() -> Projection:
    """Return a table with a row for every echo, duplicates included."""
    table = Projection(
        "echoes",
        version=1,
        ddl="create table echoes (place bigint generated always as identity, meter text, number integer)",
    )

    @table.on(TurnEchoed)
    async def echoed(event: TurnEchoed, sql: TableSql) -> None:
        await sql.insert(meter=event.meter, number=event.number)

    del echoed
    return table


def echoing(*, pause: float = 0.0) -> Reactions:
    """Return the reaction that records an echo of every turn."""
    reactions = Reactions()

    @reactions.to(MeterTurned)
    async def echo(event: MeterTurned, unit: UnitOfWork) -> None:
        if pause:
            await asyncio.sleep(random.uniform(0, pause))
        await unit.execute(ECHO, event.meter, Echo(event.meter, event.number))

    del echo
    return reactions
