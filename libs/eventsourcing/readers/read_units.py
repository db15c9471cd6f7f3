"""Keeps together on the way what one unit of work appended: no reader commits in the middle of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import structlog

from libs.eventsourcing.model.envelope import START, Cursor
from libs.eventsourcing.model.limits import MAX_UNIT_EVENTS
from libs.eventsourcing.stream.subscription import Arrival

log = structlog.stdlib.get_logger()

PATIENCE_SECONDS = 0.5
"""How long complete units wait behind one whose rest has not come yet, so that what led to something is
handled before it. Afterwards only the unit itself waits: its relay may have been stopped."""
MOST_WAITING = 5000
"""How many events may wait behind such a unit."""


@dataclass(slots=True)
class ReadUnit:
    """The events of one unit of work that a reader handles, in order; at most `MAX_UNIT_EVENTS`."""

    arrivals: list[Arrival]
    since: float
    """When its first event came, on the monotonic clock."""
    complete: bool = False

    @property
    def begin(self) -> int:
        """The place of its first event in the stream."""
        return self.arrivals[0].sequence

    def continues(self, arrival: Arrival) -> bool:
        """Say whether an event of the same source belongs to this unit."""
        return arrival.envelope.same_unit(self.arrivals[-1].envelope)


@dataclass
class Gathering:
    """Collects a reader's events until their units are complete, and leaves out what was handled before.

    A unit is complete when nothing follows in it that this reader handles, as the relay wrote beside each
    event, or when its source goes on with another one.
    """

    handled: frozenset[str]
    """The event types that mean something to the reader."""
    reached: dict[str, Cursor]
    """How far each source has come, up to which all is left out."""
    _waiting: list[ReadUnit] = field(default_factory=list[ReadUnit])
    _open: dict[str, ReadUnit] = field(default_factory=dict[str, ReadUnit])
    _seen: int = 0

    def add(self, arrivals: Iterable[Arrival], now: float) -> None:
        """Take events in the stream's order, and drop those that were handled before."""
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
        """Return the complete units that may be handled, in the order of their first events."""
        overdue = sum(len(unit.arrivals) for unit in self._waiting) > MOST_WAITING
        ready, rest, blocked = list[ReadUnit](), list[ReadUnit](), False
        for unit in self._waiting:
            if unit.complete and not blocked:
                ready.append(unit)
            else:
                rest.append(unit)
                blocked = blocked or not (overdue or now - unit.since >= PATIENCE_SECONDS)
        self._waiting = rest
        return ready

    @property
    def settled(self) -> bool:
        """Whether nothing waits but units whose rest has not come."""
        return not any(unit.complete for unit in self._waiting)

    def place(self, remaining: Sequence[ReadUnit] = ()) -> int:
        """Return the place in the stream up to which all was handled once `remaining` alone is left."""
        begins = [unit.begin for unit in (*remaining[:1], *self._waiting[:1])]
        return min([begin - 1 for begin in begins], default=self._seen)
