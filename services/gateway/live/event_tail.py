"""Gives events to the operators who follow them in this process, by one consumer of the stream."""

import asyncio
import json
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog
from nats.errors import Error as NatsError

from libs.chassis.operations.masking import shown_data
from libs.events.values import AccountId
from libs.eventsourcing import EventStream
from libs.eventsourcing.background import heed_cancellation
from libs.eventsourcing.operations import Arrival, Consumer, ConsumerLost, bounds
from services.gateway.live.listener import Listener
from services.gateway.live.listeners import Listeners
from services.gateway.live.message import Message

log = structlog.stdlib.get_logger()

MOST_LISTENERS = 20
"""How many operators may follow events in this process."""
MOST_PER_ACCOUNT = 5
"""How many of them may be of one account, so that all operators find a place."""
MOST_WAITING = 300
"""How many events may wait for a listener; then the oldest are dropped, and it is told so."""
LOOK_BACK = 2000
"""Among how many events of the stream the last ones are searched that pass a filter."""
MOST_BEHIND = 2000
"""How far the tail may fall behind the stream, before it goes on at the end."""
_AT_ONCE = 200
_PACE_SECONDS = 0.05
"""The shortest time between two batches."""
_IDLE_SECONDS = 2.0
"""How often it is noticed that nobody listens any more."""
_RECENT_SECONDS = 5.0
_RETRY_SECONDS = 2.0


@dataclass(frozen=True)
class EventFilter:
    """Which events a listener gets: of any of these services and types, and of streams that begin so."""

    services: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    stream: str = ""

    def passes(self, arrival: Arrival) -> bool:
        """Return whether an event passes."""
        return (
            (not self.services or arrival.source in self.services)
            and (not self.types or arrival.envelope.type in self.types)
            and arrival.envelope.stream.startswith(self.stream)
        )


class TailListener(Listener):
    """A listener that is never too slow: it misses the oldest events, and a `gap` says how many."""

    def __init__(self, account: AccountId | None, wanted: EventFilter) -> None:
        super().__init__(account, wanted)
        self.wanted = wanted
        self._lost = 0

    def put(self, message: Message) -> None:
        """Add a message; drop the oldest if too many wait."""
        if self.ended is not None or message.within(self.begin):
            return
        if len(self._messages) >= MOST_WAITING:
            del self._messages[0]
            self._lost += 1
        self._messages.append(message)
        self._changed.set()

    def miss(self, events: int) -> None:
        """Tell the listener that it does not get so many events, whether they had passed or not."""
        self._lost += events
        self._changed.set()

    async def take(self, within_seconds: float) -> list[Message]:
        """Return the messages that wait, behind a `gap` if others were dropped."""
        messages = await super().take(within_seconds)
        lost, self._lost = self._lost, 0
        return [_gap(lost), *messages] if lost else messages


class BrokerUnreachable(Exception):
    """The broker does not say what is on the stream."""


