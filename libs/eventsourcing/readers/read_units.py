"""Buffers events until their unit of work is complete: no reader commits in the middle of one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import structlog

from libs.eventsourcing.model.envelope import START, Cursor
from libs.eventsourcing.model.limits import MAX_UNIT_EVENTS
from libs.eventsourcing.stream.subscription import Arrival

log = structlog.stdlib.get_logger()

REORDER_SECONDS = 0.5
"""How long, in seconds, complete units wait behind an incomplete one, so that causes are handled first.

Afterwards only that unit waits: its relay may have been stopped.
"""
MAX_WAITING = 5000
"""How many events may wait behind an incomplete unit."""


@dataclass(slots=True)
class ReadUnit:
    """The events of one unit of work that a reader handles, in order; at most `MAX_UNIT_EVENTS`."""

    arrivals: list[Arrival]
    since: float
    """When its first event arrived, on the monotonic clock."""
    complete: bool = False

    @property
    def begin(self) -> int:
        """The sequence of its first event."""
        return self.arrivals[0].sequence

    def continues(self, arrival: Arrival) -> bool:
        """Return whether an event of the same source belongs to this unit."""
        return arrival.envelope.same_unit(self.arrivals[-1].envelope)


@dataclass
class Gathering:
    """Collects a reader's events until their units are complete, and drops events that were handled before.

    A unit is complete when no event follows in it that this reader handles, by the header that the relay
    wrote, or when its source goes on with another unit.
    """

    handled: frozenset[str]
    """The event types that the reader handles."""
    reached: dict[str, Cursor]
    """The checkpoint of each source; events up to it are dropped."""
    _waiting: list[ReadUnit] = field(default_factory=list[ReadUnit])
    _open: dict[str, ReadUnit] = field(default_factory=dict[str, ReadUnit])
    _seen: int = 0

    def add(self, arrivals: Iterable[Arrival], now: float) -> None:
        """Add events in the stream's order, and drop those that were handled before."""
        for arrival in arrivals:
            self._seen = arrival.sequence
            if arrival.envelope.cursor > self.reached.get(arrival.source, START):
                self.reached[arrival.source] = arrival.envelope.cursor
                self._put(arrival, now)

    def _put(self, arrival: Arrival, now: float) -> None:
        unit = self._open.pop(arrival.source, None)
        if unit is not None and unit.continues(arrival):
            unit.arrivals.append(arrival)
        else:
            if unit is not None:
                unit.complete = True
            unit = ReadUnit([arrival], now)
            self._waiting.append(unit)
        if self.handled.isdisjoint(arrival.follows):
            unit.complete = True
        elif len(unit.arrivals) >= MAX_UNIT_EVENTS:
            log.error("reader.unit_too_large", source=arrival.source, stream=arrival.envelope.stream)
            unit.complete = True
        else:
            self._open[arrival.source] = unit

    def take(self, now: float) -> list[ReadUnit]:
        """Return and remove the complete units that may be handled, in the order of their first events."""
        overdue = sum(len(unit.arrivals) for unit in self._waiting) > MAX_WAITING
        ready, rest, blocked = list[ReadUnit](), list[ReadUnit](), False
        for unit in self._waiting:
            if unit.complete and not blocked:
                ready.append(unit)
            else:
                rest.append(unit)
                blocked = blocked or not (overdue or now - unit.since >= REORDER_SECONDS)
        self._waiting = rest
        return ready

    @property
    def settled(self) -> bool:
        """Only incomplete units wait."""
        return not any(unit.complete for unit in self._waiting)

    def sequence_before(self, remaining: Sequence[ReadUnit] = ()) -> int:
        """Return the sequence up to which all is handled once only `remaining` is left."""
        begins = [unit.begin for unit in (*remaining[:1], *self._waiting[:1])]
        return min([begin - 1 for begin in begins], default=self._seen)
