"""`adrelay events export`: writes events as JSON Lines."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from adrelay.commands.events.transfer.dump import Writer
from adrelay.servers.options import ServerOptions
from adrelay.servers.stores import stores
from adrelay.terminal.outcome import Exit, Unusable, print_json, remark
from libs.eventsourcing.operations import (
    READ_MODELS,
    Connection,
    NoCommonMoment,
    all_events,
    checkpoints,
    dropped_events,
    list_dead_letters,
    one_moment,
)
from libs.eventsourcing.values import utc_now

_FRESH = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


async def export(
    servers: ServerOptions, output: Path | None, services: list[str] | None, *, json: bool
) -> Exit:
    """Write the events of services as JSON Lines."""
    try:
        async with (
            stores(servers.databases(services), snapshots=True) as connections,
            one_moment(connections),
        ):
            counts = await _to(output, connections)
    except NoCommonMoment as error:
        raise Unusable(str(error)) from error
    if output is not None:
        if json:
            print_json({"file": str(output), "events": counts})
        else:
            counted = ", ".join(f"{count} of {name}" for name, count in counts.items())
            remark(f"{output}: {sum(counts.values())} events ({counted})")
    return Exit.OK if sum(counts.values()) else Exit.FOUND


async def _to(output: Path | None, connections: Mapping[str, Connection]) -> dict[str, int]:
    if output is None:
        return await _write(sys.stdout.buffer, connections)
    unfinished = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(unfinished, _FRESH, 0o600), "wb") as file:
            counts = await _write(file, connections)
            os.fsync(file.fileno())
        unfinished.rename(output)
    except OSError as error:
        raise Unusable(f"{output} can't be written: {error.strerror}") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return counts


async def _write(file: BinaryIO, connections: Mapping[str, Connection]) -> dict[str, int]:
    writer = Writer(file)
    writer.begin(list(connections), utc_now().isoformat())
    for service, connection in connections.items():
        async for envelope in all_events(connection):
            writer.event(service, envelope)
        await _write_readers(writer, service, connection)
    writer.end()
    return writer.events


async def _write_readers(writer: Writer, service: str, connection: Connection) -> None:
    """Write the checkpoints of a service's readers, except those of projections, which are folded anew."""
    for one in await checkpoints(connection):
        if one.reader != READ_MODELS:
            writer.checkpoint(service, *one)
    for letter in await list_dead_letters(connection):
        if letter.reader != READ_MODELS:
            writer.dead_letter(
                service, letter.reader, letter.source_stream.source, letter.envelope, letter.error
            )
    for one in await dropped_events(connection):
        writer.dropped(service, *one)
