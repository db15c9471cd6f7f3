"""Publishes a service's committed events to the stream, in order, each once."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple, Self

import asyncpg
import structlog

from libs.eventsourcing.loops.backoff import Backoff
from libs.eventsourcing.loops.cancellation import heed_cancellation
from libs.eventsourcing.model.envelope import START, Cursor, Envelope, Recorded, with_following
from libs.eventsourcing.model.errors import StatementRejected, Transient
from libs.eventsourcing.relaying.last_published import last_published
from libs.eventsourcing.store.connections import Connection, close, hold_lock
from libs.eventsourcing.store.errors import postgres_errors
from libs.eventsourcing.store.postgres import PostgresStore
from libs.eventsourcing.store.restored_clusters import refuse_lost
from libs.eventsourcing.stream.errors import broker_errors
from libs.eventsourcing.stream.event_stream import EventStream
from libs.eventsourcing.stream.publishing import ATOMIC_LIMIT, FencedOut, Published
from libs.eventsourcing.writing.engine import Engine

log = structlog.stdlib.get_logger()

POLL_SECONDS = 2.0
"""Interval of polling the store for events that nobody announced to the relay, in seconds."""
ANNOUNCED_SECONDS = 60.0
"""How long an event of another process is looked for, in seconds, while an open transaction holds it back."""
CHECK_SECONDS = 10.0
"""Interval in which an idle relay checks that the stream still holds its events, in seconds; it also checks
after every new connection to the broker."""
SETTLE_SECONDS = (0.004, 0.02)
"""Delays of polling again for an event that an open transaction holds back, in seconds."""
PACE_SECONDS = 0.01
"""The shortest time between two polls, in seconds: events committed meanwhile share a batch."""
MAX_BATCH_BYTES = 8 * 1024 * 1024
_BACKOFF_SECONDS = (0.05, 2.0)
_ERROR_LENGTH = 500
_NOTE_TROUBLE = """
insert into engine.relay_troubles (stream, error) values ($1, $2)
on conflict (stream) do update set error = excluded.error, last_at = now()
"""


class Relay:
    """One of a service's relays. One at a time is active, by a lock in the store's database.

    The lock only saves work: what keeps the stream right is that every publish names the fencing token that
    this relay acquired when it began, so that one which slept through another's work is refused.
    """

    def __init__(
        self, engine: Engine, stream: EventStream, *, describe: Callable[[Exception], str] = repr
    ) -> None:
        self._engine = engine
        self._stream = stream
        self._describe = describe
        """The text of an error for the log and the database."""
        self._wake = asyncio.Event()
        self._newest = START
        self._announced, self._announced_until = START, 0.0
        """The newest event of another process, and until when it is looked for."""
        self._backoff = Backoff(*_BACKOFF_SECONDS)
        self.published = START
        """The last event of the service on the stream, as far as this relay knows."""
        self.knows = False
        """`published` was read from the stream; False while another relay has the lock."""
        self._noted = True
        """The database may hold an error of this process, or of one before it."""
        engine.on_commit(self.nudge)

    def nudge(self, recorded: Sequence[Recorded]) -> None:
        """Notify the relay that these events were committed."""
        self._newest = max(self._newest, recorded[-1].cursor)
        self._wake.set()

    def note_commit(self, cursor: Cursor) -> None:
        """Notify the relay that another process committed events up to this one."""
        now = time.monotonic()
        self._announced = cursor if now > self._announced_until else max(self._announced, cursor)
        self._announced_until = now + ANNOUNCED_SECONDS
        self._wake.set()

    @property
    def stream(self) -> str:
        """The name of the stream."""
        return self._stream.name

    @property
    def behind(self) -> bool:
        """This process committed events that the relay has not seen on the stream yet."""
        return self.published < self._newest

    async def run(self) -> None:
        """Relay until cancelled; transient errors are retried."""
        while True:
            heed_cancellation()
            try:
                with postgres_errors(), broker_errors():
                    await self._connected()
            except (Transient, StatementRejected) as trouble:
                delay = self._backoff.failed()
                log.warning(
                    "relay.retry", service=self._engine.service, error=self._describe(trouble), delay=delay
                )
                await asyncio.sleep(delay)

    async def _connected(self) -> None:
        """Relay on one connection, until it breaks."""
        connection = await self._engine.connect()
        try:
            with postgres_errors(), broker_errors():
                await hold_lock(connection, f"relay.{self._stream.name}", waiting=self._stand_by)
                await self._relay(connection)
        except (Transient, StatementRejected) as trouble:
            await self._note(connection, trouble)
            raise
        finally:
            await close(connection)

    def _stand_by(self) -> None:
        """Stand by: the relay that holds the lock knows what is published."""
        self.knows = False

    async def _note(self, connection: Connection, trouble: Exception) -> None:
        """Store in the database why nothing is published, and since when."""
        self._noted = True
        with suppress(Transient, StatementRejected), postgres_errors():
            await connection.execute(
                _NOTE_TROUBLE, self._stream.name, self._describe(trouble)[:_ERROR_LENGTH]
            )

    async def _forget(self, connection: Connection) -> None:
        """Delete the stored error after something was published or checked."""
        if self._noted:
            with suppress(asyncpg.UndefinedTableError):  # an older program made this database
                await connection.execute(
                    "delete from engine.relay_troubles where stream = $1", self._stream.name
                )
            self._noted = False

    async def _relay(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._noted = True  # by whoever relayed before
        store = PostgresStore(connection, self._engine.catalogue)
        service = self._engine.service
        await self._stream.ensure()
        token = await self._stream.acquire_token(service)
        last = await last_published(connection, self._stream, service)
        cursor = last.cursor
        await refuse_lost(connection, service, cursor)
        self.published, self.knows = cursor, True
        checked, settle = time.monotonic(), SETTLE_SECONDS[0]
        connections = self._stream.connections
        async with _Pages(store, lambda batch: self._stream.encode(service, batch)) as pages:
            while True:
                heed_cancellation()
                self._wake.clear()
                page = await pages.after(cursor)
                for batch in page.batches:
                    last = await self._stream.publish(service, batch, token)
                    self.published = cursor = last.cursor
                    self._backoff.succeeded()
                if page.full:
                    continue  # the next one is being read on this connection
                if page.batches:
                    await self._forget(connection)
                    checked, settle = time.monotonic(), SETTLE_SECONDS[0]
                    await asyncio.sleep(PACE_SECONDS)
                    continue
                anew = connections != self._stream.connections
                if anew or time.monotonic() - checked > CHECK_SECONDS:
                    connections = self._stream.connections
                    await self._check(last)
                    self._backoff.succeeded()
                    await self._forget(connection)
                    checked = time.monotonic()
                await self._wait(cursor, settle)
                settle = min(2 * settle, SETTLE_SECONDS[1])

    async def _check(self, last: Published) -> None:
        """Raise `FencedOut` if the stream was purged or recreated while there was nothing to publish."""
        if not await self._stream.holds(last):
            message = f"the stream does not hold {last.subject} at {last.sequence} any more"
            raise FencedOut(message)

    async def _wait(self, cursor: Cursor, settle: float) -> None:
        if self._newest > cursor or (self._announced > cursor and time.monotonic() < self._announced_until):
            await asyncio.sleep(settle)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await self._wake.wait()


class _Page(NamedTuple):
    """Events of a store in batches, encoded; a full page may have a successor."""

    batches: list[Sequence[Envelope]]
    full: bool


class _Pages:
    """Reads and encodes a store page by page, the next one while the previous one is published."""

    def __init__(
        self, store: PostgresStore, encode: Callable[[Sequence[Envelope]], Sequence[Envelope]]
    ) -> None:
        self._store = store
        self._encode = encode
        self._coming: asyncio.Task[_Page] | None = None
        self._cut: tuple[Envelope, dict[str, int]] | None = None
        """An event at a page's end, and which types follow in its unit: the last position of each."""

    async def after(self, cursor: Cursor) -> _Page:
        """Return the events behind a cursor: the start, or the last event of the page before."""
        coming, self._coming = self._coming, None
        page = await coming if coming else await self._read(cursor)
        if page.full:
            self._coming = asyncio.create_task(self._read(page.batches[-1][-1].cursor))
        return page

    async def _read(self, after: Cursor) -> _Page:
        """Return a page of events with `follows` set, also where the page ends within a unit."""
        events = await self._store.read(after, ATOMIC_LIMIT)
        beyond: frozenset[str] = frozenset()
        full = len(events) == ATOMIC_LIMIT
        if full:  # else it ends with a transaction: no part of one is ever shown
            last = events[-1]
            if self._cut is None or not last.same_unit(self._cut[0]):  # once for a unit of many pages
                self._cut = last, await self._store.last_of_each_type(last)
            beyond = frozenset(
                kind for kind, position in self._cut[1].items() if position > last.cursor.position
            )
        return _Page([self._encode(batch) for batch in _limited(with_following(events, beyond))], full)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cancel the read ahead: the connection is closed next."""
        if self._coming is not None:
            self._coming.cancel()
            await asyncio.gather(self._coming, return_exceptions=True)


def _limited(events: list[Envelope]) -> list[list[Envelope]]:
    """Split events into batches that the broker accepts."""
    batches: list[list[Envelope]] = []
    size = MAX_BATCH_BYTES
    for event in events:
        size += len(event.data)
        if size > MAX_BATCH_BYTES:
            batches.append([])
            size = len(event.data)
        batches[-1].append(event)
    return batches
