"""Due times: intervals, timetables and quiet hours, also on days when clocks are changed."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.events.cadence import Cadence, QuietHours, TimetableEntry, Weekday
from libs.events.time_zones import zone_of
from services.scheduler.schedule.local_times import instant, quiet_until, times_around, week_of
from services.scheduler.schedule.timing import Timing

HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Casablanca",
    "America/St_Johns",
]
EVERY_DAY = tuple(Weekday)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def cadence(
    zone: str = "Europe/Berlin",
    *times: str,
    quiet: tuple[str, str] | None = None,
    ends: datetime | None = None,
) -> Cadence:
    return Cadence(
        time_zone=zone,
        quiet_hours=QuietHours(begin=quiet[0], end=quiet[1]) if quiet else None,
        timetable=(TimetableEntry(days=EVERY_DAY, times=times),) if times else (),
        ends_at=ends,
    )


def following(timing: Timing, at: datetime, count: int) -> list[datetime]:
    """Return the due times from an instant on, if every cycle is on time."""
    found = [timing.first(at)]
    while len(found) < count:
        found.append(timing.after(found[-1]))
    return found


# -- local times


@pytest.mark.parametrize(
    ("zone", "local", "expected"),
    [
        ("Europe/Berlin", "2026-03-29T01:59", "2026-03-29T00:59"),
        ("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:00"),  # does not exist: 03:00
        ("Europe/Berlin", "2026-03-29T03:00", "2026-03-29T01:00"),
        ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30"),  # comes twice: the first
        ("Europe/Berlin", "2026-10-25T03:00", "2026-10-25T02:00"),
        ("America/New_York", "2026-03-08T02:30", "2026-03-08T07:00"),
        ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30"),  # half an hour: 02:30
        ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45"),
        (
            "Pacific/Apia",
            "2011-12-30T10:00",
            "2011-12-30T10:00",
        ),  # a day that never was: the next one's start
        ("Asia/Kathmandu", "2026-06-01T06:00", "2026-06-01T00:15"),
    ],
)
def test_a_local_time_is_an_instant(zone: str, local: str, expected: str) -> None:
    at = datetime.fromisoformat(local)
    assert instant(ZoneInfo(zone), at.date(), at.time()) == utc(expected)


days = st.dates(date(2009, 1, 1), date(2032, 1, 1))
minutes = st.builds(time, st.integers(0, 23), st.integers(0, 59))


@given(zone=st.sampled_from(ZONES), day=days, one=minutes, other=minutes)
def test_a_later_local_time_is_no_earlier_instant(zone: str, day: date, one: time, other: time) -> None:
    earlier, later = sorted([one, other])
    assert instant(ZoneInfo(zone), day, earlier) <= instant(ZoneInfo(zone), day, later)
    assert instant(ZoneInfo(zone), day, later) <= instant(ZoneInfo(zone), day + DAY, earlier)


@given(zone=st.sampled_from(ZONES), day=days, at=minutes)
def test_an_instant_is_the_first_at_which_clocks_show_the_time_or_a_later_one(
    zone: str, day: date, at: time
) -> None:
    found, wanted = instant(ZoneInfo(zone), day, at), datetime.combine(day, at)
    shown = found.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    before = (found - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert before < wanted <= shown


@pytest.mark.parametrize("name", ["Mars/Phobos", "localtime", "Factory", "Europe", "right/Europe/Berlin"])
def test_only_names_of_the_database_are_zones(name: str) -> None:
    assert zone_of(name) is None


@given(zone=st.sampled_from(ZONES), day=days)
def test_a_timetables_instants_are_in_order_and_each_day_has_its_own(zone: str, day: date) -> None:
    timetable = [TimetableEntry(days=EVERY_DAY, times=("02:30", "01:30", "23:45"))]
    at = datetime.combine(day, time(12), UTC)
    found = list(islice(times_around(ZoneInfo(zone), timetable, at), 60))
    assert found == sorted(found)
    assert found[0] < at < found[-1]


def test_a_week_has_each_time_once() -> None:
    entries = [
        TimetableEntry(days=(Weekday.MONDAY,), times=("09:00", "08:00")),
        TimetableEntry(days=(Weekday.MONDAY, Weekday.SUNDAY), times=("09:00",)),
    ]
    assert week_of(entries) == [[time(8), time(9)], [], [], [], [], [], [time(9)]]


# -- timetables


def test_a_time_that_does_not_exist_is_due_once_at_the_next_that_does() -> None:
    due = following(Timing(cadence("Europe/Berlin", "02:30"), HOUR), utc("2026-03-28T00:00"), 3)
    assert due == [utc("2026-03-28T01:30"), utc("2026-03-29T01:00"), utc("2026-03-30T00:30")]


def test_times_within_the_same_gap_are_one() -> None:
    due = following(Timing(cadence("Europe/Berlin", "02:10", "02:50"), MINUTE), utc("2026-03-29T00:00"), 2)
    assert due == [utc("2026-03-29T01:00"), utc("2026-03-30T00:10")]


def test_a_time_that_comes_twice_is_due_once() -> None:
    due = following(Timing(cadence("America/New_York", "01:30"), MINUTE), utc("2026-11-01T00:00"), 2)
    assert due == [utc("2026-11-01T05:30"), utc("2026-11-02T06:30")]


def test_a_timetable_keeps_the_local_time_over_the_year() -> None:
    timing = Timing(cadence("Europe/Berlin", "09:00"), HOUR)
    due = following(timing, utc("2026-01-01T00:00"), 365)
    assert {at.astimezone(ZoneInfo("Europe/Berlin")).time() for at in due} == {time(9)}
    assert len({at.date() for at in due}) == 365


def test_a_time_of_a_day_that_a_zone_skipped_is_the_start_of_the_next() -> None:
    due = following(Timing(cadence("Pacific/Apia", "09:00"), HOUR), utc("2011-12-29T00:00"), 4)
    apia = ZoneInfo("Pacific/Apia")
    assert [f"{at.astimezone(apia):%d %H:%M}" for at in due] == [
        "29 09:00",
        "31 00:00",
        "31 09:00",
        "01 09:00",
    ]


def test_times_nearer_than_the_interval_because_clocks_are_set_forward_are_left_out() -> None:
    due = following(Timing(cadence("Europe/Berlin", "01:30", "03:30"), 2 * HOUR), utc("2026-03-29T00:00"), 2)
    assert due == [utc("2026-03-29T00:30"), utc("2026-03-29T23:30")]


def test_a_timetables_cycle_raised_a_little_late_does_not_rule_out_the_next() -> None:
    timing = Timing(cadence("UTC", "09:00", "10:00"), HOUR)
    nine, late = utc("2026-05-04T09:00"), utc("2026-05-04T09:00") + timedelta(seconds=59)
    assert timing.counted_from(nine, late) == nine
    assert timing.after(timing.counted_from(nine, late)) == nine + HOUR
    much_later = nine + 2 * MINUTE
    assert timing.after(timing.counted_from(nine, much_later)) == nine + DAY


def test_after_an_outage_the_latest_time_counts_if_it_is_now() -> None:
    timing = Timing(cadence("UTC", "09:00", "10:00", "15:00"), HOUR)
    nine = utc("2026-05-04T09:00")
    assert timing.latest(nine, nine - MINUTE) is None
    assert timing.latest(nine, nine + timedelta(seconds=3)) == nine
    assert timing.latest(nine, nine + HOUR + timedelta(seconds=3)) == nine + HOUR
    assert timing.latest(nine, nine + 3 * HOUR) == nine


# -- the interval


@pytest.mark.parametrize("day", ["2026-03-29T00:00", "2026-10-25T00:00"])
def test_an_interval_goes_on_through_both_changes(day: str) -> None:
    due = following(Timing(cadence(), 20 * MINUTE), utc(day), 12)
    assert due == [utc(day) + count * 20 * MINUTE for count in range(12)]


# -- quiet hours


def test_a_cycle_in_quiet_hours_is_due_at_their_end_and_the_interval_counts_from_there() -> None:
    timing = Timing(cadence("UTC", quiet=("22:00", "07:00")), HOUR)
    due = following(timing, utc("2026-05-04T20:10"), 4)
    assert due == [utc(f"2026-05-0{at}") for at in ("4T20:10", "4T21:10", "5T07:00", "5T08:00")]


def test_quiet_hours_begin_and_end_at_their_minute() -> None:
    timing = Timing(cadence("UTC", quiet=("12:00", "13:00")), HOUR)
    noon, second = utc("2026-05-04T12:00"), timedelta(seconds=1)
    assert timing.first(noon - second) == noon - second
    assert timing.first(noon) == timing.first(noon + HOUR - second) == noon + HOUR


def test_times_of_a_timetable_in_quiet_hours_become_one_at_their_end() -> None:
    timing = Timing(cadence("UTC", "05:00", "06:00", "12:00", quiet=("22:00", "07:00")), 10 * MINUTE)
    assert following(timing, utc("2026-05-04T00:00"), 3) == [
        utc("2026-05-04T07:00"),
        utc("2026-05-04T12:00"),
        utc("2026-05-05T07:00"),
    ]


@pytest.mark.parametrize(
    ("quiet", "at", "end"),
    [
        (("22:00", "02:30"), "2026-03-29T00:30", "2026-03-29T01:00"),  # the end does not exist
        (("02:30", "05:00"), "2026-03-29T01:00", "2026-03-29T03:00"),  # the begin does not exist
        (("02:10", "02:50"), "2026-03-29T01:00", None),  # neither does
        (("01:00", "02:30"), "2026-10-25T00:29", "2026-10-25T00:30"),  # the end comes twice: the first counts
        (("01:00", "02:30"), "2026-10-25T01:15", None),
        (("22:00", "07:00"), "2026-10-25T05:59", "2026-10-25T06:00"),  # a night of ten hours
    ],
)
def test_quiet_hours_when_clocks_are_changed(quiet: tuple[str, str], at: str, end: str | None) -> None:
    hours = QuietHours(begin=quiet[0], end=quiet[1])
    assert quiet_until(ZoneInfo("Europe/Berlin"), hours, utc(at)) == (utc(end) if end else None)


@given(
    zone=st.sampled_from(ZONES),
    day=days,
    start=minutes,
    times=st.lists(minutes, max_size=4),
    quiet=st.one_of(st.none(), st.tuples(minutes, minutes).filter(lambda both: both[0] != both[1])),
    interval=st.sampled_from([10 * MINUTE, HOUR, 5 * HOUR]),
)
def test_due_times_keep_the_interval_and_are_never_in_quiet_hours(
    zone: str,
    day: date,
    start: time,
    times: list[time],
    quiet: tuple[time, time] | None,
    interval: timedelta,
) -> None:
    hours = (f"{quiet[0]:%H:%M}", f"{quiet[1]:%H:%M}") if quiet else None
    timing = Timing(cadence(zone, *(f"{at:%H:%M}" for at in times), quiet=hours), interval)
    at = datetime.combine(day, start, UTC)
    due = following(timing, at, 8)
    assert due[0] >= at
    assert all(later - earlier >= interval for earlier, later in pairwise(due))
    assert [timing.quiet_until(one) for one in due] == [None] * len(due)
    assert due[-1] - at < 12 * DAY


# -- the period


def test_no_cycle_is_due_before_the_start_and_the_end_is_the_last_due_time() -> None:
    start, end = utc("2026-05-04T12:00"), utc("2026-05-04T14:30")
    timing = Timing(Cadence(starts_at=start, ends_at=end), HOUR)
    assert following(timing, start - DAY, 5) == [start, start + HOUR, start + 2 * HOUR, end, end]
    assert not timing.ended(end - MINUTE)
    assert timing.ended(end)
