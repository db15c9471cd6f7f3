"""The command group `adrelay events`."""

from collections.abc import Mapping
from typing import ClassVar

from adrelay.terminal.menu import Entry, Menu, group


class _Events(Menu):
    entries: ClassVar[Mapping[str, Entry]] = {
        "tail": Entry(
            "adrelay.commands.events.reading.cli:tail",
            "Show events as they happen, in the stream's order; with --json, one on a line.",
        ),
        "show": Entry(
            "adrelay.commands.events.reading.cli:show",
            "Show a stream's events, and the state folded from them after each.",
        ),
        "trace": Entry(
            "adrelay.commands.events.reading.cli:trace",
            "Show causes and effects as a tree over all services, with times and the gaps between.",
        ),
        "lag": Entry(
            "adrelay.commands.events.reading.cli:lag",
            "Show the lag of the stream behind the stores and of the readers behind the stream, "
            "with its causes.",
        ),
        "verify": Entry(
            "adrelay.commands.events.tables.cli:verify",
            "Compare the stores with the stream (gaps, repeats, order, content), "
            "and tables with a fresh fold.",
        ),
        "tables": Entry(
            "adrelay.commands.events.tables.cli:tables",
            "List the tables that services fold, and their shadow tables.",
        ),
        "rebuild": Entry(
            "adrelay.commands.events.tables.cli:rebuild",
            "Fold a table anew from all events into shadow tables, and swap it in.",
        ),
        "rollback": Entry(
            "adrelay.commands.events.tables.cli:rollback",
            "Catch up archived tables of this program's version and swap them in.",
        ),
        "retire": Entry(
            "adrelay.commands.events.tables.cli:retire",
            "Stop folding a table that this version of the service does not know any more; it is archived.",
        ),
        "create-stream": Entry(
            "adrelay.commands.events.transfer.cli:create_stream",
            "Create the stream of events, unless it exists; one of an earlier version gets what it lacks.",
        ),
        "republish": Entry(
            "adrelay.commands.events.transfer.cli:republish",
            "Publish the stores' events that the stream lacks, after counting them and asking.",
        ),
        "strip-addresses": Entry(
            "adrelay.commands.events.transfer.cli:strip_addresses",
            "Remove e-mail addresses from events that earlier versions stored, once after an update.",
        ),
        "rebase": Entry(
            "adrelay.commands.events.transfer.cli:rebase",
            "Move a restored store's next transaction ids behind those of all its events.",
        ),
        "export": Entry(
            "adrelay.commands.events.transfer.cli:export",
            "Write the services' events and their readers' checkpoints, as a consistent snapshot.",
        ),
        "import": Entry(
            "adrelay.commands.events.transfer.cli:import_",
            "Import exported events into empty stores, in the same order, with the readers' checkpoints.",
        ),
        "dead": Entry(
            "adrelay.commands.events.dead.cli:dead",
            "List, show, retry and drop events that a reader could not handle.",
        ),
    }


events = group(
    _Events,
    "events",
    add_completion=False,
    help="Follow, explain and repair what the services did. All of it works while they run.",
    epilog="Servers are found by ADRELAY_POSTGRES_URL, ADRELAY_<SERVICE>_POSTGRES_URL, ADRELAY_NATS_URL "
    "and ADRELAY_NATS_PREFIX, or with --folder. Exit codes: 0 done, 1 found problems or nothing, "
    "2 could not run.",
)
