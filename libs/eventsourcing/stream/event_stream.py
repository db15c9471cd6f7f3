"""The JetStream stream of every service's events, each service's in the order of its store."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import cast
from uuid import UUID

import structlog
from nats.aio.client import Client
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StoreCompression, StreamConfig
from nats.js.errors import NotFoundError

from libs.eventsourcing.model.catalogue import subject_of
from libs.eventsourcing.model.envelope import START, STREAM_NAME, Envelope
from libs.eventsourcing.model.event import Event
from libs.eventsourcing.model.limits import holds_nul
from libs.eventsourcing.stream.direct_get import Message, get_batch
from libs.eventsourcing.stream.publishing import ATOMIC_FROM, Batch, Naming, Published, Publisher, partition

log = structlog.stdlib.get_logger()

HEADER_PREFIX = "Event-"

_TIMEOUT_SECONDS = 5.0
_WINDOW, _WIDEST_WINDOW = 1000, 64_000
"""The first and the largest window, in sequences, in which the last event is looked for before a foreign
message."""


NOTHING = Published(START, 0, "")
Known = Callable[[UUID, Published], Awaitable[bool]]
"""Says whether a store holds the event with this id at this cursor."""


async def _accept(_event: UUID, _published: Published) -> bool:
    """Accept whatever has the form of an event."""
    return True


class EventStream:
    """The stream `EVENTS` with subjects `event.<service>.<Type>.<partition>`, or a prefixed twin of it.

    The partition, of 16, is a hash of the store's stream, so the number of subjects does not grow. Events
    that older programs published are on `ev.<service>.<Type>.<stream>`; both are read. It also holds fencing
    tokens, on `fence.<service>`: a publish for that service must name the sequence number of the last one.
    All who share a stream must give it the same `header_prefix`.
    """

    def __init__(self, nats: Client, *, prefix: str = "", header_prefix: str = HEADER_PREFIX) -> None:
        self.nats = nats
        self.name = f"{prefix}EVENTS"
        self._naming = Naming(
            root=f"{prefix}event",
            stream_root=f"{prefix}ev",
            token_root=f"{prefix}fence",
            position_header=f"{header_prefix}Position",
            follows_header=f"{header_prefix}Follows",
            stream_header=f"{header_prefix}Stream",
        )
        self.root, self.stream_root = self._naming.root, self._naming.stream_root
        self.position_header, self.follows_header = self._naming.position_header, self._naming.follows_header
        self.stream_header = self._naming.stream_header
        self._publisher = Publisher(nats, self._naming)
        self._jetstream = nats.jetstream(timeout=_TIMEOUT_SECONDS)
        self.foreign = 0
        """How many foreign messages readers of this object have skipped."""

    @property
    def connections(self) -> int:
        """How often the connection to the broker was made anew: then the stream may be another one."""
        return self.nats.stats["reconnects"]

    def subjects(self, kinds: Sequence[type[Event]] | None) -> list[str]:
        """Return patterns of the subjects of these event types, or of all; also of older programs."""
        if kinds is None:
            return self.patterns("")
        return [pattern for kind in kinds for pattern in self.patterns(f"{subject_of(kind)}.")]

    def patterns(self, below: str, streams: Collection[str] = ()) -> list[str]:
        """Return patterns of the events' subjects with these words behind the root, which end in a dot.

        With some of the stores' streams, whose partitions may hold others as well, the words end in the type.
        """
        if not streams:
            return [f"{self.root}.{below}>", f"{self.stream_root}.{below}>"]
        partitions = {partition(stream) for stream in streams}
        return [f"{self.root}.{below}{number}" for number in sorted(partitions)] + [
            f"{self.stream_root}.{below}{stream}" for stream in streams
        ]

    async def ensure(self) -> None:
        """Create the stream unless it exists; one that an older program created gets what it lacks."""
        try:
            info = await self._jetstream.stream_info(self.name)
        except NotFoundError:
            await self._jetstream.add_stream(self._config())
        else:
            if set(info.config.subjects or []) < set(self._subjects):
                await self._jetstream.update_stream(info.config.evolve(subjects=self._subjects))

    @property
    def _subjects(self) -> list[str]:
        return [*self.patterns(""), f"{self._naming.token_root}.>"]

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
        """Return when the stream was created: another time means another stream of the same name."""
        info = await self._jetstream.stream_info(self.name)
        return info.created or datetime.fromtimestamp(0, UTC)

    async def count(self) -> int:
        """Return how many events the stream holds."""
        state = (
            await self._jetstream.stream_info(self.name, subjects_filter=f"{self._naming.token_root}.>")
        ).state
        return state.messages - sum((state.subjects or {}).values())

    async def resume_after(self, sequence: int, *, with_partitions: bool) -> int:
        """Return behind which sequence to resume, for a reader that has stored this one.

        Without `with_partitions` an older program stored it, which passed by events on partitions: then it
        is not behind the first of these.
        """
        if with_partitions:
            return sequence
        try:
            first = await self._jetstream.get_msg(self.name, seq=1, subject=f"{self.root}.>", next=True)
        except NotFoundError:
            return sequence
        return min(sequence, (first.seq or 1) - 1)

    async def last(self, service: str, known: Known = _accept) -> Published:
        """Return the last event of a service that the stream holds, from its leader.

        Foreign messages are skipped: those without an event's form, and those that `known` denies. To find
        the event before them, this service's messages alone are read backwards, in windows that double.
        """
        patterns = self.patterns(f"{service}.")
        newest = await self._last_on(patterns)
        if not newest:
            return NOTHING
        upto, width = newest[-1].sequence, _WINDOW
        candidates = self._candidates(newest[-1:])
        while True:
            for event, published in reversed(candidates):
                if await known(event, published):
                    return published
                self.pass_over(published.subject, published.sequence, "the store knows no such event there")
            if upto <= 1:
                return NOTHING
            begin = max(1, upto - width)
            candidates = await self._candidates_between(patterns, begin, upto)
            upto, width = begin, min(2 * width, _WIDEST_WINDOW)

    async def _last_on(self, patterns: Sequence[str]) -> list[Message]:
        """Return the last message of each of these patterns, in the stream's order, from its leader."""
        found: list[Message] = []
        for pattern in patterns:
            with suppress(NotFoundError):
                last = await self._jetstream.get_last_msg(self.name, pattern)
                headers = cast("dict[str, str]", last.headers or {})
                found.append(Message(last.seq or 0, last.subject or "", headers, last.data or b""))
        return sorted(found, key=lambda message: message.sequence)

    async def _candidates_between(
        self, patterns: Sequence[str], begin: int, upto: int
    ) -> list[tuple[UUID, Published]]:
        """Return messages that may be events, between two sequences, in order."""
        found: list[Message] = []
        for pattern in patterns:
            after = begin
            while after < upto:
                messages = await get_batch(self.nats, self.name, after, subject=pattern)
                if not messages:
                    break
                after = messages[-1].sequence + 1
                found += [one for one in messages if one.sequence < upto]
        return self._candidates(sorted(found, key=lambda message: message.sequence))

    def _candidates(self, messages: Sequence[Message]) -> list[tuple[UUID, Published]]:
        found: list[tuple[UUID, Published]] = []
        for message in messages:
            try:
                envelope = self.envelope(
                    message.subject, message.headers.get(self.position_header), message.body
                )
            except ValueError as error:
                self.pass_over(message.subject, message.sequence, str(error))
            else:
                found.append((envelope.id, Published(envelope.cursor, message.sequence, message.subject)))
        return found

    def envelope(self, subject: str, position: str | None, body: bytes) -> Envelope:
        """Return the event of a message; raise `ValueError` unless subject, cursor and body match.

        The event may be stored afterwards: its numbers and texts fit PostgreSQL's columns.
        """
        envelope = Envelope.from_json(body)
        if position != str(envelope.cursor):
            message = f"its header says {position!r}, its body {envelope.cursor}"
            raise ValueError(message)
        if not self.is_subject_of(subject, envelope) or not STREAM_NAME.match(envelope.stream):
            message = f"its body tells of {envelope.type} in {envelope.stream}"
            raise ValueError(message)
        if "\x00" in envelope.actor or holds_nul(envelope.data):
            message = "it holds a NUL character"
            raise ValueError(message)
        (envelope.actor + envelope.data).encode()  # half a character is a `ValueError` too
        return envelope

    def is_subject_of(self, subject: str, event: Envelope) -> bool:
        """Return whether a subject is one on which some service's relay publishes this event, or once did."""
        _, _, below = subject.partition(".")
        return subject in self._naming.subjects(below.partition(".")[0], event)

    def pass_over(self, subject: str, sequence: int, why: str) -> None:
        """Count and log a foreign message."""
        self.foreign += 1
        log.error(
            "stream.foreign_message",
            subject=subject,
            sequence=sequence,
            why=why,
            advice="someone else publishes on the broker; the message is ignored",
        )

    async def holds(self, published: Published) -> bool:
        """Return whether the stream still holds a published event, at its sequence."""
        if published == NOTHING:
            return True
        try:
            message = await self._jetstream.get_msg(self.name, published.sequence)
        except NotFoundError:
            return False
        position = cast("dict[str, str]", message.headers or {}).get(self.position_header)
        return message.subject == published.subject and position == str(published.cursor)

    async def shortly_before(self, service: str, sequence: int) -> list[tuple[UUID, Published]]:
        """Return what may be events of a service among the thousand messages before a sequence, in order."""
        begin = max(1, sequence - _WINDOW)
        return await self._candidates_between(self.patterns(f"{service}."), begin, sequence)

    async def acquire_token(self, service: str) -> int:
        """Acquire and return a new fencing token for a service; publishes with an older one are refused.

        What is still under way with an older token is refused as well, so `last`, called afterwards,
        is final. Raises `PublishFailed`.
        """
        return await self._publisher.acquire_token(service)

    def encode(self, service: str, events: Sequence[Envelope]) -> Sequence[Envelope]:
        """Encode events ahead of `publish`, which then only sends them."""
        return events if len(events) < ATOMIC_FROM else Batch(self._naming, service, events)

    async def publish(self, service: str, events: Sequence[Envelope], token: int) -> Published:
        """Publish events in order, unless another relay has acquired a newer token for the service.

        Returns the last. Raises `FencedOut` if one has, and `PublishFailed` if the outcome is unknown:
        some events may be stored then, or be stored later, until a newer token is acquired.
        """
        return await self._publisher.publish(service, events, token)

    def store_stream(self, message: Message) -> str:
        """Return the store's stream of an event: from a header, or its subject if that has no partition."""
        return message.headers.get(self.stream_header) or message.subject.rpartition(".")[2]

    def is_event(self, subject: str) -> bool:
        """Return whether a message of the stream with this subject is an event, and no fencing token."""
        return subject.startswith((f"{self.root}.", f"{self.stream_root}."))
