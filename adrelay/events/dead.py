"""`adrelay events dead`: what could not be handled, and what is to become of it."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from textwrap import indent
from typing import Annotated, NamedTuple

import typer
from rich.text import Text

from adrelay.events.connections import stores
from adrelay.events.moments import clock, duration
from adrelay.events.outcome import Exit, Unusable, carry_out, complain, remark, say_json, screen
from adrelay.events.parked import Queue, chosen, document, doomed, is_called, queues_of
from adrelay.events.places import ENV_FILE, DataOption, EnvFileOption, JsonOption, Places
from adrelay.events.plain import Json, contents, one_line, short
from libs.eventsourcing.parking import FOLLOWS, ask, drop, is_asked
from libs.eventsourcing.postgres import Connection
from libs.eventsourcing.record import utc_now

dead = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    help="List, show, retry and drop events that a reader could not handle.",
)

ServiceOption = Annotated[
    list[str] | None, typer.Option("--service", help="Only this service's readers; can be repeated.")
]
ReaderOption = Annotated[str | None, typer.Option("--reader", help="Only the reader of this name.")]
KeyArgument = Annotated[
    str, typer.Argument(metavar="EVENT-OR-STREAM", help="A parked event's id, or its stream.")
]
WaitOption = Annotated[float, typer.Option("--wait", help="For how many seconds to wait for it.", min=0)]
WAIT_SECONDS = 10.0
_LOOK_SECONDS = 0.1


class Chosen(NamedTuple):
    """Which parked events a command is about."""

    key: str | None
    services: list[str] | None
    reader: str | None


@dead.command("list")
def list_(
    service: ServiceOption = None,
    reader: ReaderOption = None,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List the streams that readers have parked: the event that failed, why, and how many follow it.

    Exit codes: 0 nothing is parked, 1 something is, 2 wrong usage or a server that does not answer.
    """
    carry_out(lambda: _list(Places(data, env_file), Chosen(None, service, reader), json=json))


async def _list(places: Places, which: Chosen, *, json: bool) -> Exit:
    async with stores(places.databases(which.services)) as connections:
        queues = await queues_of(connections, which.reader)
    if json:
        say_json([{**document(one.service, one.first), "follow": len(one.parked) - 1} for one in queues])
        return Exit.FOUND if queues else Exit.OK
    console = screen()
    for queue in queues:
        first = queue.first
        ago = duration((utc_now() - first.at).total_seconds())
        asked = ", asked to try again" if first.asked else ""
        console.print(
            Text.assemble((first.envelope.type, "bold"), f" v{first.envelope.version}  {queue.name}")
        )
        console.print(
            Text(f"    {first.envelope.id}  {ago} ago, {len(queue.parked) - 1} follow{asked}", "dim")
        )
        console.print(Text(f"    {one_line(first.error)}", "red"))
    if not queues:
        console.print("nothing is parked")
    return Exit.FOUND if queues else Exit.OK


