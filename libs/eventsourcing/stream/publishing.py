"""Publishes events: in order, fenced, many at once as an atomic batch."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import NamedTuple
from uuid import uuid4

from nats.aio.client import Client
from nats.errors import Error as NatsError

from libs.eventsourcing.model.envelope import Cursor, Envelope
from libs.eventsourcing.model.errors import Transient

ATOMIC_FROM = 15
"""From this many waiting events on, an atomic batch is cheaper than publishing one by one: a batch costs
seven syncs of the disk in all, a single publish one each."""
ATOMIC_LIMIT = 1000
PARTITIONS = 16
"""Subjects of one event type: the broker keeps each subject in memory for ever, so their number is bounded.

Never change it: that an event is on its subject is checked when it is read."""

_EXPECTED = "Nats-Expected-Last-Subject-Sequence"
_EXPECTED_ON = "Nats-Expected-Last-Subject-Sequence-Subject"
_WRONG_LAST_SEQUENCE = 10071
_TIMEOUT_SECONDS = 5.0
_CHUNK_BYTES = 256 * 1024
"""How much is given to the client at once; above 2 MiB it waits until the broker has taken some."""


class FencedOut(Transient):
    """Another relay has a newer fencing token, or the stream was recreated: read its state again."""


class PublishFailed(Transient):
    """The broker refused the events or did not answer: read the stream's state again."""


class Published(NamedTuple):
    """The last event of a service on the stream: its cursor, its sequence and its subject."""

    cursor: Cursor
    sequence: int
    subject: str


def partition(stream: str) -> int:
    """Return the partition of a store's stream: the same one for ever, of all its events."""
    return zlib.crc32(stream.encode()) % PARTITIONS


@dataclass(frozen=True)
class Naming:
    """The subjects and headers of one stream."""

    root: str
    stream_root: str
    """The root of the subjects that end in a store's stream: older programs published on these."""
    token_root: str
    position_header: str
    """The header with an event's cursor."""
    follows_header: str
    """The header with the types of the events that follow in the same unit of work; absent on the last one.

    Events that an older program published lack it: each of them is complete by itself.
    """
    stream_header: str
    """The header with the store's stream, which the subject does not name."""

    def subject(self, service: str, event: Envelope) -> str:
        """Return an event's subject; raise `PublishFailed` if it would not be a single word."""
        subject = f"{self.root}.{service}.{event.type}.{partition(event.stream)}"
        if len(subject.split()) != 1:
            message = f"no subject: {subject!r}"
            raise PublishFailed(message)
        return subject

    def subjects(self, service: str, event: Envelope) -> tuple[str, str]:
        """Return the subject of an event, and the one on which an older program would have published it."""
        return (
            self.subject(service, event),
            f"{self.stream_root}.{service}.{event.type}.{event.stream}",
        )

    def headers(self, event: Envelope) -> dict[str, str]:
        """Return an event's headers; raise `PublishFailed` if its stream would not be a single word."""
        headers = {self.position_header: str(event.cursor), self.stream_header: _word(event.stream)}
        if event.follows:
            headers[self.follows_header] = _names(event.follows)
        return headers

    def token_headers(self, service: str, token: int) -> dict[str, str]:
        """Return the headers by which the broker refuses a message with an outdated fencing token."""
        return {_EXPECTED: str(token), _EXPECTED_ON: f"{self.token_root}.{service}"}


