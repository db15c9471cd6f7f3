"""The event store in PostgreSQL, and connections that are set up for it."""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import asyncpg

from libs.events.base import Event
from libs.events.catalogue import EventCatalogue
from libs.eventsourcing.cancelling import heed_cancellation
from libs.eventsourcing.record import Causes, Cursor, Envelope, Recorded, new_id
from libs.eventsourcing.store import CarriedOut, WrongExpectedVersion, check_append

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
CONNECT_SECONDS = 10.0
"""How long a server may take to let a connection in; one that hangs is tried again."""
DATABASE_TROUBLE = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # asyncpg stumbles where the server's last words meet a new query
    OSError,
    TimeoutError,
)
"""What a lost or overworked database raises: worth trying again on a new connection."""

_COLUMNS = (
    "position, xid::text as xid, id, stream, version, type, schema, at, correlation_id, causation_id, actor, "
    "data::text as data"
)
_APPEND_ONE = """
insert into engine.events (id, stream, version, type, schema, at, correlation_id, causation_id, actor, data)
select $1::uuid, $2::text, $3::integer, $4::text, $5::integer, $6::timestamptz, $7::uuid, $8::uuid, $9::text,
       $10::text::jsonb
where $3 = 1 or exists (select from engine.events where stream = $2 and version = $3 - 1)
returning position, xid::text as xid
"""
_APPEND = """
insert into engine.events (id, stream, version, type, schema, at, correlation_id, causation_id, actor, data)
select id, $2, version, type, schema, $6, $7, $8, $9, data::jsonb
from unnest($1::uuid[], $3::integer[], $4::text[], $5::integer[], $10::text[])
     as t (id, version, type, schema, data)
where $11 = 0 or exists (select from engine.events where stream = $2 and version = $11)
order by version
returning position, xid::text as xid
"""


def _with_command(append: str, parameter: int) -> str:
    """Return an append that also notes the command that it carries out, at no further round trip."""
    return (
        f"with added as ({append}), carried_out as ("  # noqa: S608 - constants
        f" insert into engine.commands (id, xid, position)"
        f" select ${parameter}::uuid, xid::xid8, position from added order by position desc limit 1)"
        " select position, xid from added order by position"
    )


_CARRY_OUT_ONE = _with_command(_APPEND_ONE, 11)
_CARRY_OUT = _with_command(_APPEND, 12)
_LOAD = f"select {_COLUMNS} from engine.events where stream = $1 and version > $2 order by version"  # noqa: S608 - a constant
# `events.xid` is the number; the bare name would be the column of the result, a text, and 1000 before 999
_READ = f"""
select {_COLUMNS} from engine.events
where (xid, position) > ($1::text::xid8, $2) and xid < engine.horizon()
order by events.xid, events.position limit $3
"""  # noqa: S608 - a constant
_READ_ALL = f"""
select {_COLUMNS} from engine.events where (xid, position) > ($1::text::xid8, $2)
order by events.xid, events.position limit $3
"""  # noqa: S608 - a constant

_BETWEEN = f"""
select {_COLUMNS} from engine.events
where (xid, position) > ($1::text::xid8, $2) and (xid, position) <= ($3::text::xid8, $4)
  and ($5::text[] is null or type = any($5))
order by events.xid, events.position limit $6
"""  # noqa: S608 - a constant

_MAKING_ATTEMPTS = 5
_MADE = """
insert into engine.made (name, digest) values ($1, $2)
on conflict (name) do update set digest = excluded.digest, at = now()
"""
_TRY_LOCK = "select pg_try_advisory_lock(hashtext($1))"


async def make_schema(connection: Connection) -> None:
    """Make the engine's tables where they are missing."""
    await make_once(connection, "engine", files("libs.eventsourcing").joinpath("schema.sql").read_text())


async def make_once(connection: Connection, name: str, statements: str) -> None:
    """Carry out statements that make tables where they are missing, unless the same were carried out before.

    Where the tables stand already nothing is locked: making them again would hold writers up at every start
    of any process, and two that start at once could block each other.
    """
    digest = hashlib.sha256(statements.encode()).hexdigest()
    for attempt in range(1, _MAKING_ATTEMPTS + 1):
        try:
            if await _made(connection, name) != digest:
                async with connection.transaction():
                    await connection.execute("select pg_advisory_xact_lock(hashtext('engine.schema'))")
                    await connection.execute(statements)
                    await connection.execute(_MADE, name, digest)
        except asyncpg.DeadlockDetectedError:  # an older program's writer was in the way
            if attempt == _MAKING_ATTEMPTS:
                raise
        else:
            return


