"""Compares a service's store with its events on the stream."""

import json
from collections import Counter, deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID

from libs.eventsourcing.model.envelope import START, Cursor, Envelope
from libs.eventsourcing.projections.tables import ServiceTables
from libs.eventsourcing.store.connections import Connection
from libs.eventsourcing.store.postgres import PostgresStore
from libs.eventsourcing.stream.event_stream import EventStream
from libs.eventsourcing.stream.stored_messages import Extent, StoredMessage, extent, read_stream

SHOWN = 20
"""How many findings of each kind are reported in full."""
_PAGE = 2000
_GAPS_KNOWN = 100_000


class Fault(StrEnum):
    """How the stream differs from a store."""

    GAP = "gap"
    """The stream lacks an event, but holds later ones."""
    REPEAT = "repeat"
    """The stream holds an event a second time."""
    ORDER = "order"
    """The stream holds an event behind one that it precedes in the store."""
    CONTENT = "content"
    """The stream has another content of an event than the store."""
    STRANGER = "stranger"
    """The stream has an event that the store lacks: the store lost it, or no relay published it."""


@dataclass(frozen=True)
class Finding:
    """One difference, and where it is."""

    fault: Fault
    sequence: int | None
    """Its sequence; None for a gap."""
    cursor: Cursor | None
    event: UUID | None
    stream: str | None
    detail: str


@dataclass
class StreamReport:
    """The result of comparing a service's store with the stream."""

    service: str
    compared: int = 0
    waiting: int = 0
    """Events at the store's end that are still to be relayed; no fault."""
    counts: Counter[Fault] = field(default_factory=Counter[Fault])
    findings: list[Finding] = field(default_factory=list[Finding])
    """The first few of each kind."""

    @property
    def sound(self) -> bool:
        """The stream holds exactly the store's events, in its order, each once."""
        return not self.counts

    def add(self, finding: Finding) -> None:
        """Count a finding."""
        self.counts[finding.fault] += 1
        if self.counts[finding.fault] <= SHOWN:
            self.findings.append(finding)


class _Comparison:
    """Reads one service's store in parallel with the stream's messages of this service."""

    def __init__(self, service: str, store: PostgresStore, stream: EventStream) -> None:
        self.report = StreamReport(service)
        self.last = START
        """The cursor of the last message."""
        self._store = store
        self._stream = stream
        self._beyond = START
        """The highest cursor that a foreign message claims."""
        self._ahead: deque[Envelope] = deque()
        self._read = START
        self._gaps: set[Cursor] = set()

    async def meet(self, message: StoredMessage) -> None:
        """Compare a message with the event that the store has next."""
        self.report.compared += 1
        if message.cursor is None:
            self._note(Fault.STRANGER, message, "no relay put it there")
            return
        if message.cursor <= self.last:
            fault = Fault.ORDER if message.cursor in self._gaps else Fault.REPEAT
            self._note(fault, message, "it comes behind a later one")
            return
        stored = await self._next()
        known = stored is not None and stored.cursor == message.cursor
        if not known and not await self._store.holds(message.cursor):
            if stored is not None:
                self._ahead.appendleft(stored)
            self._beyond = max(self._beyond, message.cursor)
            self._note(Fault.STRANGER, message, "the store holds no such event")
            return
        while stored is not None and stored.cursor < message.cursor:
            self._gap(stored)
            stored = await self._next()
        if stored is not None and (difference := _difference(self._stream, stored, message)):
            self._note(Fault.CONTENT, message, difference)
        if message.cursor < self._beyond:
            self._note(
                Fault.ORDER, message, "readers may skip it: a foreign message before it has a later cursor"
            )
        self.last = message.cursor

    async def _next(self) -> Envelope | None:
        if not self._ahead:
            page = await self._store.read(self._read, _PAGE)
            self._ahead.extend(page)
            self._read = page[-1].cursor if page else self._read
        return self._ahead.popleft() if self._ahead else None

    def _gap(self, stored: Envelope) -> None:
        if len(self._gaps) < _GAPS_KNOWN:
            self._gaps.add(stored.cursor)
        self.report.add(
            Finding(Fault.GAP, None, stored.cursor, stored.id, stored.stream, "the stream lacks it")
        )

    def _note(self, fault: Fault, message: StoredMessage, detail: str) -> None:
        envelope: Envelope | None = None
        try:
            envelope = message.envelope()
        except ValueError as error:
            detail = f"{detail}; {error}"
        self.report.add(
            Finding(
                fault,
                message.sequence,
                message.cursor,
                None if envelope is None else envelope.id,
                None if envelope is None else envelope.stream,
                detail,
            )
        )


def _difference(stream: EventStream, stored: Envelope, message: StoredMessage) -> str | None:
    """Return how a message differs from the stored event, None if it does not."""
    if not stream.is_subject_of(message.subject, stored):
        return f"its subject is {message.subject}"
    if message.body == stored.to_json():
        return None
    try:
        published = message.envelope()
    except ValueError as error:
        return str(error)
    if json.loads(published.data) == json.loads(stored.data):
        published = replace(published, data=stored.data)  # only its spelling is another one
    differing = [
        name for name in Envelope.__dataclass_fields__ if getattr(published, name) != getattr(stored, name)
    ]
    return f"these differ: {', '.join(differing)}" if differing else None


async def verify_stream(
    services: Mapping[str, ServiceTables], stream: EventStream
) -> AsyncGenerator[tuple[int, int] | StreamReport]:
    """Compare all these stores with the stream up to its present end; services may go on meanwhile.

    Yields how many of how many messages were read, and at the end a report for each service.
    """
    async with AsyncExitStack() as stack:
        walks: dict[str, _Comparison] = {}
        connections: dict[str, Connection] = {}
        for name, tables in services.items():
            connection = await tables.connect()
            stack.push_async_callback(connection.close, timeout=2)
            connections[name] = connection
            walks[name] = _Comparison(name, PostgresStore(connection, tables.catalogue), stream)
        here: Extent = await extent(stream)
        read = max(0, here.first - 1)
        yield read, here.last
        async with aclosing(read_stream(stream, read, here.last)) as parts:
            async for part in parts:
                for message in part:
                    walk = walks.get(message.source)
                    if walk is not None:
                        await walk.meet(message)
                yield part[-1].sequence if part else here.last, here.last
        for name, walk in walks.items():
            walk.report.waiting = await waiting(connections[name], walk.last)
            yield walk.report


async def waiting(connection: Connection, published: Cursor) -> int:
    """Return how many events of a store are behind a cursor."""
    return int(
        await connection.fetchval(
            "select count(*) from engine.events where (xid, position) > ($1::text::xid8, $2)",
            str(published.xid),
            published.position,
        )
    )