class EventTail:
    """The listeners of this process to events. There is a consumer only while there are any."""

    name = "events"

    def __init__(self, stream: EventStream) -> None:
        self._stream = stream
        self._listeners = Listeners[TailListener](
            self.name, most=MOST_LISTENERS, most_per_account=MOST_PER_ACCOUNT
        )
        self._after = 0
        """The sequence of the last event that was given."""
        self._joining = asyncio.Lock()

    async def join(
        self, account: AccountId | None, wanted: EventFilter, *, after: int | None, last: int
    ) -> tuple[TailListener, Sequence[Message]]:
        """Add a listener; return it, and the last events that passed before, or those since `after`.

        Raise `TooManyListeners`, or `BrokerUnreachable`. Whoever joins must `leave`.
        """
        listener = TailListener(account, wanted)
        try:
            async with self._joining:
                if not self._listeners:
                    self._after = await self._end()
                self._listeners.add(listener)
            until = await self._end()
            listener.begin_after({_SOURCE: (until,)})
            return listener, await self._recent(wanted, after, until, last)
        except (NatsError, TimeoutError, ConsumerLost) as trouble:
            self.leave(listener)
            raise BrokerUnreachable from trouble
        except BaseException:
            self.leave(listener)
            raise

    def leave(self, listener: TailListener) -> None:
        """Remove a listener."""
        self._listeners.remove(listener)

    def stop(self) -> None:
        """End all listening, since the process stops."""
        self._listeners.stop()

    async def run(self) -> None:
        """Give events to the listeners until cancelled."""
        while True:
            heed_cancellation()
            await self._listeners.any.wait()
            try:
                await self._follow()
            except ConsumerLost:
                await asyncio.sleep(_RETRY_SECONDS)  # a lost consumer stays in the broker for a while
            except (NatsError, TimeoutError) as trouble:
                log.warning("live.retry", feed=self.name, error=repr(trouble))
                await asyncio.sleep(_RETRY_SECONDS)

    async def _end(self) -> int:
        return (await bounds(self._stream))[1]

    async def _follow(self) -> None:
        """Give events while somebody listens and the tail keeps up."""
        self._after = min(self._after, await self._end())  # the stream may have been created anew
        async with Consumer(self._stream, self._stream.subjects(None), self._after) as consumer:
            while self._listeners:
                arrivals: list[Arrival] = []
                with suppress(TimeoutError):
                    async with asyncio.timeout(_IDLE_SECONDS):
                        arrivals = await consumer.batch(_AT_ONCE)
                self._give(arrivals)
                if consumer.waiting > MOST_BEHIND:
                    await self._skip()
                    await asyncio.sleep(_RETRY_SECONDS)
                    return
                await asyncio.sleep(_PACE_SECONDS)

    def _give(self, arrivals: Sequence[Arrival]) -> None:
        for arrival in arrivals:
            self._after = arrival.sequence
            passing = [one for one in self._listeners if one.wanted.passes(arrival)]
            if passing:
                message = _message(arrival)
                for listener in passing:
                    listener.put(message)

    async def _skip(self) -> None:
        """Go on at the end of the stream, and tell the listeners how many events were left out."""
        end = await self._end()
        for listener in self._listeners:
            listener.miss(end - self._after)
        self._after = end

    async def _recent(
        self, wanted: EventFilter, after: int | None, until: int, last: int
    ) -> Sequence[Message]:
        """Return the last events that pass, from `after` or among the latest ones, up to a sequence."""
        most = MOST_WAITING if after is not None else last
        found = deque[Arrival](maxlen=most)
        begin = max(until - LOOK_BACK, 0 if after is None else min(after, until))
        skipped = 0 if after is None else max(0, begin - after)
        if most and begin < until:
            with suppress(TimeoutError, ConsumerLost):
                async with (
                    asyncio.timeout(_RECENT_SECONDS),
                    Consumer(self._stream, self._stream.subjects(None), begin) as consumer,
                ):
                    while consumer.waiting:
                        arrivals = await consumer.batch(_AT_ONCE)
                        passing = [one for one in arrivals if one.sequence <= until and wanted.passes(one)]
                        if after is not None:
                            skipped += max(0, len(found) + len(passing) - most)
                        found.extend(passing)
                        if arrivals[-1].sequence >= until:
                            break
        messages = [_message(arrival) for arrival in found]
        return [_gap(skipped), *messages] if skipped else messages


_SOURCE = "events"


def _gap(lost: int) -> Message:
    return Message(None, "gap", f'{{"lost": {lost}}}', "", _SOURCE, (0,))


def _message(arrival: Arrival) -> Message:
    envelope = arrival.envelope
    data = {
        "id": str(envelope.id),
        "service": arrival.source,
        "stream": envelope.stream,
        "version": envelope.version,
        "type": envelope.type,
        "actor": envelope.actor,
        "at": envelope.at.isoformat(),
        "correlation_id": str(envelope.correlation_id),
        "causation_id": str(envelope.causation_id),
        "schema_version": envelope.schema,
        "data": shown_data(envelope.data),
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Message(None, "event", text, str(arrival.sequence), _SOURCE, (arrival.sequence,))
