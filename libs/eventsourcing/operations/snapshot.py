"""A consistent snapshot of several stores: checkpoints and dropped events, for an export."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

from libs.eventsourcing.model.envelope import Cursor
from libs.eventsourcing.store.connections import Connection
from libs.eventsourcing.store.postgres import last_event

_ATTEMPTS = 50
_PAUSE_SECONDS = 0.02
_NOWHERE = Cursor(2**63, 0)


class NoCommonMoment(Exception):
    """No moment was found at which all stores agree, for the services are busy; try again."""


class ReaderCursor(NamedTuple):
    """A reader's checkpoint in one source."""

    reader: str
    source: str
    cursor: Cursor


async def checkpoints(connection: Connection, reader: str | None = None) -> list[ReaderCursor]:
    """Return the checkpoints of a service's readers, or of one of them."""
    rows = await connection.fetch(
        "select reader, source, xid, position from engine.checkpoints "
        "where $1::text is null or reader = $1 order by reader, source",
        reader,
    )
    return [ReaderCursor(row["reader"], row["source"], Cursor(row["xid"], row["position"])) for row in rows]


async def dropped_events(connection: Connection) -> list[ReaderCursor]:
    """Return the dead letters that operators dropped: their readers never handle them."""
    rows = await connection.fetch("select reader, source, xid, position from engine.dropped order by 1, 2")
    return [ReaderCursor(row["reader"], row["source"], Cursor(row["xid"], row["position"])) for row in rows]


@asynccontextmanager
async def one_moment(connections: Mapping[str, Connection]) -> AsyncGenerator[None]:
    """Take a snapshot of all stores in which no reader has handled an event that its source's snapshot lacks.

    Raises `NoCommonMoment`. The transactions stay open: their connections are to be closed.
    """
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
        raise NoCommonMoment(
            "the services are so busy that no moment was found at which all agree; try again"
        )
    yield


async def _begin(connection: Connection) -> None:
    await connection.execute("begin isolation level repeatable read read only")
    await connection.fetchval("select 1 from engine.events limit 1")  # the first query takes the snapshot


async def _is_whole(connections: Mapping[str, Connection]) -> bool:
    ends = {service: await last_event(connection) for service, connection in connections.items()}
    for connection in connections.values():
        for one in await checkpoints(connection):
            if one.cursor > ends.get(one.source, _NOWHERE):
                return False
    return True
