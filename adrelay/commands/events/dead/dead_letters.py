"""`adrelay events dead`: show, retry and drop events that a reader failed on."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import typer
from rich.text import Text

from adrelay.commands.events.dead.blocked_streams import (
    BlockedStream,
    blocked_streams_of,
    chosen,
    document,
    is_called,
    to_drop,
)
from adrelay.servers.options import ServerOptions
from adrelay.servers.stores import stores
from adrelay.terminal.moments import clock, duration
from adrelay.terminal.outcome import Exit, Unusable, complain, print_json, remark, screen
from adrelay.terminal.plain import field_texts, one_line
from adrelay.terminal.screen import as_is
from libs.chassis.pasted import stream_name
from libs.chassis.plain_values import Json, contents
from libs.eventsourcing.operations import (
    FOLLOWS,
    Connection,
    DeadLetter,
    drop,
    request_retry,
    retry_is_requested,
)
from libs.eventsourcing.values import utc_now

_LOOK_SECONDS = 0.1


class Chosen(NamedTuple):
    """The selection of dead letters for a command."""

    key: str | None
    services: list[str] | None
    reader: str | None


async def list_all(servers: ServerOptions, which: Chosen, *, json: bool) -> Exit:
    """Print all blocked streams."""
    async with stores(servers.databases(which.services)) as connections:
        streams = await blocked_streams_of(connections, which.reader)
    if json:
        print_json([{**document(one.service, one.first), "follow": len(one.letters) - 1} for one in streams])
        return Exit.FOUND if streams else Exit.OK
    print_blocked_streams(streams)
    if not streams:
        screen().print("no dead letters")
    return Exit.FOUND if streams else Exit.OK


def print_blocked_streams(streams: Sequence[BlockedStream]) -> None:
    """Print each stream's first dead letter, its error, and how many follow."""
    console = screen()
    for stream in streams:
        first = stream.first
        ago = duration((utc_now() - first.at).total_seconds())
        asked = ", asked to try again" if first.asked else ""
        version = f"v{first.envelope.version}"
        console.items(Text(first.envelope.type, "bold"), version, *stream.words, gap=" ")
        follow = f"{ago} ago, {len(stream.letters) - 1} follow{asked}"
        console.items(Text(str(first.envelope.id), "dim"), Text(follow, "dim"), indent=4)
        console.items(*_in_red(one_line(first.error)), indent=4, gap=" ")


async def show(servers: ServerOptions, which: Chosen, *, json: bool) -> Exit:
    """Print the dead letters of an event id or a stream."""
    key = stream_name(which.key or "")
    async with stores(servers.databases(which.services)) as connections:
        streams = chosen(await blocked_streams_of(connections, which.reader), key)
    shown = [(stream, letter) for stream in streams for letter in stream.letters if is_called(letter, key)]
    if json:
        print_json([document(stream.service, letter) for stream, letter in shown])
        return Exit.OK
    for stream, letter in shown:
        print_dead_letter(stream, letter)
    return Exit.OK


def print_dead_letter(stream: BlockedStream, letter: DeadLetter) -> None:
    """Print a dead letter with its error and the event's data."""
    console, envelope = screen(), letter.envelope
    console.items(Text(f"{envelope.type} v{envelope.version}", "bold"), *stream.words, gap=" ")
    console.items(f"id     {envelope.id}", indent=4)
    console.items(f"at     {clock(envelope.at)} UTC", f"by {envelope.actor}", indent=4)
    console.items(f"failed {clock(letter.at)} UTC", indent=4)
    for number, line in enumerate(letter.error.splitlines()):
        console.items("      " if number else "error ", *_in_red(line), indent=4, gap=" ")
    console.items("says  ", *field_texts(contents(envelope.data)), indent=4)


async def retry(servers: ServerOptions, which: Chosen, wait: float, *, json: bool) -> Exit:
    """Ask the readers to retry blocked streams, and wait until they have done so."""
    async with stores(servers.databases(which.services, writing=True), writing=True) as connections:
        streams = await blocked_streams_of(connections, which.reader)
        if which.key is not None:
            streams = chosen(streams, stream_name(which.key))
        for stream in streams:
            await request_retry(connections[stream.service], stream.reader, stream.source_stream)
        return await _await(connections, streams, wait, json=json)


async def drop_event(
    servers: ServerOptions, which: Chosen, wait: float, *, rest: bool, json: bool, yes: bool
) -> Exit:
    """Drop dead letters, and wait until the reader goes on."""
    key = stream_name(which.key or "")
    async with stores(servers.databases(which.services, writing=True), writing=True) as connections:
        streams = chosen(await blocked_streams_of(connections, which.reader), key)
        if len(streams) > 1:
            ways = " or ".join(f"--service {one.service} --reader {one.reader}" for one in streams)
            raise Unusable(f"several readers are blocked by {key}; add {ways}")
        stream = streams[0]
        dropped = to_drop(stream, key, rest=rest)
        for letter in dropped:
            remark(
                f"{letter.envelope.type} v{letter.envelope.version} of {stream.name} will never be handled"
            )
        if not yes and not await asyncio.to_thread(typer.confirm, f"Drop {len(dropped)}?", err=True):
            return Exit.FOUND
        await drop(connections[stream.service], dropped)
        return await _await(connections, streams, wait, json=json)


def _in_red(error: str) -> list[Text]:
    return [Text(as_is(word).plain, "red") for word in error.split(" ")]


async def _await(
    connections: Mapping[str, Connection], streams: Sequence[BlockedStream], wait: float, *, json: bool
) -> Exit:
    """Wait until the readers have handled the requests, and report the remaining dead letters."""
    deadline = time.monotonic() + wait
    busy = {stream.key: stream for stream in streams}
    while True:
        for key, stream in list(busy.items()):
            if not await retry_is_requested(connections[stream.service], stream.reader, stream.source_stream):
                del busy[key]
        if not busy or time.monotonic() > deadline:
            break
        await asyncio.sleep(_LOOK_SECONDS)
    left = {stream.key: stream for stream in await blocked_streams_of(connections)}
    if json:
        print_json([_outcome(stream, left.get(stream.key), pending=stream.key in busy) for stream in streams])
    for stream in () if json else streams:
        _print_outcome(stream, left.get(stream.key), pending=stream.key in busy)
    return Exit.FOUND if any(stream.key in busy or stream.key in left for stream in streams) else Exit.OK


def _print_outcome(stream: BlockedStream, still: BlockedStream | None, *, pending: bool) -> None:
    if pending:
        complain(f"{stream.name}: the reader has not come to it yet; it will as soon as it runs")
    elif still is None:
        screen().items(
            Text("✓", "green"),
            *stream.words[:-1],
            f"{stream.words[-1]}:",
            "no dead letters left",
            gap=" ",
        )
    else:
        first = still.first
        error = "not tried yet" if first.error == FOLLOWS else one_line(first.error)
        complain(f"{stream.name}: {len(still.letters)} dead letters left; v{first.envelope.version}: {error}")


def _outcome(stream: BlockedStream, still: BlockedStream | None, *, pending: bool) -> Json:
    return {
        "service": stream.service,
        "reader": stream.reader,
        "source": stream.source_stream.source,
        "stream": stream.source_stream.stream,
        "pending": pending,
        "were_parked": len(stream.letters),
        "still_parked": [] if still is None else [document(stream.service, one) for one in still.letters],
    }
