"""`adrelay keygen`: secrets for an `.env` file."""

from pathlib import Path
from typing import Annotated

import typer

from adrelay.configuration import VAULT_PUBLIC_KEY, fresh_passwords, fresh_secrets, public_key_in_use
from adrelay.env_file import DEFAULT, put_into_environment
from adrelay.terminal.outcome import Unusable
from libs.chassis.settings import InvalidSettings


def keygen(
    *,
    public: Annotated[
        bool,
        typer.Option(
            "--public", help="Print the public key of the vault keys that are set, and nothing else."
        ),
    ] = False,
    env_file: Annotated[
        Path, typer.Option(help="Where the vault keys are; the environment goes before it.")
    ] = DEFAULT,
) -> None:
    """Print fresh secrets, ready to be put into `.env`.

    `adrelay keygen >> .env` is for the first time: of several values of a setting the last one counts. Keep
    them: sessions are encrypted with the vault key, and access codes are checked with the pepper. The
    passwords of NATS and PostgreSQL are for `docker compose` only.
    """
    if public:
        _print_public_key(env_file)
        return
    for name, value in {**fresh_secrets(), **fresh_passwords()}.items():
        typer.echo(f"{name}={value}")


def _print_public_key(env_file: Path) -> None:
    put_into_environment(env_file)
    try:
        typer.echo(f"{VAULT_PUBLIC_KEY}={public_key_in_use()}")
    except InvalidSettings as error:
        raise Unusable(*error.problems) from None
