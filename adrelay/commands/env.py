"""`adrelay env`: print a setting as the services read it."""

import os
from pathlib import Path
from typing import Annotated

import typer

from adrelay.env_file import DEFAULT, values_in


def env(
    name: Annotated[str, typer.Argument(help="Such as ADRELAY_GATEWAY_ADMIN_TOKEN.")],
    env_file: Annotated[Path, typer.Option(help="Settings; the environment goes before it.")] = DEFAULT,
) -> None:
    """Print one setting, for other commands: secrets as they are.

    It is read as `adrelay up` reads it, with or without quotes around it. Exits with 1 if it is not set.
    """
    value = os.environ.get(name) or values_in(env_file).get(name)
    if not value:
        typer.echo(f"✗ {name} is not set: in the environment, or in {env_file}", err=True)
        raise typer.Exit(1)
    typer.echo(value)
