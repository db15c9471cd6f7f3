"""The group `adrelay events`."""

import sys
from collections.abc import Sequence
from importlib import import_module

import typer

_COMMANDS = {
    "tail": "tail:tail",
    "show": "show:show",
    "trace": "trace:trace",
    "lag": "lag:lag",
    "verify": "verify:verify",
    "tables": "tables:tables_",
    "rebuild": "rebuild:rebuild",
    "rollback": "tables:rollback",
    "retire": "tables:retire",
    "republish": "republish:republish_",
    "rebase": "rebase:rebase_",
    "export": "export:export",
    "import": "importing:import_",
    "dead": "dead:dead",
}
"""Where each command stands in this package: only what is asked for is imported, the others take longer than
most questions."""


def group(*names: str) -> typer.Typer:
    """Return the group, or a part of it that knows these commands alone."""
    events = typer.Typer(
        name="events",
        callback=_take_part,  # with one command alone it would be no group
        no_args_is_help=True,
        pretty_exceptions_show_locals=False,  # they could show secrets
        help="Follow, explain and repair what the services did. All of it works while they run.",
        epilog="Servers are found by ADRELAY_POSTGRES_URL, ADRELAY_<SERVICE>_POSTGRES_URL, ADRELAY_NATS_URL "
        "and ADRELAY_NATS_PREFIX, or with --data. Exit codes: 0 done, 1 found problems or nothing, "
        "2 could not run.",
    )
    for name in names or _COMMANDS:
        module, _, found = _COMMANDS[name].partition(":")
        command = getattr(import_module(f"{__package__}.{module}"), found)
        if isinstance(command, typer.Typer):
            events.add_typer(command, name=name)
        else:
            events.command(name)(command)
    return events


def _take_part() -> None:
    pass


def events(arguments: Sequence[str] | None = None, *, prog_name: str = "adrelay events") -> None:
    """Run what a command line asks for."""
    asked = sys.argv[1:] if arguments is None else list(arguments)
    group(*(name for name in asked[:1] if name in _COMMANDS))(asked, prog_name=prog_name)
