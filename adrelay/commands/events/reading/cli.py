"""The options of `adrelay events tail`, `show`, `trace` and `lag`, whose code is imported when they run."""

from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated

import typer

from adrelay.commands.events.options import ServicesOption
from adrelay.servers.options import (
    ENV_FILE,
    DataOption,
    EnvFileOption,
    JsonOption,
    ScratchOption,
    ServerOptions,
)
from adrelay.terminal.completion import orders
from adrelay.terminal.outcome import Exit, Unusable, carry_out

LAST = 10
"""With how many earlier events `tail` begins."""
SHOWN = 100
"""How many of a long stream's events are shown to people by default."""

StreamOption = Annotated[
    list[str] | None, typer.Option("--stream", help="Only this stream; can be repeated.")
]
AllOption = Annotated[bool, typer.Option("--all", help="Leave nothing out.")]
KeyArgument = Annotated[
    str,
    typer.Argument(
        metavar="ANY-ID",
        help="An order number, an e-mail address, or the id of a payment, an adbot, a cycle, a session, an "
        "account, an event or a correlated tree, or a stream's name, as it was copied.",
        autocompletion=orders,
        show_default=False,
    ),
]


def tail(  # noqa: PLR0913, PLR0917 - each is an option
    service: ServicesOption = None,
    kind: Annotated[
        list[str] | None, typer.Option("--type", help="Only this event type; can be repeated.")
    ] = None,
    stream: StreamOption = None,
    correlation: Annotated[
        str | None, typer.Option(help="Only events with this correlation id, from the first on.")
    ] = None,
    last: Annotated[
        int | None, typer.Option(help=f"Begin with this many earlier events; {LAST} if not given.", min=0)
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Begin with events since then, such as 2026-05-01T12:00:00 or 10m.")
    ] = None,
    follow: Annotated[  # noqa: FBT002 - typer's way to say flag
        bool, typer.Option(help="Continue with new events, until Ctrl-C.")
    ] = True,
    json: JsonOption = False,  # noqa: FBT002
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Show events as they happen, in the stream's order; with --json, one on a line.

    Exit codes: 0 ended by Ctrl-C, or shown; 1 with --no-follow, nothing passed the filters; 2 wrong usage or
    a server that does not answer.
    """

    def work() -> Coroutine[None, None, Exit]:
        from adrelay.commands.events.reading import tail as tailing

        if last is not None and (since is not None or correlation is not None):
            raise Unusable("--last goes neither with --since nor with --correlation")
        filters = tailing.filters_of(service, kind, stream, correlation)
        print_event = tailing.print_json_line if json else tailing.line_printer()
        return tailing.tail(
            ServerOptions(data, env_file),
            filters,
            LAST if last is None else last,
            since,
            follow=follow,
            print_event=print_event,
        )

    carry_out(work)


def show(
    key: KeyArgument,
    at: Annotated[
        str | None, typer.Option(help="Only events until then, such as 2026-05-01T12:00:00 or 2h.")
    ] = None,
    last: Annotated[
        int | None,
        typer.Option(help=f"Print only this many of the last events; {SHOWN} without --json.", min=1),
    ] = None,
    all_: AllOption = False,  # noqa: FBT002 - typer's way to say flag
    json: JsonOption = False,  # noqa: FBT002
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
    scratch: ScratchOption = None,
) -> None:
    """Show a stream's events, and the state folded from them after each.

    If several streams match, they are listed. For people, each event is shown with the changes that it made,
    and the whole state at the end; with --json, each event is on a line of its own with the whole state. Exit
    codes: 0 shown; 1 nothing matches, several streams match, or the state can't be folded; 2 wrong usage or a
    server that does not answer.
    """

    def work() -> Coroutine[None, None, Exit]:
        from adrelay.commands.events.reading.show import show as showing

        shown = SHOWN if last is None and not (all_ or json) else last
        return showing(ServerOptions(data, env_file, scratch), key, at, shown, json=json)

    carry_out(work)


def trace(
    key: KeyArgument,
    all_: AllOption = False,  # noqa: FBT002 - typer's way to say flag
    html: Annotated[Path | None, typer.Option(help="Write a self-contained HTML page to this file.")] = None,
    json: JsonOption = False,  # noqa: FBT002
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
    scratch: ScratchOption = None,
) -> None:
    """Show causes and effects as a tree over all services, with times and the gaps between.

    The matching events are highlighted. Of many siblings, and of many correlated trees, only some are shown,
    unless --all is given; --json always contains every event of the trees shown, in order. Exit codes: 0
    shown, 1 nothing matches, 2 wrong usage or a server that does not answer.
    """

    def work() -> Coroutine[None, None, Exit]:
        from adrelay.commands.events.reading.trace import trace as tracing

        if html is not None and not html.parent.is_dir():
            raise Unusable(f"{html.parent} is no folder")
        return tracing(ServerOptions(data, env_file, scratch), key, html, json=json, complete=all_)

    carry_out(work)


def lag(
    patience: Annotated[
        float,
        typer.Option(help="After how many seconds a lag, or an open transaction, is a problem.", min=0),
    ] = 10.0,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Show the lag of the stream behind the stores and of the readers behind the stream, with its causes.

    Exit codes: 0 no lag, 1 a lag exceeds the limit, a service does not run, or there are dead letters, 2
    wrong usage or a server that does not answer.
    """

    def work() -> Coroutine[None, None, Exit]:
        from adrelay.commands.events.reading.lag import lag as measuring

        return measuring(ServerOptions(data, env_file), patience, json=json)

    carry_out(work)
