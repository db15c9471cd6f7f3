"""`adrelay events export`: what happened, as JSON Lines."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from adrelay.commands.events.reading.rows import every_event, last_cursor
from adrelay.commands.events.transfer.dump import Writer
from adrelay.servers.places import Places
from adrelay.servers.stores import stores
from adrelay.terminal.outcome import Exit, Unusable, remark, say_json
from libs.eventsourcing import Cursor, utc_now
from libs.eventsourcing.projections.tables import READ_MODELS
from libs.eventsourcing.readers.dead_letters import list_parked
from libs.eventsourcing.store.connections import Connection

_ATTEMPTS = 50
_PAUSE_SECONDS = 0.02
_FRESH = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


async def export(places: Places, output: Path | None, services: list[str] | None, *, json: bool) -> Exit:
    """Write the events of services as JSON Lines."""
    async with stores(places.databases(services)) as connections, _one_moment(connections):
        counts = await _to(output, connections)
    if output is not None:
        if json:
            say_json({"file": str(output), "events": counts})
        else:
            told = ", ".join(f"{count} of {name}" for name, count in counts.items())
            remark(f"{output}: {sum(counts.values())} events ({told})")
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
        async for envelope in every_event(connection):
            writer.event(service, envelope)
        await _write_readers(writer, service, connection)
    writer.end()
    return writer.events


async def _write_readers(writer: Writer, service: str, connection: Connection) -> None:
    """Write how far a service's readers have come, without those that only fill tables: these begin anew."""
    for row in await connection.fetch(
        "select reader, source, xid, position from engine.checkpoints order by reader, source"
    ):
        if row["reader"] != READ_MODELS:
            writer.checkpoint(service, row["reader"], row["source"], Cursor(row["xid"], row["position"]))
    for parked in await list_parked(connection):
        if parked.reader != READ_MODELS:
            writer.parked(service, parked.reader, parked.place.source, parked.envelope, parked.error)
    for row in await connection.fetch(
        "select reader, source, xid, position from engine.dropped order by 1, 2"
    ):
        writer.dropped(service, row["reader"], row["source"], Cursor(row["xid"], row["position"]))


@asynccontextmanager
async def _one_moment(connections: Mapping[str, Connection]) -> AsyncGenerator[None]:
    """See all stores as they were when nobody had heard of what another one does not hold yet."""
    for connection in connections.values():
        await connection.execute("set idle_in_transaction_session_timeout = 0")
    for _ in range(_ATTEMPTS):
        await asyncio.gather(*(_begin(connection) for connection in connections.values()))
        if await _is_whole(connections):
            break
        for connection in connections.values():
            await connection.execute("rollback")
        await asyncio.sleep(_PAUSE_SECONDS)
    else:
        raise Unusable("the services are so busy that no moment was found at which all agree; try again")
    yield


async def _begin(connection: Connection) -> None:
    await connection.execute("begin isolation level repeatable read read only")
    await connection.fetchval(
        "select 1 from engine.events limit 1"
    )  # the snapshot is taken by the first query


async def _is_whole(connections: Mapping[str, Connection]) -> bool:
    ends = {service: await last_cursor(connection) for service, connection in connections.items()}
    for connection in connections.values():
        for row in await connection.fetch("select source, xid, position from engine.checkpoints"):
            if Cursor(row["xid"], row["position"]) > ends.get(row["source"], Cursor(2**63, 0)):
                return False
    return True
