"""`adrelay env`: print a setting as the services read it."""

import os
from pathlib import Path
from typing import Annotated

import typer

from adrelay.env_file import DEFAULT, values_in
from adrelay.terminal.outcome import NotFound, Unusable
from libs.chassis.secret_files import SecretFileError, value_of


def env(
    name: Annotated[str, typer.Argument(help="Such as ADRELAY_GATEWAY_ADMIN_TOKEN.")],
    env_file: Annotated[Path, typer.Option(help="Settings; the environment goes before it.")] = DEFAULT,
) -> None:
    """Print one setting, for other commands: secrets as they are.

    It is read as `adrelay up` reads it, with or without quotes around it, a secret also from its file
    (`…_FILE`). Exits with 1 if it is not set.
    """
    environment = values_in(env_file) | {key: value for key, value in os.environ.items() if value}
    try:
        given = value_of([name.upper()], environment)
    except SecretFileError as error:
        raise Unusable(str(error)) from None
    if given is None:
        raise NotFound(f"{name} is not set: in the environment, or in {env_file}")
    typer.echo(given[1])
