"""The options of `adrelay events dead`."""

from collections.abc import Coroutine
from typing import Annotated

import typer

from adrelay.commands.events.options import ServicesOption
from adrelay.servers.options import (
    ENV_FILE,
    DataOption,
    EnvFileOption,
    JsonOption,
    ServerOptions,
    YesOption,
)
from adrelay.terminal.outcome import Exit, Unusable, carry_out

dead = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals could show secrets
    help="List, show, retry and drop events that a reader could not handle.",
)

ReaderOption = Annotated[str | None, typer.Option("--reader", help="Only the reader of this name.")]
KeyArgument = Annotated[
    str,
    typer.Argument(
        metavar="EVENT-OR-STREAM", help="A dead letter's event id, or its stream.", show_default=False
    ),
]
OptionalKey = Annotated[
    str | None, typer.Argument(metavar="[EVENT-OR-STREAM]", help="A dead letter's event id, or its stream.")
]
WaitOption = Annotated[float, typer.Option("--wait", help="For how many seconds to wait for it.", min=0)]
WAIT_SECONDS = 10.0


@dead.command("list")
def list_(
    service: ServicesOption = None,
    reader: ReaderOption = None,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List the streams that are blocked by a dead letter: the event that failed, why, and how many follow it.

    Exit codes: 0 there is no dead letter, 1 there is one, 2 wrong usage or a server that does not answer.
    """

    def work() -> Coroutine[None, None, Exit]:
        from adrelay.commands.events.dead import dead_letters

        return dead_letters.list_all(
            ServerOptions(data, env_file), dead_letters.Chosen(None, service, reader), json=json
        )

    carry_out(work)


@dead.command("show")
def show(
    key: KeyArgument,
    service: ServicesOption = None,
    reader: ReaderOption = None,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Show a blocked stream's dead letters, or one event, with the error and the event's data.

    Exit codes: 0 shown, 1 no dead letter has that name, 2 wrong usage or a server that does not answer.
    """

    def work() -> Coroutine[None, None, Exit]:
        from adrelay.commands.events.dead import dead_letters

        return dead_letters.show(
            ServerOptions(data, env_file), dead_letters.Chosen(key, service, reader), json=json
        )

    carry_out(work)


@dead.command("retry")
def retry(
    key: OptionalKey = None,
    all_: Annotated[bool, typer.Option("--all", help="Every dead letter.")] = False,  # noqa: FBT002 - typer's way to say flag
    service: ServicesOption = None,
    reader: ReaderOption = None,
    wait: WaitOption = WAIT_SECONDS,
    json: JsonOption = False,  # noqa: FBT002
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Ask the reader to retry a blocked stream, from the event that failed, in order.

    The next failure blocks the stream again from there. Exit codes: 0 all were handled, 1 a dead letter
    remains or none had that name, 2 wrong usage or a server that does not answer.
    """

    def work() -> Coroutine[None, None, Exit]:
        from adrelay.commands.events.dead import dead_letters

        if (key is None) != all_:
            raise Unusable("name an event or a stream, or say --all")
        return dead_letters.retry(
            ServerOptions(data, env_file), dead_letters.Chosen(key, service, reader), wait, json=json
        )

    carry_out(work)


@dead.command("drop")
def drop(
    key: KeyArgument,
    rest: Annotated[bool, typer.Option("--rest", help="All dead letters behind it as well.")] = False,  # noqa: FBT002 - typer's way to say flag
    yes: YesOption = False,  # noqa: FBT002
    service: ServicesOption = None,
    reader: ReaderOption = None,
    json: JsonOption = False,  # noqa: FBT002
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Drop a dead letter: its reader never handles the event, and goes on with the next one.

    The event itself stays in its store and on the stream. If a stream is named, its first dead letter is
    dropped. Exit codes: 0 the stream is free, 1 it is still blocked, no dead letter had that name, or the
    answer was no, 2 wrong usage or a server that does not answer.
    """

    def work() -> Coroutine[None, None, Exit]:
        from adrelay.commands.events.dead import dead_letters

        which = dead_letters.Chosen(key, service, reader)
        return dead_letters.drop_event(
            ServerOptions(data, env_file), which, WAIT_SECONDS, rest=rest, json=json, yes=yes
        )

    carry_out(work)
