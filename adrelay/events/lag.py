"""`adrelay events lag`: how far relays and readers are behind, and what holds them back."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from adrelay.events.connections import stores
from adrelay.events.moments import duration
from adrelay.events.outcome import Exit, carry_out, complain, say_json, screen
from adrelay.events.places import ENV_FILE, DataOption, EnvFileOption, JsonOption, Places
from adrelay.events.plain import plain
from adrelay.events.standing import (
    DatabaseStanding,
    ReaderStanding,
    RelayStanding,
    database_standing,
    reader_standings,
    relay_standing,
)
from adrelay.events.streaming import streaming


def lag(
    patience: Annotated[
        float,
        typer.Option(help="From how many seconds on waiting, or an open transaction, is a problem.", min=0),
    ] = 10.0,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Show how far the stream is behind the stores, the readers behind the stream, and what holds them back.

    Exit codes: 0 all keep up, 1 something is behind for longer than the patience, does not run, or has parked
    events, 2 wrong usage or a server that does not answer.
    """
    carry_out(lambda: _lag(Places(data, env_file), patience, json=json))


async def _lag(places: Places, patience: float, *, json: bool) -> Exit:
    databases, broker = places.databases(), places.broker()
    async with stores(databases) as connections, streaming(broker) as stream:
        relays = [await relay_standing(service, one, stream) for service, one in connections.items()]
        readers = [
            standing
            for service, one in connections.items()
            for standing in await reader_standings(service, one, stream)
        ]
        held = [await database_standing(service, one) for service, one in connections.items()]
    standings: list[RelayStanding | ReaderStanding | DatabaseStanding] = [*relays, *readers, *held]
    problems = [problem for one in standings for problem in one.problems(patience)]
    if json:
        say_json(
            {
                "relays": plain(relays),
                "readers": plain(readers),
                "databases": plain(held),
                "problems": problems,
            }
        )
    else:
        _print(screen(), relays, readers, held)
        for problem in problems:
            complain(problem)
    return Exit.FOUND if problems else Exit.OK


def _print(
    console: Console,
    relays: list[RelayStanding],
    readers: list[ReaderStanding],
    held: list[DatabaseStanding],
) -> None:
    table = _table(
        "relays: from the stores to the stream",
        "store",
        "runs",
        "events",
        "not relayed",
        "oldest",
        "stalled for",
    )
    for relay in relays:
        table.add_row(
            relay.service,
            _yes(relay.active),
            str(relay.stored),
            _count(relay.behind),
            _age(relay.oldest_seconds),
            _age(relay.stall_seconds),
        )
    console.print(table)
    table = _table(
        "readers: from the stream to reactions and read models",
        "service",
        "reader",
        "runs",
        "waiting",
        "oldest",
        "parked",
    )
    for reader in readers:
        table.add_row(
            reader.service,
            reader.name,
            _yes(reader.active),
            _count(reader.waiting),
            _age(reader.oldest_seconds),
            _count(reader.parked),
        )
    console.print(table)
    table = _table(
        "databases: what holds relays back", "database", "oldest open transaction", "of", "xmin age"
    )
    for one in held:
        table.add_row(one.service, _age(one.open_seconds), one.holder or "-", str(one.xmin_age))
    console.print(table)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right")
    return table


def _yes(value: bool) -> str:  # noqa: FBT001 - that is what it renders
    return "[green]yes[/green]" if value else "[red]no[/red]"


def _count(value: int) -> str:
    return f"[yellow]{value}[/yellow]" if value else "0"


def _age(seconds: float | None) -> str:
    return "-" if seconds is None else duration(seconds)
