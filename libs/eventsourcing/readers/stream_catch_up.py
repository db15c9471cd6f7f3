"""Folds shadow tables of read models from the stream, in short transactions."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from libs.eventsourcing.model.catalogue import subject_of
from libs.eventsourcing.model.envelope import START, Cursor, Envelope
from libs.eventsourcing.projections import shadow
from libs.eventsourcing.projections.catch_up import PAGE, ReadModelSource, StreamIncomplete, fold
from libs.eventsourcing.projections.migration import migrate
from libs.eventsourcing.projections.projection import Projection
from libs.eventsourcing.projections.shadow import ShadowTables
from libs.eventsourcing.projections.tables import READ_MODELS, Kind, ServiceTables
from libs.eventsourcing.store.connections import ISOLATION, Connection
from libs.eventsourcing.stream.event_stream import EventStream
from libs.eventsourcing.stream.stored_messages import Extent, StoredMessage, extent, pending, read_stream


@dataclass
class StreamFold:
    """Folds a read model from the stream, never beyond the checkpoints of the reader of the running one.

    After it was republished, the stream may bring the services' events in another order than the reader met
    them. So events beyond the reader's checkpoints are left out, and read again from there.
    """

    tables: ServiceTables
    table: Projection
    into: ShadowTables
    connection: Connection
    """Its search path is this schema."""
    stream: EventStream

    async def step(self) -> int:
        """See `Fold.step`."""
        return await self._scan(PAGE)

    async def finish(self) -> None:
        """See `Fold.finish`; raises `StreamIncomplete`."""
        sought = await shadow.reader_checkpoints(self.connection)
        for source, cursor in sought.items():
            if (await self.stream.last(source)).cursor < cursor:
                message = f"the stream does not hold all of {source} yet that the reader knows"
                raise StreamIncomplete(message)
        await self._scan(None)
        async with self.connection.transaction(isolation=ISOLATION):
            for source, envelope in await shadow.missed(self.connection, self.into.schema):
                await fold(self.tables, self.table, [envelope], self.connection)
                await shadow.forget_skipped(self.connection, self.into.schema, source, envelope.cursor)
            await shadow.advance(self.connection, self.into.schema, sought, 0)
        self.into = await shadow.found(self.connection, self.into.schema)

    async def remaining(self) -> int:
        """See `Fold.remaining`."""
        begin = await self._begin(await extent(self.stream))
        return await pending(self.stream, self.stream.subjects(None), begin)

    async def _begin(self, here: Extent) -> int:
        if self.into.stream_made != here.made_at:
            return max(0, here.first - 1)
        return await self.stream.resume_after(self.into.sequence, with_partitions=self.into.with_partitions)

    async def _scan(self, limit: int | None) -> int:
        here = await extent(self.stream)
        begin, passed, left = await self._begin(here), 0, False
        async with aclosing(read_stream(self.stream, begin, here.last)) as parts:
            async for part in parts:
                left = await self._take(part, here.made_at, left=left) or left
                passed += len(part)
                if limit is not None and passed >= limit and not left:
                    break
        self.into = await shadow.found(self.connection, self.into.schema)
        return 0 if left else passed

    async def _take(self, part: Sequence[StoredMessage], made_at: datetime, *, left: bool) -> bool:
        """Fold a batch; return whether events were left out."""
        async with self.connection.transaction(isolation=ISOLATION):
            sought = await shadow.reader_checkpoints(self.connection)
            self.into = await shadow.found(self.connection, self.into.schema)
            gate = await Gate.load(self.connection, self.into)
            page: list[Envelope] = []
            behind = 0 if left else None
            for message in part:
                if f"{message.source}.{message.type}" not in self._kinds or gate.passed(message):
                    continue
                if (envelope := self._event(message)) is None or message.cursor is None:
                    continue
                if message.cursor > sought.get(message.source, START):
                    behind = message.sequence if behind is None else behind
                    continue
                if await gate.opens(message.source, envelope):
                    page.append(envelope)
            await fold(self.tables, self.table, page, self.connection)
            await shadow.advance(self.connection, self.into.schema, gate.reached, len(page))
            if behind != 0:
                sequence = part[-1].sequence if behind is None else behind - 1
                await shadow.store_resume_offset(self.connection, self.into.schema, made_at, sequence)
        return behind is not None

    def _event(self, message: StoredMessage) -> Envelope | None:
        """Return the event of a message, None for one that readers skip."""
        try:
            return self.stream.envelope(message.subject, str(message.cursor), message.body)
        except ValueError as error:
            self.stream.pass_over(message.subject, message.sequence, str(error))
            return None

    @property
    def _kinds(self) -> frozenset[str]:
        return frozenset(subject_of(kind) for kind in self.table.events)


@dataclass
class Gate:
    """Admits each event once, except dead letters and dropped events."""

    connection: Connection
    schema: str
    reached: dict[str, Cursor]
    shut: set[tuple[str, str]]
    """Streams by source that are blocked by a dead letter, or were when an event of them came."""
    dropped: set[tuple[str, Cursor]]

    @classmethod
    async def load(cls, connection: Connection, into: ShadowTables) -> "Gate":
        """Load dead letters and dropped events, as of this transaction."""
        shut = await connection.fetch(
            "select source, stream from engine.parked where reader = $1 "
            "union select source, envelope ->> 'stream' from engine.beside_skipped where schema = $2",
            READ_MODELS,
            into.schema,
        )
        dropped = await connection.fetch(
            "select source, xid, position from engine.dropped where reader = $1", READ_MODELS
        )
        return cls(
            connection,
            into.schema,
            dict(into.checkpoints),
            {(row["source"], row["stream"]) for row in shut},
            {(row["source"], Cursor(row["xid"], row["position"])) for row in dropped},
        )

    def passed(self, message: StoredMessage) -> bool:
        """Return whether an event was admitted before."""
        return message.cursor is not None and message.cursor <= self.reached.get(message.source, START)

    async def opens(self, source: str, envelope: Envelope) -> bool:
        """Return whether an event is to be folded now; a dead letter is noted, for later."""
        self.reached[source] = envelope.cursor
        if (source, envelope.cursor) in self.dropped:
            return False
        if (source, envelope.stream) not in self.shut or not await self._is_dead_letter(source, envelope):
            return True
        await shadow.skip(self.connection, self.schema, source, envelope)
        return False

    async def _is_dead_letter(self, source: str, envelope: Envelope) -> bool:
        """Return whether this event, or one before it in its stream, is a dead letter or was left out."""
        return bool(
            await self.connection.fetchval(
                "select exists (select from engine.parked where reader = $1 and source = $2 and stream = $3 "
                "and (xid, position) <= ($4, $5)) or exists (select from engine.beside_skipped "
                "where schema = $6 and source = $2 and envelope ->> 'stream' = $3)",
                READ_MODELS,
                source,
                envelope.stream,
                *envelope.cursor,
                self.schema,
            )
        )


def source_of(stream: EventStream | None) -> ReadModelSource | None:
    """Return what folds read models from a stream; None without one."""
    if stream is None:
        return None
    return lambda tables, table, into, connection: StreamFold(tables, table, into, connection, stream)


async def migrate_read_models(tables: ServiceTables, stream: EventStream) -> None:
    """Migrate the read models to this program's versions, folded from the stream; see `migrate`."""
    await migrate(tables, Kind.READ, source=source_of(stream))
