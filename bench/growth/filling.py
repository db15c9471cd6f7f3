"""Writes a made history straight into the stores and the stream, as if the services had run all along."""

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Self
from uuid import UUID

from nats.aio.msg import Msg

from bench.growth.history import Line, LongHistory
from bench.orders import COLUMNS, DAY
from bench.servers import load
from libs.events.scheduler import CycleDue
from libs.eventsourcing import Engine, EventStream
from libs.eventsourcing.model.envelope import Envelope
from libs.eventsourcing.operations import rebase
from libs.eventsourcing.stream.publishing import partition
from libs.eventsourcing.values import START, Cursor

FIRST_XID = 10_000
"""The first event's transaction id. Each event has its own, as if appended by a unit of work of its own."""
FOLDED_DAYS = 1
"""Of cycles, the events of the last days are folded into tables: ended ones leave nothing, or only counts."""
_CYCLE_EVENTS = frozenset({"CycleDue", "CycleStarted", "DeliveriesRecorded", "CycleFinished"})
_CHUNK_BYTES, _CHUNK_MESSAGES = 256 * 1024, 1000
_UNDER_WAY = 4
"""Chunks that the broker has not acknowledged yet: it drops messages when more than ten thousand wait."""
_QUEUED = 8
_SECONDS = 3600.0


@dataclass
class Written:
    """What was written."""

    events: int = 0
    cursors: dict[str, Cursor] = field(default_factory=dict[str, Cursor])
    """The last event of each service."""
    sequence: int = 0
    """The last message of the stream."""
    to_fold: list[tuple[str, Envelope]] = field(default_factory=list[tuple[str, Envelope]])
    """Events that leave something in tables, with their services, in order."""
    seconds: float = 0.0


async def fill(engines: Mapping[str, Engine], stream: EventStream, history: LongHistory) -> Written:
    """Write a history into empty stores and an empty stream.

    The stores are then rebased like restored ones: their transaction ids are those of an older cluster.
    """
    begin, written = time.perf_counter(), Written()
    publisher = Publisher(stream, {service: await stream.acquire_token(service) for service in engines})
    async with AsyncExitStack() as stack:
        copies = {
            service: await stack.enter_async_context(_Copy(engine)) for service, engine in engines.items()
        }
        made = Maker(history)
        for lines in history.lines():
            for line in lines:
                row = made.take(line)
                copies[row.service].add(row.copied)
                publisher.add(row)
            for copy in copies.values():
                await copy.flush()
            await publisher.flush()
        for copy in copies.values():
            await copy.end()
        written.sequence = await publisher.end()
    written.events, written.to_fold = made.events, made.to_fold
    written.cursors = {service: Cursor(*made.last[service]) for service in engines}
    for service, engine in engines.items():
        await _end(engine, written.cursors[service])
    written.seconds = time.perf_counter() - begin
    return written


class Made(NamedTuple):
    """An event, as it is copied and as it is published."""

    service: str
    stream: str
    type: str
    copied: str
    """A line of `Maker.COLUMNS`."""
    cursor: str
    body: str


class Maker:
    """Gives events their transaction ids and positions."""

    COLUMNS = ("xid", "position", *COLUMNS)

    def __init__(self, history: LongHistory) -> None:
        self.events = 0
        self.last: dict[str, tuple[int, int]] = {}
        self.to_fold: list[tuple[str, Envelope]] = []
        self._fold_from = history.end - FOLDED_DAYS * DAY
        self._last_due = {f"schedule-{order.adbot}": (order.cycles or 0) + 2 for order in history.paid}

    def take(self, line: Line) -> Made:
        """Return the next event."""
        at, service, text = line
        xid, position = FIRST_XID + self.events, self.last.get(service, (0, 0))[1] + 1
        self.events += 1
        self.last[service] = xid, position
        id_, stream, version, kind, schema, moment, correlation_id, causation_id, actor, data = text[
            :-1
        ].split("\t")
        body = (
            f'{{"id":"{id_}","type":"{kind}","schema":{schema},"stream":"{stream}","version":{version},'
            f'"xid":{xid},"position":{position},"at":"{moment}","correlation_id":"{correlation_id}",'
            f'"causation_id":"{causation_id}","actor":"{actor}","data":{data}}}'
        )
        if (
            kind not in _CYCLE_EVENTS
            or at >= self._fold_from
            or (kind == CycleDue.__name__ and int(version) == self._last_due[stream])
        ):
            envelope = Envelope(
                UUID(id_), kind, int(schema), stream, int(version), Cursor(xid, position),
                datetime.fromisoformat(moment), UUID(correlation_id), UUID(causation_id), actor, data,
            )  # fmt: skip
            self.to_fold.append((service, envelope))
        return Made(service, stream, kind, f"{xid}\t{position}\t{text}", f"{xid}.{position}", body)


