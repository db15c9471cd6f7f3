"""Folds tables beside the running ones: from the store, or from the stream, in short transactions."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import asyncpg
from pydantic import ValidationError

from libs.events.catalogue import subject_of
from libs.eventsourcing import beside
from libs.eventsourcing.beside import Beside
from libs.eventsourcing.postgres import ISOLATION, Connection, PostgresStore
from libs.eventsourcing.projection import Projection, Writes
from libs.eventsourcing.record import START, Cursor, Envelope, Recorded
from libs.eventsourcing.stored import Extent, Held, extent, pending, read_stream
from libs.eventsourcing.stream import EventStream
from libs.eventsourcing.tables import READ_MODELS_READER, ServiceTables

PAGE = 2000

_EVENT_FAULTS = (ValidationError, LookupError, ValueError, TypeError, ArithmeticError, AttributeError)
_TABLE_FAULTS = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.SyntaxOrAccessError,
    asyncpg.RaiseError,
)


class FoldFailed(Exception):
    """An event can't be folded into the new tables; the running ones are as they were."""


class StreamIncomplete(Exception):
    """The stream is being filled again and does not hold yet what the reader has read before."""


class Fold(Protocol):
    """Brings one schema's tables up to date."""

    async def step(self) -> int:
        """Fold a part of what is missing, and return how many events were passed; 0: all is there."""
        ...

    async def finish(self) -> None:
        """Fold what is missing, while nobody folds the running tables; then both hold the same."""
        ...

    async def remaining(self) -> int:
        """Return how many events are still to be passed."""
        ...


@dataclass
class StoreFold:
    """Folds a state table from its service's own store."""

    tables: ServiceTables
    table: Projection
    into: Beside
    connection: Connection
    """Finds the tables of this schema by their bare names."""

    async def step(self) -> int:
        """See `Fold.step`."""
        return await self._pages(hidden=False, once=True)

    async def finish(self) -> None:
        """See `Fold.finish`."""
        await self._pages(hidden=True, once=False)

    async def _pages(self, *, hidden: bool, once: bool) -> int:
        passed = 0
        store = PostgresStore(self.connection, self.tables.catalogue)
        kinds = sorted(kind.__name__ for kind in self.table.events)
        while True:
            async with self.connection.transaction(isolation=ISOLATION):
                self.into = await beside.found(self.connection, self.into.schema)
                last = await beside.last_event(self.connection, hidden=hidden)
                after = self.into.reached(self.tables.service)
                page = await store.between(after, last, kinds, PAGE) if last > after else []
                if page:
                    await fold(self.tables, self.table, page, self.connection)
                reached = page[-1].cursor if len(page) == PAGE else max(after, last)
                if reached > after:
                    await beside.advance(
                        self.connection, self.into.schema, {self.tables.service: reached}, len(page)
                    )
            passed += len(page)
            if once or len(page) < PAGE:
                self.into = await beside.found(self.connection, self.into.schema)
                return passed

    async def remaining(self) -> int:
        """See `Fold.remaining`."""
        after = self.into.reached(self.tables.service)
        return int(
            await self.connection.fetchval(
                "select count(*) from engine.events "
                "where (xid, position) > ($1::text::xid8, $2) and type = any($3)",
                str(after.xid),
                after.position,
                [kind.__name__ for kind in self.table.events],
            )
        )


