"""The event store in PostgreSQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from libs.eventsourcing.model.catalogue import EventCatalogue
from libs.eventsourcing.model.envelope import START, Causes, Cursor, Envelope, Recorded, new_id
from libs.eventsourcing.model.errors import CarriedOut, WrongExpectedVersion
from libs.eventsourcing.model.event import Event
from libs.eventsourcing.store.addition import Addition
from libs.eventsourcing.store.connections import Connection

EVENT_COLUMNS = (
    "id, type, schema, stream, version, xid::text as xid, position, at, correlation_id, causation_id, actor, "
    "data::text as data"
)
"""What `envelope_of` takes, in its order."""
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
_LOAD = f"select {EVENT_COLUMNS} from engine.events where stream = $1 and version > $2 order by version"  # noqa: S608 - a constant
_VERSIONS = """
select stream, coalesce((select max(version) from engine.events where stream = asked.stream), 0) as version
from unnest($1::text[]) as asked (stream)
"""
# `events.xid` is the number; the bare name would be the column of the result, a text, and 1000 before 999
_READ = f"""
select {EVENT_COLUMNS} from engine.events
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
_BETWEEN = f"""
select {EVENT_COLUMNS} from engine.events
where (xid, position) > ($1::text::xid8, $2) and (xid, position) <= ($3::text::xid8, $4)
  and ($5::text[] is null or type = any($5))
order by events.xid, events.position limit $6
"""  # noqa: S608 - a constant


_LAST = """
select xid::text as xid, position from engine.events where xid < engine.horizon()
order by events.xid desc, position desc limit 1
"""
_LAST_OF_ALL = """
select xid::text as xid, position from engine.events order by events.xid desc, position desc limit 1
"""


class PostgresStore:
    """One service's events, on one connection. Call `append` inside a `repeatable_read` transaction."""

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
        """Append events behind version `expected` (0: a new stream) and return them as recorded.

        With a `command`, records that it is carried out. Raises `InvalidAppend`; `CarriedOut` if the command
        was before, and `WrongExpectedVersion` if the stream is at another version: these two abort the
        transaction.
        """
        addition = Addition.of(stream, expected, events, causes, at)
        [recorded] = await self.append_all([addition], {} if command is None else {command: addition})
        return recorded

    async def append_all(
        self, additions: Sequence[Addition], commands: Mapping[UUID, Addition]
    ) -> list[list[Recorded]]:
        """Append to several streams, or to one several times, with one statement.

        Records each command as carried out, with the last event of its addition. Raises as `append` does.
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
        """Insert the rows whose streams have the expected versions; one event takes a cheaper statement."""
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
        """Return a stream's events behind version `after`, in order; none for an unknown stream."""
        rows = await self._connection.fetch(_LOAD, stream, after)
        envelopes = [envelope_of(row) for row in rows]
        return [
            Recorded(envelope, self._catalogue.decode(envelope.type, envelope.schema, envelope.data))
            for envelope in envelopes
        ]

    async def read(self, after: Cursor, limit: int) -> list[Envelope]:
        """Return up to `limit` events of all streams behind a cursor, in the store's order.

        An event is returned only once no open transaction can store another before it.
        """
        rows = await self._connection.fetch(_READ, str(after.xid), after.position, limit)
        return [envelope_of(row) for row in rows]

    async def holds(self, cursor: Cursor) -> bool:
        """Return whether an event has this cursor."""
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
        """Return up to `limit` events of these types after one cursor up to another.

        Events that readers can't see yet are included.
        """
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


def _expected(additions: Sequence[Addition]) -> str:
    return ", ".join(f"{addition.stream} {addition.expected}" for addition in additions)


def envelope_of(row: "asyncpg.Record") -> Envelope:
    """Return the envelope of a row of `EVENT_COLUMNS`."""
    id_, kind, schema, stream, version, xid, position, at, correlation_id, causation_id, actor, data = row
    cursor = Cursor(int(xid), position)
    return Envelope(id_, kind, schema, stream, version, cursor, at, correlation_id, causation_id, actor, data)


async def last_event(connection: Connection, *, hidden: bool = True) -> Cursor:
    """Return the cursor of the last event; without `hidden`, of the last one that readers can see."""
    row = await connection.fetchrow(_LAST_OF_ALL if hidden else _LAST)
    return START if row is None else Cursor(int(row["xid"]), row["position"])
