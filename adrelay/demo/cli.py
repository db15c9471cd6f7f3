"""The options of `adrelay demo`, whose code is imported when it runs."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    cycles: Annotated[int, typer.Option(help="How many cycles to watch.", min=1, max=20)] = 3,
    album: Annotated[bool, typer.Option(help="Forward an album instead of a text.")] = False,  # noqa: FBT002
    undisturbed: Annotated[bool, typer.Option(help="Let nothing go wrong.")] = False,  # noqa: FBT002
    web: Annotated[  # noqa: FBT002
        bool,
        typer.Option(
            "--web", help="Stay up with a running adbot until Ctrl-C, and print a link to its pages."
        ),
    ] = False,
    together: Annotated[bool, typer.Option("--together", help="Run all services in one process.")] = False,  # noqa: FBT002
    keep: Annotated[
        Path | None,
        typer.Option(
            help="Store databases, events, logs and settings in this empty folder, not in a temporary one.",
            file_okay=False,
        ),
    ] = None,
) -> None:
    """Run the whole path against the sandboxes and prove what the groups hold.

    While cycles run, an account is told to wait, one is banned, a group turns private, the post can't be read
    for a moment, and a worker is killed, or with --together the process of all services. Exits with 0 only if
    every group that could be reached received every cycle's post exactly once; with 130 or 143 after Ctrl-C
    or SIGTERM.
    """
    from adrelay.demo.command import Wanted
    from adrelay.demo.command import demo as run

    run(Wanted(cycles, album=album, undisturbed=undisturbed, web=web, together=together), keep)
