"""How long cycles take, and what clients are told of cycles that take longer than the interval."""

from uuid import uuid4

import pytest

from services.gateway.tables.overruns import Overrunning, cycle_seconds, in_words, overrun_of, warning_of


def test_the_seat_with_the_most_groups_says_how_long_a_cycle_takes() -> None:
    assert cycle_seconds(100, 3, 10.0) == 340
    assert cycle_seconds(0, 3, 10.0) == 0
    assert cycle_seconds(100, 0, 10.0) is None


def test_a_cycle_that_takes_longer_than_the_interval_is_warned_of() -> None:
    assert warning_of(500, 1, 11.5, 3600) == (
        "a cycle takes longer than the interval: 500 groups with 1 seat, a send each 11.5 s, "
        "need 1 hour 35 minutes, the interval is 1 hour; cycles that come due meanwhile are skipped; "
        "use more seats, fewer groups, or a longer interval"
    )
    assert warning_of(300, 1, 12.0, 3600) is None
    assert warning_of(500, 0, 11.5, 3600) is None


def test_the_owner_is_told_the_figures() -> None:
    one = Overrunning(
        adbot=uuid4(),
        account=uuid4(),
        order_number="HQADZ-1",
        overruns=4,
        interval_seconds=600,
        groups=61,
        seats=1,
        cycle_seconds=610,
        settings_at=None,
    )
    assert overrun_of(one) == (
        "cycles of the adbot of order HQADZ-1 take longer than its interval of 10 minutes: 61 groups with "
        "1 seat need 10 minutes 10 seconds or more; use more seats, fewer groups, or a longer interval"
    )
    unknown = one.model_copy(update={"groups": None, "seats": None, "cycle_seconds": None})
    assert "interval of 10 minutes; use more seats" in overrun_of(unknown)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (61, "1 minute 1 second"),
        (3600, "1 hour"),
        (3605, "1 hour"),
        (90_000, "1 day 1 hour"),
    ],
)
def test_durations_are_in_words(seconds: int, words: str) -> None:
    assert in_words(seconds) == words
