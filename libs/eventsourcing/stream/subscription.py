"""A consumer of the stream: messages in order, without gaps, from a sequence on."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
import json
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import Self

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from libs.eventsourcing.loops.cancellation import heed_cancellation
from libs.eventsourcing.model.envelope import Envelope
from libs.eventsourcing.model.errors import Transient
from libs.eventsourcing.stream.event_stream import EventStream

HEARTBEAT_SECONDS = 5.0
"""How often the server says that it still serves a pull for which no message comes, in seconds."""
EXPIRES_SECONDS = 30.0
"""How long one pull waits for messages, in seconds, before the next is sent."""
_MISSED_HEARTBEATS = 2.5
_LOOK_SECONDS = 1.0
"""How often it is looked whether the connection was lost, in seconds."""
_INACTIVE_SECONDS = 30.0
_PULL = 1000
_STORED = "$JS.ACK."
"""The prefix of the reply subject of a stream's message; the server's own messages have none."""


class ConsumerLost(Transient):
    """The consumer is gone, or a message was missed: create a new one behind the last handled message."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event from the stream, with its source and its sequence."""

    source: str
    sequence: int
    envelope: Envelope
    follows: frozenset[str] = frozenset()
    """The types of the events that follow in its unit of work, from a header that its relay wrote."""


@lru_cache(maxsize=1000)
def _types(names: str) -> frozenset[str]:
    return frozenset(names.split(",")) if names else frozenset()


class Consumer:
    """An ephemeral consumer without acknowledgements: the reader alone stores its position.

    The server keeps no state worth losing. A gap in the consumer's own numbering, a silence of several
    heartbeats, a reconnection, or a deleted consumer raise `ConsumerLost`.
    """

    def __init__(
        self,
        stream: EventStream,
        subjects: Sequence[str],
        after: int,
        *,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
        expires_seconds: float = EXPIRES_SECONDS,
    ) -> None:
        self._heartbeat = heartbeat_seconds
        self._expires = expires_seconds
        self._stream = stream
        self._nats: Client = stream.nats
        self._subjects = list(subjects)
        self._after = after
        self._messages: deque[Msg] = deque()
        self._arrived = asyncio.Event()
        self._subscription: Subscription | None = None
        self._inbox = ""
        self._consumer = ""
        self.waiting = 0
        """How many messages wait behind the last one that was received, foreign ones included."""
        self._asked = 0
        self._expected = 1
        self._reconnects = 0

    async def __aenter__(self) -> Self:
        """Create the consumer."""
        self._reconnects = self._stream.connections
        self._inbox = self._nats.new_inbox()
        self._subscription = await self._nats.subscribe(self._inbox, cb=self._take, pending_bytes_limit=-1)
        try:
            self._consumer = await self._open()
        except BaseException:
            await self._close()
            raise
        return self

    async def _open(self) -> str:
        info = await self._nats.jetstream().add_consumer(
            self._stream.name,
            ConsumerConfig(
                deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                opt_start_seq=self._after + 1,
                ack_policy=AckPolicy.NONE,
                filter_subjects=self._subjects,
                inactive_threshold=_INACTIVE_SECONDS,
                mem_storage=True,
                num_replicas=1,
            ),
        )
        self.waiting = info.num_pending or 0
        return info.name

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the subscription; the server drops the consumer by itself."""
        await self._close()

    async def _close(self) -> None:
        if self._subscription is not None:
            with suppress(NatsError):
                await self._subscription.unsubscribe()

    async def _take(self, message: Msg) -> None:
        self._messages.append(message)
        self._arrived.set()

    async def batch(self, limit: int) -> list[Arrival]:
        """Return the next events, at least one and at most `limit`; waits for the first one."""
        arrivals: list[Arrival] = []
        while not arrivals:
            heed_cancellation()
            await self._ask()
            while self._messages and len(arrivals) < limit:
                arrival = self._arrival(self._messages.popleft())
                if arrival is not None:
                    arrivals.append(arrival)
            if not arrivals and not self._messages and self._asked > 0:  # else the pull has just expired
                await self._silence()
        return arrivals

    async def _silence(self) -> None:
        """Wait a few heartbeats for any message; meanwhile, check that the connection is the same."""
        self._arrived.clear()
        give_up = time.monotonic() + _MISSED_HEARTBEATS * self._heartbeat
        while (left := give_up - time.monotonic()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, _LOOK_SECONDS)):
                    await self._arrived.wait()
                return
            self._check_connection()
        message = "no heartbeat from the server"
        raise ConsumerLost(message)

    def _check_connection(self) -> None:
        if self._stream.connections != self._reconnects:
            message = "the connection was lost meanwhile"
            raise ConsumerLost(message)

    async def _ask(self) -> None:
        self._check_connection()
        if self._asked > 0:
            return
        request = {
            "batch": _PULL,
            "expires": int(self._expires * 1e9),
            "idle_heartbeat": int(self._heartbeat * 1e9),
        }
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._stream.name}.{self._consumer}"
        await self._nats.publish(subject, json.dumps(request).encode(), reply=self._inbox)
        self._asked = _PULL

    def _arrival(self, message: Msg) -> Arrival | None:
        headers = message.headers or {}
        if not message.reply.startswith(_STORED) and (status := headers.get("Status")) is not None:
            self._status(status, headers.get("Description", ""))
            return None
        self._asked -= 1
        metadata = message.metadata
        if metadata.sequence.consumer != self._expected:
            gap = f"message {self._expected} was missed, {metadata.sequence.consumer} came"
            raise ConsumerLost(gap)
        self._expected += 1
        self.waiting = metadata.num_pending or 0
        try:
            envelope = self._stream.envelope(
                message.subject, headers.get(self._stream.position_header), message.data
            )
        except ValueError as error:
            # no relay of ours wrote it, so it has no cursor and can't become a dead letter
            self._stream.pass_over(message.subject, metadata.sequence.stream, str(error))
            return None
        return Arrival(
            source=message.subject.split(".", 2)[1],
            sequence=metadata.sequence.stream,
            envelope=envelope,
            follows=_types(headers.get(self._stream.follows_header, "")),
        )

    def _status(self, status: str, description: str) -> None:
        if status == "100":
            return
        if status in {"404", "408"} or (status == "409" and "Batch Completed" in description):
            self._asked = 0
            return
        message = f"the server ended the consumer: {status} {description}"
        raise ConsumerLost(message)
