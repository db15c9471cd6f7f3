"""The event store in PostgreSQL, and connections that are set up for it."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import asyncpg

from libs.events.base import Event
from libs.eventsourcing.addition import Addition
from libs.eventsourcing.cancelling import heed_cancellation
from libs.eventsourcing.record import Causes, Cursor, Envelope, Recorded, new_id
from libs.eventsourcing.store import CarriedOut, WrongExpectedVersion

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    from libs.events.catalogue import EventCatalogue

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
returning position, xid
"""
# `behind` is the version that a stream's first event must find there; 0 for what follows it in here
_APPEND = """
insert into engine.events (id, stream, version, type, schema, at, correlation_id, causation_id, actor, data)
select id, stream, version, type, schema, at, correlation_id, causation_id, actor, data::jsonb
from unnest($1::uuid[], $2::text[], $3::integer[], $4::text[], $5::integer[], $6::timestamptz[], $7::uuid[],
            $8::uuid[], $9::text[], $10::text[], $11::integer[]) with ordinality
     as new (id, stream, version, type, schema, at, correlation_id, causation_id, actor, data, behind, number)
where behind = 0
   or exists (select from engine.events as known where known.stream = new.stream and known.version = behind)
order by number
returning position, xid, id
"""
_ADDED = "select position, xid::text as xid from added order by position"
_ADD_ONE = f"with added as ({_APPEND_ONE}) {_ADDED}"
_CARRY_OUT_ONE = f"""
with added as ({_APPEND_ONE}), carried_out as (
    insert into engine.commands (id, xid, position) select $11::uuid, xid, position from added
) {_ADDED}
"""  # noqa: S608 - constants
_ADD = f"""
with added as ({_APPEND}), carried_out as (
    insert into engine.commands (id, xid, position)
    select done.id, added.xid, added.position
    from unnest($12::uuid[], $13::uuid[]) as done (id, last) join added on added.id = done.last
) {_ADDED}
"""  # noqa: S608 - constants
_LOAD = f"select {_COLUMNS} from engine.events where stream = $1 and version > $2 order by version"  # noqa: S608 - a constant
_VERSIONS = """
select stream, coalesce((select max(version) from engine.events where stream = asked.stream), 0) as version
from unnest($1::text[]) as asked (stream)
"""
# `events.xid` is the number; the bare name would be the column of the result, a text, and 1000 before 999
_READ = f"""
select {_COLUMNS} from engine.events
where (xid, position) > ($1::text::xid8, $2) and xid < engine.horizon()
order by events.xid, events.position limit $3
"""  # noqa: S608 - a constant
_LAST_OF_EACH_TYPE = """
select type, max(position) as position from engine.events
where xid = $1::text::xid8 and position > $2 and position < coalesce(
  (select position from engine.events where xid = $1::text::xid8 and position > $2 and at <> $3
   order by position limit 1), 9223372036854775807)
group by type
"""
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


async def hold_lock(connection: Connection, name: str, *, waiting: Callable[[], None] = lambda: None) -> None:
    """Wait until this connection holds the lock of that name; it is held as long as the connection lives.

    Calls `waiting` whenever another connection was found to hold it.
    """
    while not await connection.fetchval(_TRY_LOCK, name):
        waiting()
        heed_cancellation()
        await asyncio.sleep(STANDBY_SECONDS)


class PostgresStore:
    """An `EventStore` on one connection. Call `append` inside a `repeatable_read` transaction."""

    def __init__(self, connection: Connection, catalogue: "EventCatalogue") -> None:
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
        addition = Addition.of(stream, expected, events, causes, at)
        [recorded] = await self.append_all([addition], {} if command is None else {command: addition})
        return recorded

    async def append_all(
        self, additions: Sequence[Addition], commands: Mapping[UUID, Addition]
    ) -> list[list[Recorded]]:
        """Append to several streams, or to one several times, with one statement.

        Notes each command as carried out with the last event of its addition. Raises as `append` does.
        """
        ids = [[new_id() for _ in addition.events] for addition in additions]
        try:
            rows = await self._insert(additions, ids, commands)
        except asyncpg.UniqueViolationError as error:
            if error.table_name == "commands":
                message = "a command was carried out before"
                raise CarriedOut(message) from error
            message = f"not at the version any more: {_expected(additions)}"
            raise WrongExpectedVersion(message) from error
        if len(rows) < sum(map(len, ids)):
            message = f"has not reached the version: {_expected(additions)}"
            raise WrongExpectedVersion(message)
        found = iter(rows)
        return [
            [
                addition.recorded(offset, event_id, Cursor(int(row["xid"]), row["position"]))
                for offset, (event_id, row) in enumerate(zip(event_ids, found, strict=False))
            ]
            for addition, event_ids in zip(additions, ids, strict=True)
        ]

    async def _insert(
        self,
        additions: Sequence[Addition],
        ids: Sequence[Sequence[UUID]],
        commands: Mapping[UUID, Addition],
    ) -> "list[asyncpg.Record]":
        """Insert the rows whose streams have reached the expected versions; one event takes a cheaper way."""
        if len(additions) == len(additions[0].events) == 1:
            row = additions[0].row(0, ids[0][0])[:-1]
            return await self._connection.fetch(_CARRY_OUT_ONE if commands else _ADD_ONE, *row, *commands)
        rows, reached = list[tuple[object, ...]](), set[str]()
        for addition, event_ids in zip(additions, ids, strict=True):
            for offset, event_id in enumerate(event_ids):
                *values, behind = addition.row(offset, event_id)
                rows.append((*values, 0 if addition.stream in reached else behind))
                reached.add(addition.stream)
        last = {id(addition): event_ids[-1] for addition, event_ids in zip(additions, ids, strict=True)}
        return await self._connection.fetch(
            _ADD,
            *map(list, zip(*rows, strict=True)),
            list(commands),
            [last[id(addition)] for addition in commands.values()],
        )

    async def versions(self, streams: Sequence[str]) -> dict[str, int]:
        """Return how many events each of these streams has."""
        rows = await self._connection.fetch(_VERSIONS, streams)
        return {row["stream"]: row["version"] for row in rows}

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

    async def holds(self, cursor: Cursor) -> bool:
        """Say whether an event stands at this place."""
        asked = "select exists (select from engine.events where xid = $1::text::xid8 and position = $2)"
        return bool(await self._connection.fetchval(asked, str(cursor.xid), cursor.position))

    async def last_of_each_type(self, event: Envelope) -> dict[str, int]:
        """Return which types of events follow one in its unit of work, each with its last position."""
        rows = await self._connection.fetch(
            _LAST_OF_EACH_TYPE, str(event.cursor.xid), event.cursor.position, event.at
        )
        return {row["type"]: row["position"] for row in rows}

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


def _expected(additions: Sequence[Addition]) -> str:
    return ", ".join(f"{addition.stream} {addition.expected}" for addition in additions)


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
