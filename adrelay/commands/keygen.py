"""`adrelay keygen`: secrets for an `.env` file."""

import typer

from adrelay.configuration import fresh_secrets


def keygen() -> None:
    """Print fresh secrets, ready to be put into `.env`.

    `adrelay keygen >> .env` is for the first time: of several values of a setting the last one counts. Keep
    them: sessions are encrypted with the vault key, and access codes are checked with the pepper.
    """
    for name, value in fresh_secrets().items():
        typer.echo(f"{name}={value}")
