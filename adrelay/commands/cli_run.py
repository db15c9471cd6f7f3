"""`adrelay up` and `adrelay demo`: their options. What they do is imported when they run."""

from pathlib import Path
from typing import Annotated

import typer

from adrelay.env_file import DEFAULT
from adrelay.runtime.local import DEFAULT_FOLDER, GATEWAY_PORT, SETTINGS


def up(
    folder: Annotated[
        Path, typer.Option("--folder", "--data", help="Where databases, the event stream and logs are kept.")
    ] = DEFAULT_FOLDER,
    port: Annotated[
        int | None,
        typer.Option(
            help=f"The port of the REST interface, instead of ADRELAY_GATEWAY_HTTP_PORT, or {GATEWAY_PORT}.",
            min=1,
            max=65535,
        ),
    ] = None,
    workers: Annotated[int, typer.Option(help="How many forwarding workers.", min=1, max=64)] = 2,
    env_file: Annotated[
        Path | None,
        typer.Option(
            help=f"Settings; the environment goes before it. Without it: {SETTINGS} of a kept demo's folder, "
            f"or {DEFAULT}."
        ),
    ] = None,
) -> None:
    """Run everything on this machine until Ctrl-C.

    PostgreSQL and NATS are started here unless ADRELAY_POSTGRES_URL and ADRELAY_NATS_URL name servers.
    What the configuration lacks is listed, and nothing is started. Ctrl-C or SIGTERM stops all in order, a
    second one at once. Exit codes: 0 stopped after it was up, 130 or 143 before; 1 failed; 2 wrong settings.
    """
    from adrelay.commands.up import up as run

    run(folder, port, workers, env_file)


def demo(
    cycles: Annotated[int, typer.Option(help="How many cycles to watch.", min=1, max=20)] = 3,
    album: Annotated[bool, typer.Option(help="Forward an album instead of a text.")] = False,  # noqa: FBT002
    keep: Annotated[
        Path | None,
        typer.Option(
            help="Keep databases, events, logs and settings in this empty folder, not in a temporary one.",
            file_okay=False,
        ),
    ] = None,
) -> None:
    """Run the whole story against the sandboxes and prove what the groups hold.

    Exits with 0 only if every group holds every cycle's post exactly once; with 130 or 143 where Ctrl-C or
    SIGTERM ended it.
    """
    from adrelay.demo.command import demo as run

    run(cycles=cycles, album=album, keep=keep)
