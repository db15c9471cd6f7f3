"""A made history of a business: always as many running adbots, and more and more ended ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from random import Random
from uuid import UUID

from bench.cycles import Cycles, Schedule
from bench.history import MONTH_DAYS, PLANS, WINDOW, account_row, adbot_row, billing_rows, plan_of
from bench.orders import (
    DAY,
    EVENTS_CYCLE,
    EVENTS_PAID,
    EVENTS_UNPAID,
    SECOND,
    STARTED_AFTER,
    Order,
    Row,
    new_id,
    row,
)
from libs.events.provisioning import (
    AdbotExpired,
    ApiPairAdded,
    SeatsReleased,
    SessionAssigned,
    SessionReleased,
    SessionStocked,
)
from libs.events.scheduler import AdbotStopped, StopReason
from libs.events.values import ApplicationId, Plan
from libs.eventsourcing import Event

RUNNING = 133
"""The number of adbots that run at any time after the first month."""
UNPAID = 10
"""The number of unpaid orders for each paid one."""
PAUSE = 3_600_000
"""The time from the last event to the present, in milliseconds: every running adbot is due by then."""
_VALID, _GRACE, _PROVISIONED = MONTH_DAYS * DAY, 7 * DAY, 620_015
_GAP = _VALID // RUNNING
_STOCKED, _ASSIGNED, _RELEASED, _PAIR = range(0xB01, 0xB05)
"""Kinds of ids."""

Line = tuple[int, str, str]
"""An event's time in milliseconds, its service, and its line for `COPY`."""


