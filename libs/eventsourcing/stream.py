"""The one stream on JetStream that carries every service's events, in each service's own order."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple, cast
from uuid import uuid4

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StoreCompression, StreamConfig
from nats.js.errors import NotFoundError

from libs.events.base import Event
from libs.events.catalogue import subject_of
from libs.eventsourcing.record import START, Cursor, Envelope

ATOMIC_FROM = 15
"""From this many waiting events on, an atomic batch is cheaper than publishing one by one: a batch costs
seven syncs of the disk in all, a single publish one each."""
ATOMIC_LIMIT = 1000
POSITION_HEADER = "Adrelay-Position"

_EXPECTED = "Nats-Expected-Last-Subject-Sequence"
_EXPECTED_ON = "Nats-Expected-Last-Subject-Sequence-Subject"
_WRONG_LAST_SEQUENCE = 10071
_TIMEOUT_SECONDS = 5.0


class Fenced(Exception):
    """Someone else has published for this service since: what this relay believes is stale."""


class PublishFailed(Exception):
    """The broker did not take the events, or did not say so: look at what it holds."""


class Published(NamedTuple):
    """The last event of a service on the stream: its place in the store, and on the stream."""

    cursor: Cursor
    sequence: int


NOTHING = Published(START, 0)


class EventStream:
    """The stream `EVENTS` with subjects `ev.<service>.<Type>.<stream>`, or a prefixed twin of it."""

    def __init__(self, nats: Client, *, prefix: str = "") -> None:
        self.nats = nats
        self.name = f"{prefix}EVENTS"
        self.root = f"{prefix}ev"
        self._jetstream = nats.jetstream(timeout=_TIMEOUT_SECONDS)

    def subjects(self, kinds: Sequence[type[Event]] | None) -> list[str]:
        """Return the subjects of these event types, or of all."""
        if kinds is None:
            return [f"{self.root}.>"]
        return [f"{self.root}.{subject_of(kind)}.>" for kind in kinds]

    async def ensure(self) -> None:
        """Make the stream where it is missing."""
        try:
            await self._jetstream.stream_info(self.name)
        except NotFoundError:
            await self._jetstream.add_stream(self._config())

    def _config(self) -> StreamConfig:
        return StreamConfig(
            name=self.name,
            subjects=[f"{self.root}.>"],
            storage=StorageType.FILE,
            retention=RetentionPolicy.LIMITS,
            discard=DiscardPolicy.NEW,
            max_age=0,
            allow_direct=True,
            allow_atomic=True,
            deny_delete=True,
            compression=StoreCompression.S2,
            num_replicas=1,
        )

    async def made_at(self) -> datetime:
        """Return when the stream was made: another time means another stream of the same name."""
        info = await self._jetstream.stream_info(self.name)
        return info.created or datetime.fromtimestamp(0, UTC)

    async def last(self, service: str) -> Published:
        """Return the last event of a service that the stream holds, as its leader sees it."""
        try:
            message = await self._jetstream.get_last_msg(self.name, f"{self.root}.{service}.>")
        except NotFoundError:
            return NOTHING
        headers = cast("dict[str, str]", message.headers or {})
        if POSITION_HEADER not in headers:
            text = f"message {message.seq} of {self.name} was put there by no relay of {service}"
            raise PublishFailed(text)
        return Published(Cursor.parse(headers[POSITION_HEADER]), message.seq or 0)

    async def publish(self, service: str, events: Sequence[Envelope], behind: int) -> int:
        """Put events on the stream, in order, if the service's last one there is `behind`.

        Returns the sequence of the last. Raises `Fenced` if the stream has moved on, and `PublishFailed`
        in any other doubt: some events may then stand there, `last` tells which.
        """
        try:
            if len(events) < ATOMIC_FROM:
                for event in events:
                    behind = await self._publish_one(service, event, behind)
                return behind
            return await self._publish_batch(service, events, behind)
        except NatsError as error:
            message = f"publishing for {service}: {error!r}"
            raise PublishFailed(message) from error

    async def _publish_one(self, service: str, event: Envelope, behind: int) -> int:
        headers = self._fence(service, behind) | {POSITION_HEADER: str(event.cursor)}
        return await self._request(service, event, headers)

    async def _publish_batch(self, service: str, events: Sequence[Envelope], behind: int) -> int:
        batch = uuid4().hex
        for number, event in enumerate(events, 1):
            headers = {
                POSITION_HEADER: str(event.cursor),
                "Nats-Batch-Id": batch,
                "Nats-Batch-Sequence": str(number),
            }
            if number == 1:
                headers |= self._fence(service, behind)
            if number == len(events):
                return await self._request(service, event, headers | {"Nats-Batch-Commit": "1"})
            await self.nats.publish(self._subject(service, event), event.to_json(), headers=headers)
        return behind

    async def _request(self, service: str, event: Envelope, headers: dict[str, str]) -> int:
        subject = self._subject(service, event)
        reply = await self.nats.request(subject, event.to_json(), timeout=_TIMEOUT_SECONDS, headers=headers)
        answer = json.loads(reply.data)
        error = answer.get("error")
        if error is None:
            return int(answer["seq"])
        if error.get("err_code") == _WRONG_LAST_SEQUENCE:
            raise Fenced(str(error.get("description")))
        raise PublishFailed(str(error.get("description")))

    def _fence(self, service: str, behind: int) -> dict[str, str]:
        return {_EXPECTED: str(behind), _EXPECTED_ON: f"{self.root}.{service}.>"}

    def _subject(self, service: str, event: Envelope) -> str:
        return f"{self.root}.{service}.{event.type}.{event.stream}"
