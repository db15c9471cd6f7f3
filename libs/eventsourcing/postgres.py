"""The event store in PostgreSQL, and connections that are set up for it."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

import asyncpg

from libs.events.base import Event
from libs.events.catalogue import EventCatalogue
from libs.eventsourcing.record import Causes, Cursor, Envelope, Recorded, new_id
from libs.eventsourcing.store import WrongExpectedVersion, check_append

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]
else:
    Connection = asyncpg.Connection
    Pool = asyncpg.Pool

ISOLATION: Literal["repeatable_read"] = "repeatable_read"
"""An append must see the store as it was before its transaction got its xid: otherwise it could be
relayed before an event of the same stream that it followed."""

IDLE_IN_TRANSACTION_SECONDS = 30
STANDBY_SECONDS = 1.0
DATABASE_TROUBLE = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
"""What a lost or overworked database raises: worth trying again on a new connection."""

_COLUMNS = (
    "position, xid::text as xid, id, stream, version, type, schema, at, correlation_id, causation_id, actor, "
    "data::text as data"
)
_APPEND = """
insert into engine.events (id, stream, version, type, schema, at, correlation_id, causation_id, actor, data)
select id, $2, version, type, schema, $6, $7, $8, $9, data::jsonb
from unnest($1::uuid[], $3::integer[], $4::text[], $5::integer[], $10::text[])
     as t (id, version, type, schema, data)
order by version
returning position, xid::text as xid
"""
_LOAD = f"select {_COLUMNS} from engine.events where stream = $1 and version > $2 order by version"  # noqa: S608 - a constant
# `events.xid` is the number; the bare name would be the column of the result, a text, and 1000 before 999
_READ = f"""
select {_COLUMNS} from engine.events
where (xid, position) > ($1::text::xid8, $2) and xid < pg_snapshot_xmin(pg_current_snapshot())
order by events.xid, events.position limit $3
"""  # noqa: S608 - a constant
_READ_ALL = f"""
select {_COLUMNS} from engine.events where (xid, position) > ($1::text::xid8, $2)
order by events.xid, events.position limit $3
"""  # noqa: S608 - a constant

_TRY_LOCK = "select pg_try_advisory_lock(hashtext($1))"


async def make_schema(connection: Connection) -> None:
    """Make the engine's tables where they are missing."""
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock(hashtext('engine.schema'))")
        await connection.execute(files("libs.eventsourcing").joinpath("schema.sql").read_text())


async def connect_pool(url: str, *, schemas: Sequence[str] = (), size: int = 8) -> Pool:
    """Return a pool whose connections find the tables of these schemas by their bare names."""
    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        server_settings=server_settings(schemas),
        command_timeout=60,
    )


async def connect(url: str, *, schemas: Sequence[str] = ()) -> "asyncpg.Connection[asyncpg.Record]":
    """Return a single connection, set up like those of `connect_pool`."""
    return await asyncpg.connect(url, server_settings=server_settings(schemas), command_timeout=60)


def server_settings(schemas: Sequence[str]) -> dict[str, str]:
    """Return the session settings that every connection of the engine has."""
    return {
        "application_name": "adrelay",
        "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_SECONDS}s",
        "jit": "off",
        "search_path": ", ".join([*(f'"{name}"' for name in schemas), "public"]),
        "timezone": "UTC",
    }


async def hold_lock(connection: Connection, name: str) -> None:
    """Wait until this connection holds the lock of that name; it is held as long as the connection lives."""
    # nobody in this process can tell when another one lets go
    while not await connection.fetchval(_TRY_LOCK, name):  # noqa: ASYNC110
        await asyncio.sleep(STANDBY_SECONDS)


class PostgresStore:
    """An `EventStore` on one connection. Call `append` inside a `repeatable_read` transaction."""

    def __init__(self, connection: Connection, catalogue: EventCatalogue) -> None:
        self._connection = connection
        self._catalogue = catalogue

    async def append(
        self, stream: str, expected: int, events: Sequence[Event], *, causes: Causes, at: datetime
    ) -> list[Recorded]:
        """See `EventStore.append`. The transaction is spoilt by `WrongExpectedVersion`."""
        data = [event.model_dump_json() for event in events]
        check_append(stream, list(zip(events, data, strict=True)))
        ids = [new_id() for _ in events]
        versions = [expected + 1 + offset for offset in range(len(events))]
        try:
            rows = await self._connection.fetch(
                _APPEND,
                ids,
                stream,
                versions,
                [type(event).__name__ for event in events],
                [event.schema_version for event in events],
                at,
                causes.correlation_id,
                causes.causation_id,
                causes.actor,
                data,
            )
        except asyncpg.UniqueViolationError as error:
            message = f"{stream} is not at version {expected} any more"
            raise WrongExpectedVersion(message) from error
        if expected and not await self._exists(stream, expected):
            message = f"{stream} has not reached version {expected}"
            raise WrongExpectedVersion(message)
        return [
            Recorded(
                Envelope(
                    id=ids[index],
                    type=type(event).__name__,
                    schema=event.schema_version,
                    stream=stream,
                    version=versions[index],
                    cursor=Cursor(int(rows[index]["xid"]), rows[index]["position"]),
                    at=at,
                    correlation_id=causes.correlation_id,
                    causation_id=causes.causation_id,
                    actor=causes.actor,
                    data=data[index],
                ),
                event,
            )
            for index, event in enumerate(events)
        ]

    async def _exists(self, stream: str, version: int) -> bool:
        return bool(
            await self._connection.fetchval(
                "select exists (select from engine.events where stream = $1 and version = $2)",
                stream,
                version,
            )
        )

    async def load(self, stream: str, after: int = 0) -> list[Recorded]:
        """See `EventStore.load`."""
        rows = await self._connection.fetch(_LOAD, stream, after)
        envelopes = [envelope_of(row) for row in rows]
        return [
            Recorded(envelope, self._catalogue.decode(envelope.type, envelope.schema, envelope.data))
            for envelope in envelopes
        ]

    async def read(self, after: Cursor, limit: int) -> list[Envelope]:
        """See `EventStore.read`: whatever an open transaction could still precede stays hidden."""
        rows = await self._connection.fetch(_READ, str(after.xid), after.position, limit)
        return [envelope_of(row) for row in rows]

    async def read_all(self, after: Cursor, limit: int) -> list[Envelope]:
        """Return what `read` does and what it still hides; for a caller that holds appenders off."""
        rows = await self._connection.fetch(_READ_ALL, str(after.xid), after.position, limit)
        return [envelope_of(row) for row in rows]


def envelope_of(row: "asyncpg.Record | dict[str, Any]") -> Envelope:
    """Return the envelope of a row of `engine.events`."""
    return Envelope(
        id=row["id"],
        type=row["type"],
        schema=row["schema"],
        stream=row["stream"],
        version=row["version"],
        cursor=Cursor(int(row["xid"]), row["position"]),
        at=row["at"],
        correlation_id=row["correlation_id"],
        causation_id=row["causation_id"],
        actor=row["actor"],
        data=row["data"],
    )
