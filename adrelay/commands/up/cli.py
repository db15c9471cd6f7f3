"""The options of `adrelay up`, whose code is imported when it runs."""

from pathlib import Path
from typing import Annotated

import typer

from adrelay.env_file import DEFAULT
from adrelay.runtime.local import DEFAULT_FOLDER, GATEWAY_PORT, SETTINGS

WORKERS = 2


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
    workers: Annotated[
        int | None,
        typer.Option(
            help="The number of forwarding workers, 2 if left out.", min=1, max=64, show_default=False
        ),
    ] = None,
    together: Annotated[  # noqa: FBT002
        bool,
        typer.Option(
            "--together", help="Run all services in one process, without workers, for a small machine."
        ),
    ] = False,
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
    if together and workers is not None:
        raise typer.BadParameter("with --together there are no workers", param_hint="--workers")
    from adrelay.commands.up.running import up as run
    from adrelay.commands.up.start_helper import Run

    run(Run(folder, env_file), port, None if together else workers or WORKERS)