@dataclass(frozen=True)
class LongHistory:
    """The orders of a business, the latest first, and all their events.

    Histories of different lengths that end at the same time have the same latest orders: the longer one only
    begins earlier.
    """

    orders: tuple[Order, ...]
    end: int
    """When the last event was at the latest, in milliseconds since the epoch."""

    @classmethod
    def of(cls, events: int, *, now: datetime, seed: int = 7) -> "LongHistory":
        """Return a history of about this many events."""
        draw, end = Random(seed), int(now.timestamp() * 1000) - PAUSE
        orders: list[Order] = []
        left, place = events, 0
        weights = [plan[0] for plan in PLANS]
        while left > UNPAID * EVENTS_UNPAID + 100:
            _, code, sessions, interval, price = draw.choices(PLANS, weights)[0]
            plan = plan_of(code, sessions, interval, price)
            age = int((place + 0.5 + draw.random() / 2) * _GAP)
            left -= UNPAID * EVENTS_UNPAID + _other_events_of(plan, age)
            runs = min(age, _VALID) - STARTED_AFTER
            cycles = max(0, min(left // EVENTS_CYCLE, runs // (interval * SECOND)))
            left -= cycles * EVENTS_CYCLE
            orders.append(Order(len(orders) + 1, end - age, plan, cycles))
            for _ in range(UNPAID):
                begin = end - age - DAY - int(draw.random() * _GAP)
                orders.append(Order(len(orders) + 1, begin, plan, None))
            place += 1
        return cls(tuple(orders), end)

    @cached_property
    def paid(self) -> list[Order]:
        """The orders with an adbot, the latest first."""
        return [order for order in self.orders if order.cycles is not None]

    @property
    def running(self) -> list[Order]:
        """The orders whose adbots run at the end."""
        return [order for order in self.paid if not self.expired(order)]

    def expired(self, order: Order) -> bool:
        """Return whether an order's adbot has expired at the end."""
        return order.begin + _VALID <= self.end

    def released(self, order: Order) -> bool:
        """Return whether its seats were released too."""
        return order.begin + _VALID + _GRACE <= self.end

    def lines(self) -> Iterator[list[Line]]:
        """Return the events of all services in order, in chunks of an hour."""
        others = sorted(self._other_events())
        begin, place = others[0][0], 0
        waiting = sorted(self.paid, key=lambda order: -order.begin)
        parts: list[tuple[Schedule, Cycles]] = []
        for start in range(begin, self.end + WINDOW, WINDOW):
            stop = start + WINDOW
            while waiting and waiting[-1].begin < stop:
                order = waiting.pop()
                parts.append((Schedule(order), Cycles(order)))
            parts = [part for part in parts if part[1].end >= start]
            lines: list[Line] = []
            while place < len(others) and others[place][0] < stop:
                lines.append(others[place])
                place += 1
            for schedule, cycles in parts:
                lines += [(at, "scheduler", line) for at, line in schedule.between(start, stop)]
                lines += [(at, "forwarder", line) for at, line in cycles.between(start, stop)]
            lines.sort()
            yield lines

    def _other_events(self) -> Iterator[Line]:
        """Return all events but those of schedules that run and of their cycles."""
        for pair in range(max(sessions for _, _, sessions, _, _ in PLANS)):
            at, id_ = self.orders[-1].begin - DAY, new_id(0, 0xA03, pair)
            added = ApiPairAdded(pair=ApplicationId(UUID(id_)), api_id=pair + 1)
            yield _line(at, "provisioning", new_id(at, _PAIR, pair), f"pair-{id_}", 1, added)
        for order in self.orders:
            yield _of("gateway", account_row(order))
            for line in billing_rows(order):
                yield _of("billing", line)
        for order in self.paid:
            yield from self._adbot(order)

    def _adbot(self, order: Order) -> Iterator[Line]:
        """Return the events of an adbot's seats and of its end."""
        at = order.begin + _PROVISIONED
        yield _of("provisioning", adbot_row(order))
        for number, seat in enumerate(order.seats):
            stream = f"session-{seat.session}"
            event: Event = SessionStocked(
                session=seat.session, telegram_user=order.number * 100 + number, phone="+49…42"
            )
            stocked = new_id(order.begin - DAY, _STOCKED, order.number, number)
            yield _line(order.begin - DAY, "provisioning", stocked, stream, 1, event)
            event = SessionAssigned(session=seat.session, adbot=order.adbot, pair=seat.pair)
            yield _line(
                at, "provisioning", new_id(at, _ASSIGNED, order.number, number), stream, 2, event, order
            )
            if self.released(order):
                released = order.begin + _VALID + _GRACE
                event = SessionReleased(session=seat.session, adbot=order.adbot)
                id_ = new_id(released, _RELEASED, order.number, number)
                yield _line(released, "provisioning", id_, stream, 3, event, order)
        if self.expired(order):
            expired, stream = AdbotExpired(adbot=order.adbot), f"adbot-{order.adbot}"
            yield _of("provisioning", order.row_of(2, expired, _VALID, stream))
            stopped = AdbotStopped(adbot=order.adbot, reason=StopReason.EXPIRED)
            stream_of_schedule, version = f"schedule-{order.adbot}", (order.cycles or 0) + 3
            yield _of("scheduler", order.row_of(version, stopped, _VALID + SECOND, stream_of_schedule))
            if self.released(order):
                end = SeatsReleased(adbot=order.adbot)
                yield _of("provisioning", order.row_of(3, end, _VALID + _GRACE, stream))


def _other_events_of(plan: Plan, age: int) -> int:
    """Return the number of a paid order's events without its cycles."""
    expired, released = age >= _VALID, age >= _VALID + _GRACE
    return EVENTS_PAID + 2 * plan.sessions + 2 * expired + (1 + plan.sessions) * released


def _of(service: str, made: Row) -> Line:
    return made[0], service, made[1]


def _line(
    at: int, service: str, id_: str, stream: str, version: int, event: Event, order: Order | None = None
) -> Line:
    correlation_id = id_ if order is None else order.correlation_id
    _, line = row(
        at, id_, stream, version, type(event), correlation_id, correlation_id, event.model_dump_json()
    )
    return at, service, line


def running_at(orders: Sequence[Order], place: float) -> Order:
    """Return the order at a place between 0 and 1 of these, by the size of their correlated trees."""
    return sorted(orders, key=lambda order: order.events)[int(place * (len(orders) - 1))]
