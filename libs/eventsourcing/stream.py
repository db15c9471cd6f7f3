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
    """Someone else publishes for this service now, or the stream is another one: look at what it holds."""


class PublishFailed(Exception):
    """The broker did not take the events, or did not say so: look at what it holds."""


class Published(NamedTuple):
    """The last event of a service on the stream: its place in the store, and on the stream."""

    cursor: Cursor
    sequence: int
    subject: str


NOTHING = Published(START, 0, "")


class EventStream:
    """The stream `EVENTS` with subjects `ev.<service>.<Type>.<stream>`, or a prefixed twin of it.

    Beside the events it holds fences, on `fence.<service>`: whoever publishes for that service must name the
    number of the last one. See docs/decisions/0013.
    """

    def __init__(self, nats: Client, *, prefix: str = "") -> None:
        self.nats = nats
        self.name = f"{prefix}EVENTS"
        self.root = f"{prefix}ev"
        self._fences = f"{prefix}fence"
        self._jetstream = nats.jetstream(timeout=_TIMEOUT_SECONDS)

    def subjects(self, kinds: Sequence[type[Event]] | None) -> list[str]:
        """Return the subjects of these event types, or of all."""
        if kinds is None:
            return [f"{self.root}.>"]
        return [f"{self.root}.{subject_of(kind)}.>" for kind in kinds]

    async def ensure(self) -> None:
        """Make the stream where it is missing; one of an older program learns of fences."""
        try:
            info = await self._jetstream.stream_info(self.name)
        except NotFoundError:
            await self._jetstream.add_stream(self._config())
        else:
            if set(info.config.subjects or []) < set(self._subjects):
                await self._jetstream.update_stream(info.config.evolve(subjects=self._subjects))

    @property
    def _subjects(self) -> list[str]:
        return [f"{self.root}.>", f"{self._fences}.>"]

    def _config(self) -> StreamConfig:
        return StreamConfig(
            name=self.name,
            subjects=self._subjects,
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

    async def count(self) -> int:
        """Return how many events the stream holds."""
        state = (await self._jetstream.stream_info(self.name, subjects_filter=f"{self._fences}.>")).state
        return state.messages - sum((state.subjects or {}).values())

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
        return Published(Cursor.parse(headers[POSITION_HEADER]), message.seq or 0, message.subject or "")

    async def holds(self, published: Published) -> bool:
        """Say whether the stream still holds what was published, and nothing newer on its subject."""
        if published == NOTHING:
            return True
        try:
            message = await self._jetstream.get_last_msg(self.name, published.subject)
        except NotFoundError:
            return False
        return message.seq == published.sequence

    async def take(self, service: str) -> int:
        """Put up a new fence for a service and return its number: without it nothing is published any more.

        Whoever had taken it before is refused, also what of theirs is still under way: `last`, asked
        afterwards, tells all that they have published. Raises `PublishFailed`.
        """
        try:
            return await self._request(f"{self._fences}.{service}", b"", {})
        except NatsError as error:
            message = f"taking over for {service}: {error!r}"
            raise PublishFailed(message) from error

    async def publish(self, service: str, events: Sequence[Envelope], fence: int) -> Published:
        """Put events on the stream, in order, if no one else has taken the service since.

        Returns the last. Raises `Fenced` if someone has, and `PublishFailed` in any other doubt: some events
        may then stand there, or come to stand there until the service is taken anew.
        """
        try:
            if len(events) < ATOMIC_FROM:
                sequences = [await self._publish_one(service, event, fence) for event in events]
                sequence = sequences[-1]
            else:
                sequence = await self._publish_batch(service, events, fence)
        except NatsError as error:
            message = f"publishing for {service}: {error!r}"
            raise PublishFailed(message) from error
        return Published(events[-1].cursor, sequence, self._subject(service, events[-1]))

    async def _publish_one(self, service: str, event: Envelope, fence: int) -> int:
        headers = self._fence(service, fence) | {POSITION_HEADER: str(event.cursor)}
        return await self._request(self._subject(service, event), event.to_json(), headers)

    async def _publish_batch(self, service: str, events: Sequence[Envelope], fence: int) -> int:
        batch = uuid4().hex
        for number, event in enumerate(events, 1):
            headers = {
                POSITION_HEADER: str(event.cursor),
                "Nats-Batch-Id": batch,
                "Nats-Batch-Sequence": str(number),
            }
            if number == 1:
                headers |= self._fence(service, fence)
            subject, body = self._subject(service, event), event.to_json()
            if number == len(events):
                return await self._request(subject, body, headers | {"Nats-Batch-Commit": "1"})
            await self.nats.publish(subject, body, headers=headers)
        raise AssertionError

    async def _request(self, subject: str, body: bytes, headers: dict[str, str]) -> int:
        reply = await self.nats.request(subject, body, timeout=_TIMEOUT_SECONDS, headers=headers or None)
        answer = json.loads(reply.data)
        error = answer.get("error")
        if error is None:
            return int(answer["seq"])
        if error.get("err_code") == _WRONG_LAST_SEQUENCE:
            raise Fenced(str(error.get("description")))
        raise PublishFailed(str(error.get("description")))

    def _fence(self, service: str, fence: int) -> dict[str, str]:
        return {_EXPECTED: str(fence), _EXPECTED_ON: f"{self._fences}.{service}"}

    def is_event(self, subject: str) -> bool:
        """Say whether a message of the stream with this subject is an event, and no fence."""
        return subject.startswith(f"{self.root}.")

    def _subject(self, service: str, event: Envelope) -> str:
        return f"{self.root}.{service}.{event.type}.{event.stream}"
