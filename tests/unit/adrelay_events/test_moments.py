"""Instants and durations, as operators type and read them."""

from datetime import UTC, datetime, timedelta

import pytest

from adrelay.terminal.moments import clock, duration, past_moment
from adrelay.terminal.outcome import Unusable
from libs.eventsourcing.values import utc_now


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
        ("2026-01-02T03:04:05.6", datetime(2026, 1, 2, 3, 4, 5, 600_000, tzinfo=UTC)),
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05+02:00", datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)),
    ],
)
def test_an_instant_without_an_offset_is_in_utc(text: str, moment: datetime) -> None:
    assert past_moment(text) == moment


def test_an_instant_may_be_given_as_an_age() -> None:
    for text, seconds in (("30s", 30), ("10m", 600), ("1.5h", 5400), ("2d", 172_800)):
        ago = timedelta(seconds=seconds)
        before = utc_now()
        moment = past_moment(text)
        assert before - ago <= moment <= utc_now() - ago


@pytest.mark.parametrize("text", ["", "soon", "10", "-5m", "5y", "999999999d", "2026-13-01", "2999-01-01"])
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(Unusable):
        past_moment(text)


def test_a_duration_is_shown_in_one_or_two_units() -> None:
    shown = [duration(seconds) for seconds in (0.0123, 3.21, 250, 12_000, 1_051_200)]
    assert shown == ["12 ms", "3.2 s", "4 min 10 s", "3 h 20 min", "12 d 4 h"]


def test_times_are_shown_in_utc() -> None:
    assert clock(datetime.fromisoformat("2026-01-02T03:04:05.678+02:00")) == "2026-01-02 01:04:05.678"
