"""Cycles by a timetable, in quiet hours and within a period: a whole service, no broker."""

from datetime import timedelta

import pytest

from libs.events.cadence import Cadence, QuietHours, TimetableEntry, Weekday
from libs.events.commands.scheduler import SetPacing
from libs.events.scheduler import AdbotStarted, PacingSet, StopReason
from libs.events.values import Pacing
from tests.integration.scheduler.acts import (
    ADVERTISE,
    ADVERTISED,
    MINUTE,
    NOON,
    PACING,
    START,
    STRANGER,
    Scheduler,
    latest,
    over,
    prepare,
    run,
    stopped,
)
from tests.integration.scheduler.publishing import ID, OWNER

HOUR = 60 * MINUTE
BERLIN = Cadence(
    time_zone="Europe/Berlin",
    quiet_hours=QuietHours(begin="22:00", end="08:00"),
    timetable=(TimetableEntry(days=tuple(Weekday), times=("15:00", "21:00", "23:00")),),
)
"""It is noon in UTC, and two hours later in Berlin."""


def pace(cadence: Cadence, delay: float | None = None) -> SetPacing:
    return SetPacing(adbot=ID, account=OWNER, delay_seconds=delay, cadence=cadence)


async def test_cycles_are_due_by_the_timetable_outside_of_quiet_hours(scheduler: Scheduler) -> None:
    started = AdbotStarted(adbot=ID, started_at=NOON, anchor=NOON + HOUR, interval_seconds=600)
    paced = PacingSet(adbot=ID, delay_seconds=2, jitter_seconds=None, cadence=BERLIN, next_due=NOON + HOUR)
    await scheduler.when(pace(BERLIN, 2), pace(BERLIN, 2), ADVERTISE, START).then(paced, ADVERTISED, started)
    morning = NOON + timedelta(hours=18)
    for due, following in (
        (NOON + HOUR, NOON + 7 * HOUR),
        (NOON + 7 * HOUR, morning),
        (morning, NOON + timedelta(days=1, hours=1)),
    ):
        await scheduler.when(due - MINUTE).then()
        await prepare(scheduler, due)
        cycle = await latest(scheduler)
        assert (cycle.due_at, cycle.next_due) == (due, following)
        assert cycle.pacing == Pacing(delay_seconds=2, jitter_seconds=PACING.jitter_seconds)
        await prepare(scheduler, over(cycle))


async def test_a_running_adbot_is_paced_anew(scheduler: Scheduler) -> None:
    await prepare(scheduler, over(await run(scheduler)), pace(BERLIN))
    await scheduler.when(NOON + 50 * MINUTE).then()
    await prepare(scheduler, pace(Cadence()))
    assert (await latest(scheduler)).due_at == NOON
    await prepare(scheduler, NOON + 50 * MINUTE)
    assert (await latest(scheduler)).due_at == NOON + 50 * MINUTE


async def test_an_adbot_stops_at_its_end(scheduler: Scheduler) -> None:
    await prepare(scheduler, over(await run(scheduler)), pace(Cadence(ends_at=NOON + 5 * MINUTE)))
    await scheduler.when(NOON + 5 * MINUTE).then(
        stopped(StopReason.ENDED), rows={"select adbot from schedules.schedules": []}
    )
    await scheduler.when(START).then(refused="period_ended")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (pace(Cadence(), 1), "pacing_below_limit"),
        (pace(Cadence(time_zone="Mars/Phobos")), "unknown_time_zone"),
        (pace(BERLIN).model_copy(update={"account": STRANGER}), "unknown_adbot"),
    ],
)
async def test_a_refused_pacing_says_why(scheduler: Scheduler, command: SetPacing, code: str) -> None:
    await scheduler.when(command).then(refused=code)
