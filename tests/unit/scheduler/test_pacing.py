"""Decisions on the pacing that a client sets, and on cycles under it."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.events.cadence import Cadence, QuietHours, TimetableEntry, Weekday
from libs.events.results import NotYetKnown
from libs.events.scheduler import CycleDue, CycleSkipped, PacingSet, SkipReason, StopReason
from libs.events.values import CycleId, Pacing
from libs.eventsourcing import Refused
from services.scheduler.schedule.commands import Command, RunDue, SetPacing, Start, Stop
from services.scheduler.schedule.domain import SCHEDULE
from services.scheduler.schedule.state import AdbotPacing
from services.scheduler.schedule.timing import MOST_LATENESS_OF_TIMES
from tests.unit.scheduler.test_schedule import (
    ADBOT,
    FIRST,
    ID,
    MINUTE,
    NOON,
    OWNER,
    PACING,
    SECOND,
    SET,
    STARTED,
    STOPPED,
    STRANGER,
    due,
    run_at,
    schedule,
    started,
    stopped,
)

HOUR = 60 * MINUTE
QUIET = Cadence(quiet_hours=QuietHours(begin="12:05", end="13:00"))
EVERY_DAY = tuple(Weekday)
ENDED = replace(ADBOT, ended_cycle=FIRST)


def timetable(*times: str, days: tuple[Weekday, ...] = EVERY_DAY) -> Cadence:
    return Cadence(timetable=(TimetableEntry(days=days, times=times),))


def set_to(
    cadence: Cadence | None = None,
    delay: float | None = None,
    jitter: float | None = None,
    at: datetime = NOON,
) -> SetPacing:
    return SetPacing(ADBOT, OWNER, AdbotPacing(delay, jitter, cadence or Cadence()), PACING, at)


def paced(cadence: Cadence | None = None, next_due: datetime = NOON, delay: float | None = None) -> PacingSet:
    return PacingSet(
        adbot=ID,
        delay_seconds=delay,
        jitter_seconds=None,
        cadence=cadence or Cadence(),
        next_due=next_due,
    )


# -- setting it


def test_a_pacing_is_set_once() -> None:
    schedule.given(SET).when(set_to(QUIET, 20)).then(paced(QUIET, delay=20))
    schedule.given(SET, paced(QUIET, delay=20)).when(set_to(QUIET, 20)).then()
    schedule.when(set_to()).then()


def test_only_the_owner_and_the_operator_set_it() -> None:
    stranger = replace(set_to(QUIET), account=STRANGER)
    assert type(schedule.when(stranger).refused("unknown_adbot")) is Refused
    assert type(schedule.when(replace(set_to(QUIET), adbot=None)).refused("unknown_adbot")) is NotYetKnown
    schedule.when(replace(set_to(QUIET), account=None)).then(paced(QUIET))


@pytest.mark.parametrize(
    ("command", "code", "named"),
    [
        (set_to(delay=9.9), "pacing_below_limit", "delay_seconds: 9.9 is below the least"),
        (set_to(jitter=0), "pacing_below_limit", "jitter_seconds: 0 is below"),
        (set_to(Cadence(time_zone="Mars/Phobos")), "unknown_time_zone", "time_zone: “Mars/Phobos”"),
        (
            set_to(Cadence(quiet_hours=QuietHours(begin="09:00", end="09:00"))),
            "malformed_quiet_hours",
            "quiet_hours: 09:00 to 09:00",
        ),
        (set_to(Cadence(ends_at=NOON)), "malformed_period", "ends_at: this instant has passed"),
        (
            set_to(Cadence(starts_at=NOON + 2 * HOUR, ends_at=NOON + HOUR)),
            "malformed_period",
            "not after starts_at",
        ),
        (
            set_to(timetable("09:00", "09:09")),
            "timetable_too_dense",
            "Monday 09:00 and Monday 09:09 are 9 minutes apart, and the plan's interval is 10 minutes",
        ),
        (
            set_to(timetable("00:04", "23:55")),
            "timetable_too_dense",
            "Monday 23:55 and Tuesday 00:04 are 9 minutes apart",
        ),
        (
            set_to(
                Cadence(
                    timetable=(
                        TimetableEntry(days=(Weekday.SUNDAY,), times=("23:55",)),
                        TimetableEntry(days=(Weekday.MONDAY,), times=("00:04",)),
                    )
                )
            ),
            "timetable_too_dense",
            "Sunday 23:55 and Monday 00:04",
        ),
    ],
)
def test_a_refusal_names_the_field_and_what_to_do(command: SetPacing, code: str, named: str) -> None:
    assert named in schedule.when(command).refused(code).detail


def test_times_of_days_that_are_not_neighbours_may_be_near() -> None:
    cadence = timetable("00:04", "23:55", days=(Weekday.SUNDAY,))
    schedule.when(set_to(cadence)).then(paced(cadence, NOON + timedelta(hours=11, minutes=55)))


def test_a_timetable_has_at_most_one_time_each_half_hour() -> None:
    fast = replace(ADBOT, interval_seconds=60)
    times = [f"{hour:02}:{minute:02}" for hour in range(24) for minute in range(0, 60, 20)]
    entries = (
        TimetableEntry(days=EVERY_DAY, times=tuple(times[:48])),
        TimetableEntry(days=EVERY_DAY, times=tuple(times[48:])),
    )
    command = replace(set_to(Cadence(timetable=entries)), adbot=fast)
    assert "504 times a week, at most 336" in schedule.when(command).refused("timetable_too_dense").detail


# -- a running adbot


def test_the_next_cycle_of_a_running_adbot_moves_with_the_cadence() -> None:
    history = schedule.given(SET, STARTED, due(0))
    history.when(set_to(QUIET, at=NOON + MINUTE)).then(paced(QUIET, NOON + HOUR))
    at_six = timetable("18:00")
    history.when(set_to(at_six, at=NOON + MINUTE)).then(paced(at_six, NOON + 6 * HOUR))


def test_a_delay_alone_leaves_the_next_cycle_as_it_is() -> None:
    schedule.given(SET, STARTED, due(0)).when(set_to(delay=20, at=NOON + MINUTE)).then(
        paced(next_due=NOON + 10 * MINUTE, delay=20)
    )


def test_no_change_of_the_cadence_brings_a_cycle_nearer_than_the_interval() -> None:
    soon = timetable("12:05", "12:30")
    history = schedule.given(SET, STARTED, due(0))
    history.when(set_to(soon, at=NOON + MINUTE)).then(paced(soon, NOON + 30 * MINUTE))
    evening = paced(timetable("18:00"), NOON + 6 * HOUR)
    schedule.given(SET, STARTED, due(0), evening).when(set_to(at=NOON + 3 * MINUTE)).then(
        paced(next_due=NOON + 10 * MINUTE)
    )


def test_a_cycle_carries_the_delays_that_were_set() -> None:
    wanted = due(0).model_copy(update={"pacing": Pacing(delay_seconds=20, jitter_seconds=3)})
    schedule.given(SET, paced(delay=20), STARTED).when(run_at(0)).then(wanted)


def test_a_delay_below_a_limit_that_was_raised_since_is_that_limit() -> None:
    raised = replace(run_at(0), pacing=Pacing(delay_seconds=30))
    wanted = due(0).model_copy(update={"pacing": Pacing(delay_seconds=30)})
    schedule.given(SET, paced(delay=20), STARTED).when(raised).then(wanted)


def test_a_cycle_before_quiet_hours_is_followed_by_one_at_their_end() -> None:
    wanted = due(0).model_copy(update={"next_due": NOON + HOUR})
    schedule.given(SET, paced(QUIET), STARTED).when(run_at(0)).then(wanted)


@pytest.mark.parametrize("minutes", [20, 23])
def test_a_cycle_that_is_late_and_in_quiet_hours_by_now_waits_for_their_end(minutes: int) -> None:
    skipped = CycleSkipped(adbot=ID, due_at=NOON + 20 * MINUTE, next_due=NOON + HOUR, reason=SkipReason.QUIET)
    late = CycleSkipped(adbot=ID, due_at=NOON, next_due=NOON + 10 * MINUTE, reason=SkipReason.OVERRUN)
    schedule.given(SET, paced(QUIET), STARTED, late).when(run_at(minutes)).then(skipped)


def test_an_overrun_is_followed_by_the_next_time_of_the_timetable() -> None:
    cadence = timetable("12:00", "12:30", "18:00")
    history = schedule.given(
        SET, paced(cadence), STARTED, due(0).model_copy(update={"next_due": NOON + HOUR / 2})
    )
    on_time = CycleSkipped(
        adbot=ID, due_at=NOON + HOUR / 2, next_due=NOON + 6 * HOUR, reason=SkipReason.OVERRUN
    )
    history.when(run_at(30, cycle=SECOND)).then(on_time)
    next_day = on_time.model_copy(update={"next_due": NOON + timedelta(days=1)})
    history.when(run_at(6 * 60 + 5, cycle=SECOND)).then(next_day)


# -- the period


def test_an_adbot_starts_with_its_period() -> None:
    later = Cadence(starts_at=NOON + HOUR)
    schedule.given(SET, paced(later)).when(Start(ADBOT, OWNER, NOON)).then(started(timedelta(0), HOUR))


def test_an_adbot_stops_at_the_end_of_its_period() -> None:
    until = paced(Cadence(ends_at=NOON + 15 * MINUTE))
    history = schedule.given(SET, until, STARTED)
    history.when(run_at(0)).then(due(0))
    last = due(10, SECOND, 2).model_copy(update={"next_due": NOON + 15 * MINUTE})
    schedule.given(SET, until, STARTED, due(0)).when(run_at(10, ENDED, SECOND)).then(last)
    schedule.given(SET, until, STARTED, due(0), last).when(run_at(15, ENDED)).then(stopped(StopReason.ENDED))


def test_an_adbot_whose_period_is_over_is_not_started() -> None:
    over = schedule.given(SET, paced(Cadence(ends_at=NOON)), STARTED, STOPPED)
    assert "ends_at" in over.when(Start(ADBOT, OWNER, NOON)).refused("period_ended").detail


def test_a_start_in_quiet_hours_waits_for_their_end() -> None:
    schedule.given(SET, paced(QUIET)).when(Start(ADBOT, OWNER, NOON + 6 * MINUTE)).then(
        started(6 * MINUTE, HOUR)
    )


# -- the interval, whatever is done to the pacing

CADENCES = {
    "evenly": Cadence(),
    "quiet": Cadence(time_zone="Europe/Berlin", quiet_hours=QuietHours(begin="14:10", end="14:40")),
    "times": timetable("12:05", "12:20", "12:31", "13:00", "14:00"),
    "later": Cadence(starts_at=NOON + 20 * MINUTE),
    "until": Cadence(ends_at=NOON + 600 * MINUTE),
}


@given(
    acts=st.lists(
        st.tuples(st.sampled_from(["start", "stop", "look", *CADENCES]), st.integers(0, 2_000)), max_size=30
    )
)
def test_no_sequence_of_pacings_brings_two_cycles_nearer_than_the_interval(
    acts: list[tuple[str, int]],
) -> None:
    state, now, ten = SCHEDULE.fold([SET]), NOON, 10 * MINUTE
    raised: list[tuple[datetime, CycleDue]] = []
    for act, seconds in acts:
        now += timedelta(seconds=seconds)
        ended = replace(ADBOT, ended_cycle=raised[-1][1].cycle if raised else None)
        look = RunDue(ended, CycleId(uuid4()), PACING, timedelta(days=1), now)
        asked: dict[str, Command] = {"start": Start(ADBOT, OWNER, now), "stop": Stop(ADBOT, OWNER, now)}
        asked |= {name: set_to(cadence, at=now) for name, cadence in CADENCES.items()}
        for command in (asked.get(act, look), look):
            try:
                events = SCHEDULE.decide(command, state)
            except Refused as refused:
                assert refused.code in {"malformed_period", "period_ended"}  # noqa: PT017 - others are mistakes
                continue
            state = SCHEDULE.fold(events, state)
            raised += [(now, event) for event in events if isinstance(event, CycleDue)]
        assert state is not None
        if state.running is not None:
            assert state.running.next_due > now, "the timer would turn for ever"
    for (earlier, first), (later, second) in pairwise(raised):
        assert second.due_at - first.due_at >= ten
        assert later - earlier >= ten - MOST_LATENESS_OF_TIMES
