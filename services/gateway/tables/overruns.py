"""How long cycles take, whether that is longer than the interval, and which adbots' cycles overrun often."""

import math
from datetime import datetime
from uuid import UUID

from libs.events.values import AdbotId
from libs.eventsourcing import Row, Sql
from services.gateway.tables.values import View

OFTEN = 3
"""So many of the last ten due times, skipped because a cycle still ran, are not by chance."""
USUAL_PAUSE_SECONDS = 11.5
"""The scheduler's default pause with half its jitter, for adbots that never had a cycle."""
_ADVICE = "use more seats, fewer groups, or a longer interval"
_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))


class Overrunning(View):
    """An adbot whose cycles often take longer than its interval."""

    adbot: UUID
    account: UUID
    order_number: str
    overruns: int
    """How many of the last ten due times were skipped because a cycle still ran."""
    interval_seconds: int
    groups: int | None
    seats: int | None
    cycle_seconds: float | None
    """How long a cycle takes at the adbot's pacing, without waits; null if no cycle was due yet."""
    settings_at: datetime | None
    """When the advertisement or the pacing was set last."""


def cycle_seconds(groups: int, seats: int, pause_seconds: float) -> float | None:
    """Return how long a cycle takes at this pace, without waits; None without a seat."""
    return None if seats < 1 else math.ceil(groups / seats) * pause_seconds


def warning_of(groups: int, seats: int, pause_seconds: float, interval_seconds: int) -> str | None:
    """Return what to tell a client whose cycles take longer than the interval; None if they don't."""
    needed = cycle_seconds(groups, seats, pause_seconds)
    if needed is None or needed <= interval_seconds:
        return None
    return (
        f"a cycle takes longer than the interval: {_many(groups, 'group')} with {_many(seats, 'seat')}, "
        f"a send each {pause_seconds:g} s, need {in_words(needed)}, the interval is "
        f"{in_words(interval_seconds)}; cycles that come due meanwhile are skipped; {_ADVICE}"
    )


def overrun_of(one: Overrunning) -> str:
    """Return what to tell the owner of an adbot whose cycles overrun often."""
    why = ""
    if one.groups and one.seats and one.cycle_seconds:
        why = (
            f": {_many(one.groups, 'group')} with {_many(one.seats, 'seat')} need "
            f"{in_words(one.cycle_seconds)} or more"
        )
    return (
        f"cycles of the adbot of order {one.order_number} take longer than its interval of "
        f"{in_words(one.interval_seconds)}{why}; {_ADVICE}"
    )


def in_words(seconds: float) -> str:
    """Return a duration in its largest one or two units."""
    left, parts = round(seconds), list[str]()
    for unit, size in _UNITS:
        number, left = divmod(left, size)
        if number:
            parts.append(_many(number, unit))
        elif parts:
            break
    return " ".join(parts[:2]) or "0 seconds"


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


_OVERRUNNING = """
select a.adbot, a.account, a.order_number, a.interval_seconds, sch.settings_at, s.due_groups as groups,
       s.due_seats as seats, s.due_pause_seconds as pause,
       length(replace(s.recent::bit(10)::text, '0', '')) as overruns
from statistics s join adbots a using (adbot) join adbot_schedules sch using (adbot)
where ($1::uuid is null or adbot = $1) and s.recent > 0 and sch.running
  and length(replace(s.recent::bit(10)::text, '0', '')) >= $2
order by overruns desc, adbot limit $3
"""


async def overrunning(sql: Sql, adbot: AdbotId | None = None, limit: int = 100) -> list[Overrunning]:
    """Return the running adbots whose cycles overrun often, the worst first; only this one if named."""
    return [_overrunning(row) for row in await sql.fetch(_OVERRUNNING, adbot, OFTEN, limit)]


def _overrunning(row: Row) -> Overrunning:
    known = row["groups"] is not None
    seconds = cycle_seconds(row["groups"], row["seats"], row["pause"]) if known else None
    return Overrunning.model_validate({**row, "cycle_seconds": seconds})
