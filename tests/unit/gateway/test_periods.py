"""The beginnings of hours and days of a time zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from services.gateway.tables.periods import Span, edges

HALF_PAST_TWO = datetime(2026, 11, 29, 14, 30, 30, tzinfo=UTC)
BERLIN, KOLKATA = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata")


def test_hours_are_whole_ones_in_utc_whatever_the_zone() -> None:
    hours = edges(Span.HOUR, KOLKATA, 3, HALF_PAST_TWO)
    assert [at.hour for at in hours] == [12, 13, 14, 15]
    assert {at.minute for at in hours} == {0}


def test_days_begin_at_the_zones_midnight_also_when_its_clocks_are_changed() -> None:
    days = edges(Span.DAY, BERLIN, 3, datetime(2026, 10, 25, 23, 0, tzinfo=UTC))
    assert [at.isoformat() for at in days] == [
        "2026-10-23T22:00:00+00:00",
        "2026-10-24T22:00:00+00:00",
        "2026-10-25T23:00:00+00:00",
        "2026-10-26T23:00:00+00:00",
    ]
    assert days[2] - days[1] == timedelta(hours=25)


def test_a_day_whose_midnight_does_not_exist_begins_with_its_first_moment() -> None:
    days = edges(Span.DAY, ZoneInfo("America/Santiago"), 1, datetime(2026, 9, 6, 12, 0, tzinfo=UTC))
    assert [at.isoformat() for at in days] == ["2026-09-06T04:00:00+00:00", "2026-09-07T03:00:00+00:00"]
