"""Options shared by several commands of `adrelay events`."""

from typing import Annotated

import typer

from adrelay.terminal.completion import services, tables

ServicesOption = Annotated[
    list[str] | None,
    typer.Option("--service", help="Only this service; can be repeated.", autocompletion=services),
]
ServiceArgument = Annotated[
    str, typer.Argument(help="Such as billing or gateway.", autocompletion=services, show_default=False)
]
TableArgument = Annotated[
    str,
    typer.Argument(
        help="Such as orders; `adrelay events tables` lists them.", autocompletion=tables, show_default=False
    ),
]
TablesArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="TABLE...",
        help="One or more that changed together.",
        autocompletion=tables,
        show_default=False,
    ),
]
TablesOption = Annotated[
    list[str] | None,
    typer.Option("--table", help="Only this table; can be repeated.", autocompletion=tables),
]