async def _made(connection: Connection, name: str) -> str | None:
    """Return the digest of the statements of this name that were carried out last."""
    if await connection.fetchval("select to_regclass('engine.made') is null"):
        return None
    made: str | None = await connection.fetchval("select digest from engine.made where name = $1", name)
    return made


async def connect_pool(url: str, *, schemas: Sequence[str] = (), size: int = 8) -> Pool:
    """Return a pool whose connections find the tables of these schemas by their bare names."""
    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        server_settings=server_settings(schemas),
        timeout=CONNECT_SECONDS,
        command_timeout=60,
        reset=_leave_as_it_is,
    )


async def _leave_as_it_is(connection: Connection) -> None:
    """Save the round trip of a reset: nothing here changes a session beyond its transaction."""


async def connect(url: str, *, schemas: Sequence[str] = ()) -> "asyncpg.Connection[asyncpg.Record]":
    """Return a single connection, set up like those of `connect_pool`."""
    return await asyncpg.connect(
        url, server_settings=server_settings(schemas), timeout=CONNECT_SECONDS, command_timeout=60
    )


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
    while not await connection.fetchval(_TRY_LOCK, name):
        heed_cancellation()
        await asyncio.sleep(STANDBY_SECONDS)


class PostgresStore:
    """An `EventStore` on one connection. Call `append` inside a `repeatable_read` transaction."""

    def __init__(self, connection: Connection, catalogue: EventCatalogue) -> None:
        self._connection = connection
        self._catalogue = catalogue

    async def append(
        self,
        stream: str,
        expected: int,
        events: Sequence[Event],
        *,
        causes: Causes,
        at: datetime,
        command: UUID | None = None,
    ) -> list[Recorded]:
        """See `EventStore.append`. With a `command`, note that it is carried out hereby.

        Raises `CarriedOut` if it was before. That and `WrongExpectedVersion` spoil the transaction.
        """
        data = [event.model_dump_json() for event in events]
        check_append(stream, list(zip(events, data, strict=True)))
        ids = [new_id() for _ in events]
        try:
            rows = await self._insert(stream, expected, events, ids, data, causes, at, command)
        except asyncpg.UniqueViolationError as error:
            if command is not None and error.table_name == "commands":
                raise CarriedOut(str(command)) from error
            message = f"{stream} is not at version {expected} any more"
            raise WrongExpectedVersion(message) from error
        if not rows:
            message = f"{stream} has not reached version {expected}"
            raise WrongExpectedVersion(message)
        return [
            Recorded(
                Envelope(
                    id=ids[index],
                    type=type(event).__name__,
                    schema=event.schema_version,
                    stream=stream,
                    version=expected + 1 + index,
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

    async def _insert(
        self,
        stream: str,
        expected: int,
        events: Sequence[Event],
        ids: Sequence[UUID],
        data: Sequence[str],
        causes: Causes,
        at: datetime,
        command: UUID | None,
    ) -> "list[asyncpg.Record]":
        """Insert the rows if the stream has reached the expected version; one event takes a cheaper way."""
        why = (at, causes.correlation_id, causes.causation_id, causes.actor)
        noted = () if command is None else (command,)
        if len(events) == 1:
            kind = type(events[0])
            return await self._connection.fetch(
                _CARRY_OUT_ONE if noted else _APPEND_ONE,
                ids[0],
                stream,
                expected + 1,
                kind.__name__,
                kind.schema_version,
                *why,
                data[0],
                *noted,
            )
        return await self._connection.fetch(
            _CARRY_OUT if noted else _APPEND,
            ids,
            stream,
            [expected + 1 + offset for offset in range(len(events))],
            [type(event).__name__ for event in events],
            [event.schema_version for event in events],
            *why,
            data,
            expected,
            *noted,
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

    async def between(
        self, after: Cursor, upto: Cursor, kinds: Sequence[str] | None, limit: int
    ) -> list[Envelope]:
        """Return up to `limit` events of these types behind one cursor up to another, hidden ones too."""
        rows = await self._connection.fetch(
            _BETWEEN,
            str(after.xid),
            after.position,
            str(upto.xid),
            upto.position,
            None if kinds is None else list(kinds),
            limit,
        )
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
