"""Made cycles that take as much space as real ones: a hundred groups, nine events with their deliveries."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from random import Random
from uuid import UUID

from bench.orders import Row, row
from libs.events.forwarder import CycleFinished, CycleStarted, DeliveriesRecorded, Delivery, Share
from libs.events.scheduler import CycleDue
from libs.events.values import (
    AccountId,
    AdbotId,
    ApplicationId,
    ChannelPost,
    CycleId,
    Pacing,
    ResultClass,
    Seat,
    SessionId,
)
from libs.eventsourcing import Event

GROUPS, TOGETHER, SEATS = 100, 12, 6
INTERVAL = timedelta(minutes=10)
_PACING = Pacing(delay_seconds=10, jitter_seconds=3)
_SLOW = 0.03
"""The share of groups that refuse a post because of their slow mode."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_"


@dataclass(frozen=True)
class Adbot:
    """An adbot that posts every ten minutes to a hundred groups."""

    number: int

    @cached_property
    def _draw(self) -> Random:
        return Random(self.number)

    def _id(self, at: datetime) -> UUID:
        """Return a UUIDv7 of this instant."""
        time = int(at.timestamp() * 1000) << 80
        return UUID(
            int=time | 0x7 << 76 | self._draw.getrandbits(12) << 64 | 0b10 << 62 | self._draw.getrandbits(62)
        )

    @cached_property
    def adbot(self) -> AdbotId:
        """Its id."""
        return AdbotId(UUID(int=self._draw.getrandbits(128), version=4))

    @cached_property
    def _account(self) -> AccountId:
        return AccountId(UUID(int=self._draw.getrandbits(128), version=4))

    @cached_property
    def _correlation_id(self) -> str:
        return str(UUID(int=self._draw.getrandbits(128), version=4))

    @cached_property
    def _seats(self) -> tuple[Seat, ...]:
        return tuple(
            Seat(
                session=SessionId(UUID(int=self._draw.getrandbits(128), version=4)),
                pair=ApplicationId(UUID(int=self._draw.getrandbits(128), version=4)),
            )
            for _ in range(SEATS)
        )

    @cached_property
    def _groups(self) -> tuple[str, ...]:
        lengths = [self._draw.randint(7, 24) for _ in range(GROUPS)]
        return tuple(
            "@" + self._draw.choice(_LETTERS[:26]) + "".join(self._draw.choices(_LETTERS[:36], k=length))
            for length in lengths
        )

    def cycles(self, begin: datetime, count: int) -> Iterator[tuple[str, Row]]:
        """Return the events of its cycles, each with its service."""
        offset = timedelta(seconds=self._draw.random() * INTERVAL.total_seconds())
        for number in range(1, count + 1):
            yield from self._cycle(begin + offset + number * INTERVAL, number)

    def _cycle(self, due: datetime, number: int) -> Iterator[tuple[str, Row]]:
        cycle, groups, post = (
            CycleId(self._id(due)),
            self._groups,
            ChannelPost(channel="@flats", message=4711),
        )
        stream, started_at = f"cycle-{cycle}", due + timedelta(milliseconds=12)
        raised, begun = str(self._id(due)), str(self._id(started_at))
        yield "scheduler", self._row(
            CycleDue(
                cycle=cycle, adbot=self.adbot, account=self._account, number=number, due_at=due,
                next_due=due + INTERVAL, post=post, groups=groups, seats=self._seats, pacing=_PACING,
            ),
            raised, due, f"schedule-{self.adbot}", number + 2, self._correlation_id,
        )  # fmt: skip
        shares = tuple(
            Share(session=seat.session, pair=seat.pair, groups=groups[place::SEATS])
            for place, seat in enumerate(self._seats)
        )
        started = CycleStarted(
            cycle=cycle, adbot=self.adbot, post=post, pacing=_PACING, shares=shares, started_at=started_at
        )
        yield "forwarder", self._row(started, begun, started_at, stream, 1, raised)
        deliveries = [self._delivery(place, started_at) for place in range(GROUPS)]
        version = 1
        for first in range(0, GROUPS, TOGETHER):
            version += 1
            some = tuple(deliveries[first : first + TOGETHER])
            recorded = DeliveriesRecorded(cycle=cycle, adbot=self.adbot, deliveries=some)
            at = some[-1].at + timedelta(milliseconds=40)
            yield "forwarder", self._row(recorded, str(self._id(at)), at, stream, version, begun)
        counts: dict[ResultClass, int] = {}
        for delivery in deliveries:
            counts[delivery.result] = counts.get(delivery.result, 0) + 1
        finished = CycleFinished(cycle=cycle, adbot=self.adbot, counts=counts, started_at=started_at)
        end = deliveries[-1].at + timedelta(milliseconds=41)
        yield "forwarder", self._row(finished, str(self._id(end)), end, stream, version + 1, begun)

    def _delivery(self, place: int, started_at: datetime) -> Delivery:
        slow = self._draw.random() < _SLOW
        after = timedelta(seconds=11.5 * (place // SEATS) + self._draw.random() * 3)
        return Delivery(
            group=self._groups[place],
            session=self._seats[place % SEATS].session,
            result=ResultClass.SLOW_MODE if slow else ResultClass.SENT,
            error="SlowModeWaitError" if slow else "",
            messages=() if slow else (self._draw.randint(10_000, 9_999_999),),
            at=(started_at + after).astimezone(UTC),
        )

    def _row(self, event: Event, id_: str, at: datetime, stream: str, version: int, cause: str) -> Row:
        time = int(at.timestamp() * 1000)
        return row(
            time, id_, stream, version, type(event), self._correlation_id, cause, event.model_dump_json()
        )