@dataclass
class StreamFold:
    """Folds a read model from the stream, never further than the reader of the running one has come.

    The stream may bring the services' events in another order than the reader met them, after it was filled
    anew. So what the reader has not reached yet is left out, and looked for again from there.
    """

    tables: ServiceTables
    table: Projection
    into: Beside
    connection: Connection
    """Finds the tables of this schema by their bare names."""
    stream: EventStream

    async def step(self) -> int:
        """See `Fold.step`."""
        return await self._scan(PAGE)

    async def finish(self) -> None:
        """See `Fold.finish`; raises `StreamIncomplete`."""
        sought = await beside.reader_checkpoints(self.connection)
        for source, cursor in sought.items():
            if (await self.stream.last(source)).cursor < cursor:
                message = f"the stream does not hold all of {source} yet that the reader knows"
                raise StreamIncomplete(message)
        await self._scan(None)
        async with self.connection.transaction(isolation=ISOLATION):
            for source, envelope in await beside.missed(self.connection, self.into.schema):
                await fold(self.tables, self.table, [envelope], self.connection)
                await beside.forget_skipped(self.connection, self.into.schema, source, envelope.cursor)
            await beside.advance(self.connection, self.into.schema, sought, 0)
        self.into = await beside.found(self.connection, self.into.schema)

    async def remaining(self) -> int:
        """See `Fold.remaining`."""
        return await pending(self.stream, self.stream.subjects(None), self._begin(await extent(self.stream)))

    def _begin(self, here: Extent) -> int:
        return self.into.sequence if self.into.stream_made == here.made_at else max(0, here.first - 1)

    async def _scan(self, limit: int | None) -> int:
        here = await extent(self.stream)
        begin, passed, left = self._begin(here), 0, False
        async with aclosing(read_stream(self.stream, begin, here.last)) as parts:
            async for part in parts:
                left = await self._take(part, here.made_at, left=left) or left
                passed += len(part)
                if limit is not None and passed >= limit and not left:
                    break
        self.into = await beside.found(self.connection, self.into.schema)
        return 0 if left else passed

    async def _take(self, part: Sequence[Held], made_at: datetime, *, left: bool) -> bool:
        """Fold what may be folded of a part; say whether something was left out."""
        async with self.connection.transaction(isolation=ISOLATION):
            sought = await beside.reader_checkpoints(self.connection)
            self.into = await beside.found(self.connection, self.into.schema)
            gate = await Gate.load(self.connection, self.into)
            page: list[Envelope] = []
            behind = 0 if left else None
            for held in part:
                if f"{held.source}.{held.type}" not in self._kinds or gate.passed(held):
                    continue
                if (envelope := self._event(held)) is None or held.cursor is None:
                    continue
                if held.cursor > sought.get(held.source, START):
                    behind = held.sequence if behind is None else behind
                    continue
                if await gate.opens(held.source, envelope):
                    page.append(envelope)
            await fold(self.tables, self.table, page, self.connection)
            await beside.advance(self.connection, self.into.schema, gate.reached, len(page))
            if behind != 0:
                sequence = part[-1].sequence if behind is None else behind - 1
                await beside.bookmark(self.connection, self.into.schema, made_at, sequence)
        return behind is not None

    def _event(self, held: Held) -> Envelope | None:
        """Return the event of a message; none if it is one that readers pass over."""
        try:
            return self.stream.envelope(held.subject, str(held.cursor), held.body)
        except ValueError as error:
            self.stream.pass_over(held.subject, held.sequence, str(error))
            return None

    @property
    def _kinds(self) -> frozenset[str]:
        return frozenset(subject_of(kind) for kind in self.table.events)


@dataclass
class Gate:
    """Lets each event in once, and none that the reader has parked or an operator has given up."""

    connection: Connection
    schema: str
    reached: dict[str, Cursor]
    shut: set[tuple[str, str]]
    """Streams by source of which something is parked, or was when it came."""
    dropped: set[tuple[str, Cursor]]

    @classmethod
    async def load(cls, connection: Connection, into: Beside) -> "Gate":
        """Learn what is parked and what was given up, as of this transaction."""
        shut = await connection.fetch(
            "select source, stream from engine.parked where reader = $1 "
            "union select source, envelope ->> 'stream' from engine.beside_skipped where schema = $2",
            READ_MODELS_READER,
            into.schema,
        )
        dropped = await connection.fetch(
            "select source, xid, position from engine.dropped where reader = $1", READ_MODELS_READER
        )
        return cls(
            connection,
            into.schema,
            dict(into.checkpoints),
            {(row["source"], row["stream"]) for row in shut},
            {(row["source"], Cursor(row["xid"], row["position"])) for row in dropped},
        )

    def passed(self, held: Held) -> bool:
        """Say whether an event was let in before."""
        return held.cursor is not None and held.cursor <= self.reached.get(held.source, START)

    async def opens(self, source: str, envelope: Envelope) -> bool:
        """Say whether an event is to be folded now; one that is parked is noted, for later."""
        self.reached[source] = envelope.cursor
        if (source, envelope.cursor) in self.dropped:
            return False
        if (source, envelope.stream) not in self.shut or not await self._parked(source, envelope):
            return True
        await beside.skip(self.connection, self.schema, source, envelope)
        return False

    async def _parked(self, source: str, envelope: Envelope) -> bool:
        """Say whether this event, or one before it in its stream, is parked or was left out here."""
        return bool(
            await self.connection.fetchval(
                "select exists (select from engine.parked where reader = $1 and source = $2 and stream = $3 "
                "and (xid, position) <= ($4, $5)) or exists (select from engine.beside_skipped "
                "where schema = $6 and source = $2 and envelope ->> 'stream' = $3)",
                READ_MODELS_READER,
                source,
                envelope.stream,
                *envelope.cursor,
                self.schema,
            )
        )


async def fold(
    tables: ServiceTables, table: Projection, page: Sequence[Envelope], connection: Connection
) -> None:
    """Fold events into the tables that this connection finds; raise `FoldFailed` where one can't be."""
    writes = Writes(connection)
    envelope: Envelope | None = None
    try:
        for envelope in page:
            event = tables.catalogue.decode(envelope.type, envelope.schema, envelope.data)
            await table.apply(Recorded(envelope, event), writes)
        await writes.flush()
    except (*_EVENT_FAULTS, *_TABLE_FAULTS) as error:
        where = f"{envelope.stream} v{envelope.version} ({envelope.type})" if envelope else "an event"
        about = "at or before " if writes.delayed else ""
        message = f"{table.name} v{table.version} can't be folded {about}{where}: {error!r}"
        raise FoldFailed(message) from error
