"""`adrelay events dead`: what could not be handled, and what is to become of it."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import typer
from rich.text import Text

from adrelay.commands.events.dead.parked import Queue, chosen, document, doomed, is_called, queues_of
from adrelay.servers.places import Places
from adrelay.servers.stores import stores
from adrelay.terminal.moments import clock, duration
from adrelay.terminal.outcome import Exit, Unusable, complain, print_json, remark, screen
from adrelay.terminal.pasted import stream_name
from adrelay.terminal.plain import Json, contents, field_texts, one_line
from adrelay.terminal.screen import as_is
from libs.eventsourcing import utc_now
from libs.eventsourcing.operations import FOLLOWS, Connection, Parked, ask, drop, is_asked

_LOOK_SECONDS = 0.1


class Chosen(NamedTuple):
    """Which parked events a command is about."""

    key: str | None
    services: list[str] | None
    reader: str | None


async def list_all(places: Places, which: Chosen, *, json: bool) -> Exit:
    """Print what is parked, a stream after the other."""
    async with stores(places.databases(which.services)) as connections:
        queues = await queues_of(connections, which.reader)
    if json:
        print_json([{**document(one.service, one.first), "follow": len(one.parked) - 1} for one in queues])
        return Exit.FOUND if queues else Exit.OK
    print_queues(queues)
    if not queues:
        screen().print("nothing is parked")
    return Exit.FOUND if queues else Exit.OK


def print_queues(queues: Sequence[Queue]) -> None:
    """Print the first event of each parked stream, why it failed, and how many follow."""
    console = screen()
    for queue in queues:
        first = queue.first
        ago = duration((utc_now() - first.at).total_seconds())
        asked = ", asked to try again" if first.asked else ""
        version = f"v{first.envelope.version}"
        console.items(Text(first.envelope.type, "bold"), version, *queue.words, gap=" ")
        follow = f"{ago} ago, {len(queue.parked) - 1} follow{asked}"
        console.items(Text(str(first.envelope.id), "dim"), Text(follow, "dim"), indent=4)
        console.items(*_in_red(one_line(first.error)), indent=4, gap=" ")


async def show(places: Places, which: Chosen, *, json: bool) -> Exit:
    """Print the parked events of a name."""
    key = stream_name(which.key or "")
    async with stores(places.databases(which.services)) as connections:
        queues = chosen(await queues_of(connections, which.reader), key)
    shown = [(queue, parked) for queue in queues for parked in queue.parked if is_called(parked, key)]
    if json:
        print_json([document(queue.service, parked) for queue, parked in shown])
        return Exit.OK
    for queue, parked in shown:
        print_parked(queue, parked)
    return Exit.OK


def print_parked(queue: Queue, parked: Parked) -> None:
    """Print a parked event with its error and what it says."""
    console, envelope = screen(), parked.envelope
    console.items(Text(f"{envelope.type} v{envelope.version}", "bold"), *queue.words, gap=" ")
    console.items(f"id     {envelope.id}", indent=4)
    console.items(f"at     {clock(envelope.at)} UTC", f"by {envelope.actor}", indent=4)
    console.items(f"parked {clock(parked.at)} UTC", indent=4)
    for number, line in enumerate(parked.error.splitlines()):
        console.items("      " if number else "error ", *_in_red(line), indent=4, gap=" ")
    console.items("says  ", *field_texts(contents(envelope.data)), indent=4)


async def retry(places: Places, which: Chosen, wait: float, *, json: bool) -> Exit:
    """Ask the readers to try parked streams again, and wait for it."""
    async with stores(places.databases(which.services), writing=True) as connections:
        queues = await queues_of(connections, which.reader)
        if which.key is not None:
            queues = chosen(queues, stream_name(which.key))
        for queue in queues:
            await ask(connections[queue.service], queue.reader, queue.place)
        return await _await(connections, queues, wait, json=json)


async def drop_event(
    places: Places, which: Chosen, wait: float, *, rest: bool, json: bool, yes: bool
) -> Exit:
    """Let the reader never handle a parked event."""
    key = stream_name(which.key or "")
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
        return await _await(connections, queues, wait, json=json)


def _in_red(error: str) -> list[Text]:
    return [Text(as_is(word).plain, "red") for word in error.split(" ")]


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
        print_json([_outcome(queue, left.get(queue.key), pending=queue.key in busy) for queue in queues])
    for queue in () if json else queues:
        _print_outcome(queue, left.get(queue.key), pending=queue.key in busy)
    return Exit.FOUND if any(queue.key in busy or queue.key in left for queue in queues) else Exit.OK


def _print_outcome(queue: Queue, still: Queue | None, *, pending: bool) -> None:
    if pending:
        complain(f"{queue.name}: the reader has not come to it yet; it will as soon as it runs")
    elif still is None:
        screen().items(
            Text("✓", "green"),
            *queue.words[:-1],
            f"{queue.words[-1]}:",
            "nothing is parked any more",
            gap=" ",
        )
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