@dead.command("show")
def show(
    key: KeyArgument,
    service: ServiceOption = None,
    reader: ReaderOption = None,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Show a parked stream's events, or one event, with the error and what the event says.

    Exit codes: 0 shown, 1 nothing is parked by that name, 2 wrong usage or a server that does not answer.
    """
    carry_out(lambda: _show(Places(data, env_file), key, Chosen(key, service, reader), json=json))


async def _show(places: Places, key: str, which: Chosen, *, json: bool) -> Exit:
    async with stores(places.databases(which.services)) as connections:
        queues = chosen(await queues_of(connections, which.reader), key)
    shown = [(queue, parked) for queue in queues for parked in queue.parked if is_called(parked, key)]
    if json:
        say_json([document(queue.service, parked) for queue, parked in shown])
        return Exit.OK
    console = screen()
    for queue, parked in shown:
        envelope = parked.envelope
        console.print(Text.assemble((f"{envelope.type} v{envelope.version}", "bold"), f"  {queue.name}"))
        console.print(Text(f"    id     {envelope.id}"))
        console.print(Text(f"    at     {clock(envelope.at)} UTC by {envelope.actor}"))
        console.print(Text(f"    parked {clock(parked.at)} UTC"))
        console.print(Text(indent(parked.error, " " * 11).replace(" " * 11, "    error  ", 1), "red"))
        console.print(Text(f"    says   {short(contents(envelope.data), 2000)}"))
    return Exit.OK


@dead.command("retry")
def retry(
    key: Annotated[
        str | None, typer.Argument(metavar="[EVENT-OR-STREAM]", help="A parked event's id, or its stream.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Everything that is parked.")] = False,  # noqa: FBT002
    service: ServiceOption = None,
    reader: ReaderOption = None,
    wait: WaitOption = WAIT_SECONDS,
    json: JsonOption = False,  # noqa: FBT002
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Have the reader itself try a parked stream again, from the event that failed, in order.

    What can be handled is let go; at the next failure the rest stays parked. Exit codes: 0 all was handled,
    1 something is still parked or nothing was by that name, 2 wrong usage or a server that does not answer.
    """
    if (key is None) != all_:
        complain("name an event or a stream, or say --all")
        raise typer.Exit(Exit.UNUSABLE)
    carry_out(lambda: _retry(Places(data, env_file), Chosen(key, service, reader), wait, json=json))


async def _retry(places: Places, which: Chosen, wait: float, *, json: bool) -> Exit:
    async with stores(places.databases(which.services), writing=True) as connections:
        queues = await queues_of(connections, which.reader)
        if which.key is not None:
            queues = chosen(queues, which.key)
        for queue in queues:
            await ask(connections[queue.service], queue.reader, queue.place)
        return await _await(connections, queues, wait, json=json)


@dead.command("drop")
def drop_(
    key: KeyArgument,
    rest: Annotated[bool, typer.Option("--rest", help="Also all that is parked behind it.")] = False,  # noqa: FBT002 - typer's way to say flag
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,  # noqa: FBT002
    service: ServiceOption = None,
    reader: ReaderOption = None,
    json: JsonOption = False,  # noqa: FBT002
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Have a parked event never be handled by its reader, which then goes on with what follows it.

    The event itself stays in its store and on the stream. Of a stream, the first parked event is dropped.
    Exit codes: 0 nothing of the stream is parked any more, 1 something still is, nothing was by that name, or
    the answer was no, 2 wrong usage or a server that does not answer.
    """
    which = Chosen(key, service, reader)
    carry_out(lambda: _drop(Places(data, env_file), key, which, rest=rest, json=json, yes=yes))


async def _drop(places: Places, key: str, which: Chosen, *, rest: bool, json: bool, yes: bool) -> Exit:
    async with stores(places.databases(which.services), writing=True) as connections:
        queues = chosen(await queues_of(connections, which.reader), key)
        if len(queues) > 1:
            ways = " or ".join(f"--service {one.service} --reader {one.reader}" for one in queues)
            raise Unusable(f"several readers have parked {key}; add {ways}")
        queue = queues[0]
        dropped = doomed(queue, key, rest=rest)
        for parked in dropped:
            remark(f"{parked.envelope.type} v{parked.envelope.version} of {queue.name} will never be handled")
        if not yes and not await asyncio.to_thread(typer.confirm, f"Drop {len(dropped)}?", err=True):
            return Exit.FOUND
        await drop(connections[queue.service], dropped)
        return await _await(connections, queues, WAIT_SECONDS, json=json)


async def _await(
    connections: Mapping[str, Connection], queues: Sequence[Queue], wait: float, *, json: bool
) -> Exit:
    """Wait until the readers did what they were asked for, and tell what is parked now."""
    deadline = time.monotonic() + wait
    busy = {queue.key: queue for queue in queues}
    while True:
        for key, queue in list(busy.items()):
            if not await is_asked(connections[queue.service], queue.reader, queue.place):
                del busy[key]
        if not busy or time.monotonic() > deadline:
            break
        await asyncio.sleep(_LOOK_SECONDS)
    left = {queue.key: queue for queue in await queues_of(connections)}
    if json:
        say_json([_outcome(queue, left.get(queue.key), pending=queue.key in busy) for queue in queues])
    for queue in () if json else queues:
        _tell(queue, left.get(queue.key), pending=queue.key in busy)
    return Exit.FOUND if any(queue.key in busy or queue.key in left for queue in queues) else Exit.OK


def _tell(queue: Queue, still: Queue | None, *, pending: bool) -> None:
    if pending:
        complain(f"{queue.name}: the reader has not come to it yet; it will as soon as it runs")
    elif still is None:
        screen().print(Text(f"✓ {queue.name}: nothing is parked any more", "green"))
    else:
        first = still.first
        error = "not tried yet" if first.error == FOLLOWS else one_line(first.error)
        complain(f"{queue.name}: {len(still.parked)} still parked; v{first.envelope.version}: {error}")


def _outcome(queue: Queue, still: Queue | None, *, pending: bool) -> Json:
    return {
        "service": queue.service,
        "reader": queue.reader,
        "source": queue.place.source,
        "stream": queue.place.stream,
        "pending": pending,
        "were_parked": len(queue.parked),
        "still_parked": [] if still is None else [document(queue.service, one) for one in still.parked],
    }