class _Copy:
    """Copies lines into a store while they are made."""

    def __init__(self, engine: Engine) -> None:
        self._chunks: asyncio.Queue[bytes | None] = asyncio.Queue(_QUEUED)
        self._lines: list[str] = []
        self._engine = engine
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(
            load(self._engine, self._source(), Maker.COLUMNS, seconds=_SECONDS), name="copy"
        )
        return self

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        assert self._task is not None
        if error is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            return
        await self._task

    def add(self, line: str) -> None:
        self._lines.append(line)

    async def flush(self) -> None:
        if self._lines:
            await self._put("".join(self._lines).encode())
            self._lines.clear()

    async def end(self) -> None:
        """Say that this was all."""
        await self._put(None)

    async def _put(self, chunk: bytes | None) -> None:
        """Queue a chunk; raise what ended the copying, if it has ended."""
        assert self._task is not None
        put = asyncio.ensure_future(self._chunks.put(chunk))
        await asyncio.wait([put, self._task], return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            put.cancel()
            self._task.result()

    async def _source(self) -> AsyncGenerator[bytes]:
        while (chunk := await self._chunks.get()) is not None:
            yield chunk


class Publisher:
    """Publishes events as a relay does, with fencing tokens, but without waiting for each."""

    def __init__(self, stream: EventStream, tokens: Mapping[str, int]) -> None:
        self._stream = stream
        self._token_headers = {
            service: {
                "Nats-Expected-Last-Subject-Sequence": str(token),
                "Nats-Expected-Last-Subject-Sequence-Subject": f"fence.{service}",
            }
            for service, token in tokens.items()
        }
        self._tails = {
            service: "".join(f"\r\n{name}: {value}" for name, value in headers.items()) + "\r\n\r\n"
            for service, headers in self._token_headers.items()
        }
        self._waiting: deque[asyncio.Task[Msg]] = deque()
        self._chunk, self._messages = bytearray(), 0
        self._last: Made | None = None
        self._published = len(tokens)

    def add(self, event: Made) -> None:
        """Encode the event before this one: the last of a chunk is sent as a request."""
        if self._last is not None:
            self._encode(self._last)
        self._last = event

    def _subject(self, event: Made) -> str:
        return f"{self._stream.root}.{event.service}.{event.type}.{partition(event.stream)}"

    def _encode(self, event: Made) -> None:
        stream = self._stream
        headers = (
            f"NATS/1.0\r\n{stream.position_header}: {event.cursor}\r\n{stream.stream_header}: {event.stream}"
            f"{self._tails[event.service]}"
        ).encode()
        body = event.body.encode()
        sizes = f"{len(headers)} {len(headers) + len(body)}"
        self._chunk += b"HPUB %b  %b\r\n%b%b\r\n" % (
            self._subject(event).encode(), sizes.encode(), headers, body,
        )  # fmt: skip
        self._messages += 1

    async def flush(self) -> None:
        """Send what was added if it is enough for a chunk."""
        if len(self._chunk) >= _CHUNK_BYTES or self._messages >= _CHUNK_MESSAGES:
            await self._send()

    async def _send(self) -> None:
        nats, last, stream = self._stream.nats, self._last, self._stream
        assert last is not None
        if self._chunk:
            await nats._send_command(bytes(self._chunk))  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        headers = {stream.position_header: last.cursor, stream.stream_header: last.stream}
        asked = nats.request(
            self._subject(last),
            last.body.encode(),
            timeout=120,
            headers=headers | self._token_headers[last.service],
        )
        self._waiting.append(asyncio.create_task(asked))
        self._published += self._messages + 1
        self._chunk.clear()
        self._messages, self._last = 0, None
        while len(self._waiting) >= _UNDER_WAY:
            await self._acknowledged()

    async def _acknowledged(self) -> int:
        answer = json.loads((await self._waiting.popleft()).data)
        assert "error" not in answer, answer
        return int(answer["seq"])

    async def end(self) -> int:
        """Send the rest, and return the last sequence, once the stream holds every event."""
        if self._last is not None:
            await self._send()
        sequence = 0
        while self._waiting:
            sequence = await self._acknowledged()
        assert sequence == self._published, f"{self._published - sequence} messages were dropped"
        return sequence


async def _end(engine: Engine, last: Cursor) -> None:
    """Let new events follow the made ones."""
    async with engine.pool.acquire() as connection:
        await connection.execute(
            "select setval(pg_get_serial_sequence('engine.events', 'position'), $1)", last.position
        )
        await rebase(connection, START)