class Batch(list[Envelope]):
    """Events encoded as an atomic batch, except for the first and the last; slices are plain lists."""

    def __init__(self, naming: Naming, service: str, events: Sequence[Envelope]) -> None:
        """Encode the events between the first and the last as commands of the NATS protocol.

        nats-py's `publish` takes several times as long: it checks and encodes each header of each message.
        """
        super().__init__(events)
        self.id = uuid4().hex
        self.chunks: list[bytes] = []
        chunk = bytearray()
        tail = f"\r\nNats-Batch-Id: {self.id}\r\nNats-Batch-Sequence: "
        for number, event in enumerate(islice(self, 1, len(self) - 1), 2):
            lines = (
                f"{naming.position_header}: {event.cursor}\r\n{naming.stream_header}: {_word(event.stream)}"
            )
            if event.follows:
                lines += f"\r\n{naming.follows_header}: {_names(event.follows)}"
            headers = f"NATS/1.0\r\n{lines}{tail}{number}\r\n\r\n".encode()
            body = event.to_json()
            sizes = f"{len(headers)} {len(headers) + len(body)}"
            chunk += b"HPUB %b  %b\r\n%b%b\r\n" % (
                naming.subject(service, event).encode(),
                sizes.encode(),
                headers,
                body,
            )
            if len(chunk) > _CHUNK_BYTES:
                self.chunks.append(bytes(chunk))
                chunk.clear()
        if chunk:
            self.chunks.append(bytes(chunk))

    def headers(self, number: int) -> dict[str, str]:
        """Return the headers of the batch's message with this number, counted from 1."""
        return {"Nats-Batch-Id": self.id, "Nats-Batch-Sequence": str(number)}


class Publisher:
    """Publishes to one stream."""

    def __init__(self, nats: Client, naming: Naming) -> None:
        self._nats = nats
        self._naming = naming

    async def acquire_token(self, service: str) -> int:
        """See `EventStream.acquire_token`."""
        try:
            return await self._request(f"{self._naming.token_root}.{service}", b"", {})
        except NatsError as error:
            message = f"taking over for {service}: {error!r}"
            raise PublishFailed(message) from error

    async def publish(self, service: str, events: Sequence[Envelope], token: int) -> Published:
        """See `EventStream.publish`."""
        try:
            if len(events) < ATOMIC_FROM:
                sequences = [await self._publish_one(service, event, token) for event in events]
                sequence = sequences[-1]
            else:
                batch = events if isinstance(events, Batch) else Batch(self._naming, service, events)
                sequence = await self._publish_batch(service, batch, token)
        except NatsError as error:
            message = f"publishing for {service}: {error!r}"
            raise PublishFailed(message) from error
        return Published(events[-1].cursor, sequence, self._naming.subject(service, events[-1]))

    async def _publish_one(self, service: str, event: Envelope, token: int) -> int:
        headers = self._naming.token_headers(service, token) | self._naming.headers(event)
        return await self._request(self._naming.subject(service, event), event.to_json(), headers)

    async def _publish_batch(self, service: str, batch: Batch, token: int) -> int:
        """Publish a batch; its first and last message go through the client's checks of its connection."""
        first, last = batch[0], batch[-1]
        headers = self._naming.headers(first) | batch.headers(1) | self._naming.token_headers(service, token)
        await self._nats.publish(self._naming.subject(service, first), first.to_json(), headers=headers)
        for chunk in batch.chunks:
            await self._nats._send_command(chunk)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        headers = self._naming.headers(last) | batch.headers(len(batch)) | {"Nats-Batch-Commit": "1"}
        return await self._request(self._naming.subject(service, last), last.to_json(), headers)

    async def _request(self, subject: str, body: bytes, headers: dict[str, str]) -> int:
        reply = await self._nats.request(subject, body, timeout=_TIMEOUT_SECONDS, headers=headers or None)
        answer = json.loads(reply.data)
        error = answer.get("error")
        if error is None:
            return int(answer["seq"])
        if error.get("err_code") == _WRONG_LAST_SEQUENCE:
            raise FencedOut(str(error.get("description")))
        raise PublishFailed(str(error.get("description")))


def _word(stream: str) -> str:
    if len(stream.split()) != 1:
        message = f"no name of a stream: {stream!r}"
        raise PublishFailed(message)
    return stream


@lru_cache(maxsize=1000)
def _names(types: frozenset[str]) -> str:
    names = ",".join(sorted(types))
    if len(names.split()) != 1:
        message = f"no names of event types: {names!r}"
        raise PublishFailed(message)
    return names
