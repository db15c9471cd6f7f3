"""Made-up cycles: the scheduler's and the forwarder's events of a running adbot."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from uuid import UUID

from bench.orders import EVENTS_CYCLE, GROUPS, RECORDS, SECOND, STARTED_AFTER, Order, Row, moment, new_id, row
from libs.events.forwarder import CycleFinished, CycleStarted, DeliveriesRecorded, Delivery, Share
from libs.events.scheduler import AdbotStarted, AdvertisementSet, CycleDue
from libs.events.values import ChannelPost, CycleId, Pacing, ResultClass
from libs.eventsourcing import Event

_CYCLE, _NUMBER, _AT = CycleId(UUID(int=2**127)), 987_654_321, datetime(2001, 1, 1, tzinfo=UTC)
_PACING = Pacing(delay_seconds=1.5, jitter_seconds=0.5)
_POST = ChannelPost(channel="@flats", message=77)
_DUE, _STARTED, _RECORDED, _FINISHED = range(0xC01, 0xC05)  # kinds of ids
_CYCLE_STARTED_MS, _RECORD_MS = 8, 2500


def _pattern(event: Event) -> str:
    """Return an event's data with placeholders for values that differ between cycles."""
    data = event.model_dump_json()
    for value, place in ((f"{_CYCLE}", "%(cycle)s"), (f"{_NUMBER}", "%(number)d"), (_iso(_AT), "%(at)s")):
        data = data.replace(value, place)
    return data


def _iso(moment_: datetime) -> str:
    return moment_.isoformat().replace("+00:00", "Z")


@dataclass(frozen=True)
class _Running:
    """An adbot with the times of its cycles."""

    order: Order

    @property
    def end(self) -> int:
        """The end of its last cycle."""
        due, _ = self.order.cycle(self.order.cycles or 1)
        return due + (RECORDS + 1) * _RECORD_MS

    def numbers(self, start: int, end: int) -> range:
        """Return the cycles that are due between two instants."""
        first, interval = self.order.cycle(1)[0], self.order.plan.interval_seconds * SECOND
        lowest, highest = -(-(start - first) // interval) + 1, -(-(end - first) // interval)
        return range(max(1, lowest), min(self.order.cycles or 0, highest) + 1)


@dataclass(frozen=True)
class Schedule(_Running):
    """The scheduler's events of an adbot."""

    @cached_property
    def _due(self) -> str:
        order = self.order
        return _pattern(
            CycleDue(
                cycle=_CYCLE,
                adbot=order.adbot,
                account=order.account,
                number=_NUMBER,
                due_at=_AT,
                post=_POST,
                groups=order.groups,
                seats=order.seats,
                pacing=_PACING,
            )
        )

    def between(self, start: int, end: int) -> Iterator[Row]:
        """Return the events between two instants."""
        order, stream = self.order, f"schedule-{self.order.adbot}"
        if start <= order.begin < end:
            yield order.row_of(
                1, AdvertisementSet(adbot=order.adbot, post=_POST, groups=order.groups), 1, stream
            )
            yield order.row_of(2, self._started, STARTED_AFTER - 1, stream)
        cause = order.id_of("AdbotStarted", STARTED_AFTER - 1)
        for number in self.numbers(start, end):
            due, cycle = order.cycle(number)
            data = self._due % {"cycle": cycle, "number": number, "at": moment(due)}
            event = new_id(due, _DUE, order.number, number)
            yield row(due, event, stream, number + 2, CycleDue, order.correlation_id, cause, data)

    @property
    def _started(self) -> AdbotStarted:
        order = self.order
        anchor = datetime.fromtimestamp(order.cycle(1)[0] / 1000, UTC)
        return AdbotStarted(
            adbot=order.adbot,
            started_at=anchor,
            anchor=anchor,
            interval_seconds=order.plan.interval_seconds,
        )


@dataclass(frozen=True)
class Cycles(_Running):
    """The forwarder's events of an adbot's cycles."""

    @cached_property
    def _patterns(self) -> list[tuple[type[Event], int, int, str]]:
        """Type, kind of id, milliseconds after the cycle's due time, data."""
        order, seats = self.order, self.order.seats
        adbot, groups = order.adbot, order.groups
        shares = tuple(
            Share(session=seat.session, pair=seat.pair, groups=groups[place :: len(seats)])
            for place, seat in enumerate(seats)
        )
        started = CycleStarted(
            cycle=_CYCLE, adbot=adbot, post=_POST, pacing=_PACING, shares=shares, started_at=_AT
        )
        patterns: list[tuple[type[Event], int, int, str]] = [
            (CycleStarted, _STARTED, _CYCLE_STARTED_MS, _pattern(started))
        ]
        for part in range(RECORDS):
            deliveries = tuple(
                Delivery(
                    group=groups[place],
                    session=seats[place % len(seats)].session,
                    result=ResultClass.SENT,
                    messages=(1000 + place,),
                    at=_AT,
                )
                for place in range(part, GROUPS, RECORDS)
            )
            recorded = DeliveriesRecorded(cycle=_CYCLE, adbot=adbot, deliveries=deliveries)
            after = _RECORD_MS * (part + 1)
            patterns.append((DeliveriesRecorded, _RECORDED + 0x10 * part, after, _pattern(recorded)))
        finished = CycleFinished(cycle=_CYCLE, adbot=adbot, counts={ResultClass.SENT: GROUPS}, started_at=_AT)
        patterns.append((CycleFinished, _FINISHED, _RECORD_MS * RECORDS + 1, _pattern(finished)))
        assert len(patterns) == EVENTS_CYCLE - 1
        return patterns

    def between(self, start: int, end: int) -> Iterator[Row]:
        """Return the events of cycles that were due between two instants."""
        order = self.order
        for number in self.numbers(start, end):
            due, cycle = order.cycle(number)
            cause = new_id(due, _DUE, order.number, number)
            places = {"cycle": cycle, "at": moment(due + _CYCLE_STARTED_MS)}
            stream = f"cycle-{cycle}"
            for version, (kind, number_of_kind, after, pattern) in enumerate(self._patterns, 1):
                at = due + after
                event = new_id(at, number_of_kind, order.number, number)
                yield row(at, event, stream, version, kind, order.correlation_id, cause, pattern % places)
                if version == 1:
                    cause = event
