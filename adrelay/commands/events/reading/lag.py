"""`adrelay events lag`: how far relays and readers are behind, and what holds them back."""

from rich.text import Text

from adrelay.commands.events.reading.standing import (
    DatabaseStanding,
    ReaderStanding,
    RelayStanding,
    database_standing,
    reader_standings,
    relay_standing,
)
from adrelay.servers.broker import streaming
from adrelay.servers.places import Places
from adrelay.servers.stores import stores
from adrelay.terminal.moments import duration
from adrelay.terminal.outcome import Exit, complain, say_json, screen
from adrelay.terminal.plain import plain
from adrelay.terminal.screen import Screen, Table


async def lag(places: Places, patience: float, *, json: bool) -> Exit:
    """Print how far relays and readers are behind, and what holds them back."""
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
        print_standings(screen(), relays, readers, held)
        for problem in problems:
            complain(problem)
    return Exit.FOUND if problems else Exit.OK


def print_standings(
    console: Screen,
    relays: list[RelayStanding],
    readers: list[ReaderStanding],
    held: list[DatabaseStanding],
) -> None:
    """Print how far relays and readers are, and what holds them back."""
    columns = ("store", "runs", "events", "not relayed", "oldest", "stalled for")
    table = Table(*columns, title="relays: from the stores to the stream", right=columns[1:])
    for relay in relays:
        table.add(
            relay.service,
            _yes(relay.active),
            str(relay.stored),
            _count(relay.behind),
            _age(relay.oldest_seconds),
            _age(relay.stall_seconds),
        )
    console.table(table)
    of_readers = ("service", "reader", "runs", "waiting", "oldest", "parked")
    table = Table(
        *of_readers, title="\nreaders: from the stream to reactions and read models", right=of_readers[2:]
    )
    for reader in readers:
        table.add(
            reader.service,
            reader.name,
            _yes(reader.active),
            _count(reader.waiting),
            _age(reader.oldest_seconds),
            _count(reader.parked),
        )
    console.table(table)
    title = "\ndatabases: what holds relays back"
    right = ("oldest open transaction", "xmin age")
    table = Table("database", *right, "of", title=title, right=right)
    for one in held:
        table.add(one.service, _age(one.open_seconds), str(one.xmin_age), one.holder or "-")
    console.table(table)


def _yes(value: bool) -> Text:  # noqa: FBT001 - that is what it renders
    return Text("yes", "green") if value else Text("no", "red")


def _count(value: int) -> Text:
    return Text(str(value), "yellow" if value else "")


def _age(seconds: float | None) -> str:
    return "-" if seconds is None else duration(seconds)
