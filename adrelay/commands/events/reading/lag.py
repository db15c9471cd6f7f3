"""`adrelay events lag`: the lag of relays and readers, and its causes."""

from typing import cast

from rich.text import Text

from adrelay.servers.broker import streaming
from adrelay.servers.options import ServerOptions
from adrelay.servers.stores import stores
from adrelay.terminal.moments import duration
from adrelay.terminal.outcome import Exit, complain, print_json, screen
from adrelay.terminal.screen import Screen, Table
from libs.chassis.operations.lag_problems import AHEAD, database_problems, reader_problems, relay_problems
from libs.chassis.plain_values import Json, plain
from libs.events.catalogue import published
from libs.eventsourcing.operations import (
    OldestTransaction,
    ReaderLag,
    RelayLag,
    oldest_transaction,
    reader_lags,
    relay_lag,
)


async def lag(servers: ServerOptions, allowed_seconds: float, *, json: bool) -> Exit:
    """Print the lag of relays and readers, and its causes."""
    databases, broker = servers.databases(), servers.broker()
    async with stores(databases) as connections, streaming(broker) as stream:
        catalogue = published()
        relays = [await relay_lag(service, one, stream) for service, one in connections.items()]
        readers = [
            found
            for service, one in connections.items()
            for found in await reader_lags(service, one, stream, catalogue)
        ]
        open_transactions = [await oldest_transaction(service, one) for service, one in connections.items()]
    problems = [
        *(problem for relay in relays for problem in relay_problems(relay, allowed_seconds)),
        *(problem for reader in readers for problem in reader_problems(reader, allowed_seconds)),
        *(problem for one in open_transactions for problem in database_problems(one, allowed_seconds)),
    ]
    if json:
        print_json(
            {
                "relays": [_document(relay) for relay in relays],
                "readers": [_reader_document(reader) for reader in readers],
                "databases": plain(open_transactions),
                "problems": problems,
            }
        )
    else:
        print_lags(screen(), relays, readers, open_transactions)
        for problem in problems:
            complain(problem)
    return Exit.FOUND if problems else Exit.OK


def _reader_document(reader: ReaderLag) -> Json:
    """Return a reader's lag as JSON, in which dead letters have an older name."""
    fields = cast("dict[str, Json]", plain(reader))
    fields["parked"] = fields.pop("dead_letters")
    return fields


def _document(relay: RelayLag) -> Json:
    stalled = relay.stalled
    return {
        "service": relay.service,
        "active": relay.active,
        "stored": relay.stored,
        "behind": relay.behind,
        "oldest_seconds": relay.oldest_seconds,
        "trouble": AHEAD if relay.ahead else None,
        "stalled_since": None if stalled is None else plain(stalled.since),
        "stall_seconds": None if stalled is None else stalled.seconds,
        "stall_reason": None if stalled is None else stalled.error,
    }


def print_lags(
    console: Screen,
    relays: list[RelayLag],
    readers: list[ReaderLag],
    databases: list[OldestTransaction],
) -> None:
    """Print relays and readers with their lag and its causes."""
    columns = ("store", "runs", "events", "not relayed", "oldest", "stalled for")
    table = Table(*columns, title="relays: from the stores to the stream", right=columns[1:])
    for relay in relays:
        table.add(
            relay.service,
            _yes(relay.active),
            str(relay.stored),
            _count(relay.behind),
            _age(relay.oldest_seconds),
            _age(None if relay.stalled is None else relay.stalled.seconds),
        )
    console.table(table)
    of_readers = ("service", "reader", "runs", "waiting", "oldest", "dead letters")
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
            _count(reader.dead_letters),
        )
    console.table(table)
    title = "\ndatabases: what holds relays back"
    right = ("oldest open transaction", "xmin age")
    table = Table("database", *right, "of", title=title, right=right)
    for one in databases:
        table.add(one.service, _age(one.open_seconds), str(one.xmin_age), one.holder or "-")
    console.table(table)


def _yes(value: bool) -> Text:  # noqa: FBT001 - that is what it renders
    return Text("yes", "green") if value else Text("no", "red")


def _count(value: int) -> Text:
    return Text(str(value), "yellow" if value else "")


def _age(seconds: float | None) -> str:
    return "-" if seconds is None else duration(seconds)
