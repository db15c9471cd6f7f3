"""The arguments that the commands of an adbot share."""

from typing import Annotated

import typer

from adrelay.terminal.completion import adbots

AdbotArgument = Annotated[
    str,
    typer.Argument(metavar="ADBOT", help="The adbot's id.", autocompletion=adbots, show_default=False),
]
