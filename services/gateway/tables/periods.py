"""Queries of what was sent by hour or day, of an adbot or of all; days are those of a time zone."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from libs.events.values import AdbotId
from libs.eventsourcing import Sql
from services.gateway.tables.hours import hour_of
from services.gateway.tables.values import View

_OF_ADBOT = """
select hour, sent, failed, left_out, cycles from adbot_hours where adbot = $3 and hour >= $1 and hour < $2
"""
_OF_ALL = "select hour, sent, failed, left_out, cycles from all_hours where hour >= $1 and hour < $2"
_FIELDS: Sequence[str] = ("sent", "failed", "left_out", "cycles")
_HOUR = timedelta(hours=1)


class Span(StrEnum):
    """How long a period is."""

    HOUR = "hour"
    DAY = "day"


class PeriodFigures(View):
    """What was sent in an hour or a day.

    Groups to which nothing was sent, as the adbot was stopped before, are not counted.
    """

    start: datetime
    end: datetime
    """Also of the period that is going on."""
    sent: int
    """How many groups received a post."""
    failed: int
    """How many groups refused it."""
    left_out: int
    """How many groups were left out, though nobody refused."""
    cycles: int
    """How many cycles were started."""


class Periods(View):
    """The last hours or days, in order; the last one is going on. Those without sends are zeros."""

    by: Span
    time_zone: str
    """The zone whose days they are."""
    periods: list[PeriodFigures]


def edges(by: Span, zone: ZoneInfo, last: int, at: datetime) -> list[datetime]:
    """Return the beginnings of the last periods at an instant, in order, and the end of the last one."""
    if by is Span.HOUR:
        return [hour_of(at) + number * _HOUR for number in range(1 - last, 2)]
    today = at.astimezone(zone).date()
    days = (today + timedelta(days=number) for number in range(1 - last, 2))
    return [datetime.combine(day, time(), zone).astimezone(UTC) for day in days]


async def periods_of(
    sql: Sql, adbot: AdbotId | None, by: Span, zone: ZoneInfo, last: int, at: datetime
) -> Periods:
    """Return the last periods of an adbot, or of all adbots, with zeros where nothing was sent."""
    found = edges(by, zone, last, at)
    query, scope = (_OF_ALL, ()) if adbot is None else (_OF_ADBOT, (adbot,))
    counts: list[dict[str, int]] = [dict.fromkeys(_FIELDS, 0) for _ in range(last)]
    for row in await sql.fetch(query, found[0], found[-1], *scope):
        period = counts[bisect_right(found, row["hour"]) - 1]
        for field in _FIELDS:
            period[field] += row[field]
    return Periods(by=by, time_zone=zone.key, periods=list(_figures(found, counts)))


def _figures(found: list[datetime], counts: list[dict[str, int]]) -> Iterator[PeriodFigures]:
    for (start, end), one in zip(pairwise(found), counts, strict=True):
        yield PeriodFigures.model_validate({"start": start, "end": end, **one})
