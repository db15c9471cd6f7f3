"""Fills one empty store with events that were exported from another, in a transaction of the caller."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg

from libs.eventsourcing.model.envelope import START, Cursor, Envelope
from libs.eventsourcing.operations.status import connected_as, holds_store
from libs.eventsourcing.readers.dead_letters import DeadLetters
from libs.eventsourcing.store.connections import Connection
from libs.eventsourcing.store.schema import make_schema

_LOCK_WAIT = "5s"
_TABLES = (
    "beside_skipped",
    "beside_checkpoints",
    "beside",
    "projections",
    "readers",
    "checkpoints",
    "bookmarks",
    "parked",
    "retries",
    "dropped",
    "commands",
    "snapshots",
)
"""The engine's tables that hold more than events; those that refer to another come first."""
_INSERT = """
insert into engine.events
    (position, id, stream, version, type, schema, at, correlation_id, causation_id, actor, data)
overriding system value
select $2 + number, (line->>'id')::uuid, line->>'stream', (line->>'version')::integer, line->>'type',
       (line->>'schema')::integer, (line->>'at')::timestamptz, (line->>'correlation_id')::uuid,
       (line->>'causation_id')::uuid, line->>'actor', line->'data'
from unnest($1::jsonb[]) with ordinality as lines (line, number) order by number
"""
_SEQUENCE = (
    "select setval(pg_get_serial_sequence('engine.events', 'position'), greatest($1::bigint, 1), $1 > 0)"
)
_READERS = """
insert into engine.readers (name) select distinct reader from engine.checkpoints on conflict do nothing
"""


class HoldsEvents(Exception):
    """The store holds events already."""


class StoreInUse(Exception):
    """Services are connected to the store."""


class StoreLocked(Exception):
    """Someone else has a lock on the store's tables."""


@dataclass
class Filling:
    """A store that is being filled, over a connection with an open transaction."""

    connection: Connection
    application: str
    """The `application_name` of the services' connections."""
    existed: bool = False
    """Whether the engine's tables were there before."""
    before: dict[str, str] = field(default_factory=dict[str, str])
    """The rows that the engine's tables held before, as JSON by table; there were no events."""
    xid: int = 0
    """The xid of its new events."""
    written: int = 0

    async def prepare(self) -> None:
        """Lock the store exclusively; raise unless it is empty and nobody uses it.

        A service that starts meanwhile waits where it looks up its tables, and then finds that it has to fold
        them. Raises `HoldsEvents`, `StoreInUse` or `StoreLocked`.
        """
        self.existed = await holds_store(self.connection)
        await make_schema(self.connection)
        await _lock_exclusively(self.connection, self.application)
        if await self.connection.fetchval("select exists (select from engine.events)"):
            raise HoldsEvents
        self.before = {
            table: await self.connection.fetchval(
                f"select coalesce(json_agg(t), '[]')::text from engine.{table} t"  # noqa: S608 - one of ours
            )
            for table in _TABLES
        }
        await _empty(self.connection)
        self.xid = int(await self.connection.fetchval("select engine.stamp()::text"))

    def cursor_of(self, number: int) -> Cursor:
        """Return the cursor here of an event by its number in the export, `START` for 0."""
        return Cursor(self.xid, number) if number else START

    async def add_events(self, lines: Sequence[str]) -> None:
        """Append events, each an exported JSON object."""
        await self.connection.execute(_INSERT, lines, self.written)
        self.written += len(lines)

    async def add_checkpoint(self, reader: str, source: str, cursor: Cursor) -> None:
        """Store a reader's checkpoint in a source."""
        await self._note("checkpoints", reader, source, cursor)

    async def add_dropped(self, reader: str, source: str, cursor: Cursor) -> None:
        """Store that a reader's dead letter was dropped."""
        await self._note("dropped", reader, source, cursor)

    async def add_dead_letter(self, reader: str, source: str, envelope: Envelope, error: str) -> None:
        """Store a dead letter."""
        await DeadLetters(reader).add(self.connection, source, envelope, error)

    async def finish(self) -> None:
        """Continue the store's sequences behind what was added, and register its readers."""
        await self.connection.execute(_SEQUENCE, self.written)
        await self.connection.execute(_READERS)

    async def undo(self, connection: Connection) -> None:
        """Undo a filling that was committed, over another connection. Raises as `prepare` does."""
        if not await holds_store(connection):
            return
        await _lock_exclusively(connection, self.application)
        if not self.existed:
            await connection.execute("drop schema engine cascade")
            return
        await _empty(connection)
        await connection.execute("delete from engine.events")
        await connection.execute(_SEQUENCE, 0)
        for table in reversed(_TABLES):
            rows = f"json_populate_recordset(null::engine.{table}, $1::text::json)"
            await connection.execute(f"insert into engine.{table} select * from {rows}", self.before[table])  # noqa: S608 - one of ours

    async def _note(self, table: str, reader: str, source: str, cursor: Cursor) -> None:
        if cursor > START:
            await self.connection.execute(
                f"insert into engine.{table} (reader, source, xid, position) values ($1, $2, $3, $4)",  # noqa: S608 - one of two
                reader,
                source,
                *cursor,
            )


async def _lock_exclusively(connection: Connection, application: str) -> None:
    """Lock a store exclusively for this transaction: nobody else writes to it or looks up its tables."""
    await _refuse_users(connection, application)
    await connection.execute(f"set local lock_timeout = '{_LOCK_WAIT}'")
    try:
        await connection.execute("lock table engine.projections in access exclusive mode")
        await connection.execute("lock table engine.events in exclusive mode")
    except asyncpg.LockNotAvailableError as error:
        raise StoreLocked from error
    await _refuse_users(connection, application)


async def _refuse_users(connection: Connection, application: str) -> None:
    if await connected_as(connection, application):
        raise StoreInUse


async def _empty(connection: Connection) -> None:
    for table in _TABLES:
        await connection.execute(f"delete from engine.{table}")  # noqa: S608 - one of ours
