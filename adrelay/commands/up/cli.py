"""The options of `adrelay up`, whose code is imported when it runs."""

from pathlib import Path
from typing import Annotated

import typer

from adrelay.env_file import DEFAULT
from adrelay.runtime.local import DEFAULT_FOLDER, GATEWAY_PORT, SETTINGS


def up(
    folder: Annotated[
        Path, typer.Option("--folder", "--data", help="The folder of databases, the event stream and logs.")
    ] = DEFAULT_FOLDER,
    port: Annotated[
        int | None,
        typer.Option(
            help=f"The port of the REST interface, instead of ADRELAY_GATEWAY_HTTP_PORT, or {GATEWAY_PORT}.",
            min=1,
            max=65535,
        ),
    ] = None,
    workers: Annotated[int, typer.Option(help="The number of forwarding workers.", min=1, max=64)] = 2,
    env_file: Annotated[
        Path | None,
        typer.Option(
            help=f"Settings; the environment goes before it. Without it: {SETTINGS} of a kept demo's folder, "
            f"or {DEFAULT}."
        ),
    ] = None,
) -> None:
    """Run everything on this machine until Ctrl-C.

    PostgreSQL and NATS are started too, unless ADRELAY_POSTGRES_URL and ADRELAY_NATS_URL name servers. If
    settings are missing, they are listed, and nothing is started. Ctrl-C or SIGTERM stops all in order, a
    second one at once. Exit codes: 0 stopped after it was ready, 130 or 143 before; 1 failed; 2 wrong
    settings.
    """
    from adrelay.commands.up.running import up as run

    run(folder, port, workers, env_file)
