"""When a message of a webhook is sent again."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.hooks.retrying import (
    GIVE_UP_AFTER,
    LONGEST_FAILING,
    LONGEST_RETRY_AFTER,
    MOST_GIVEN_UP,
    PAUSES,
    next_attempt,
    reason_to_switch_off,
    retry_after_of,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
END = NOON + GIVE_UP_AFTER


def attempts(draw: float) -> list[datetime]:
    """Return when a message is sent that is never taken, each attempt without delay."""
    at: datetime | None = NOON
    found: list[datetime] = []
    while at is not None:
        found.append(at)
        at = next_attempt(len(found), at, END, None, draw)
    return found


@given(st.floats(-1, 1))
def test_a_message_is_sent_nine_times_within_a_day(draw: float) -> None:
    found = attempts(draw)
    assert len(found) == len(PAUSES) + 1
    assert timedelta(hours=20) < found[-1] - NOON <= GIVE_UP_AFTER


def test_the_pauses_grow() -> None:
    found = attempts(0)
    assert [later - earlier for earlier, later in pairwise(found)] == list(PAUSES)


def test_nothing_is_sent_after_a_day() -> None:
    assert next_attempt(1, END, END, None, 0) is None
    assert next_attempt(2, END - timedelta(seconds=30), END, None, 0) == END


@pytest.mark.parametrize(
    ("asked", "pause"),
    [
        (timedelta(0), PAUSES[0]),
        (timedelta(minutes=7), timedelta(minutes=7)),
        (timedelta(days=3), LONGEST_RETRY_AFTER),
    ],
)
def test_a_receiver_may_ask_for_a_longer_pause_within_a_limit(asked: timedelta, pause: timedelta) -> None:
    assert next_attempt(1, NOON, END, asked, 0) == NOON + pause


def test_a_pause_that_ends_after_the_day_gives_the_message_up() -> None:
    assert next_attempt(1, END - timedelta(hours=1), END, timedelta(hours=2), 0) is None


@pytest.mark.parametrize(
    ("header", "pause"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("²", None),
        ("120", timedelta(minutes=2)),
        (" 5 ", timedelta(seconds=5)),
        ("9" * 5000, timedelta(seconds=9_999_999)),
        ("Sun, 01 Mar 2026 12:10:00 GMT", timedelta(minutes=10)),
        ("Sun, 01 Mar 2026 12:10:00 -0000", timedelta(minutes=10)),
        ("Sun, 01 Mar 2026 11:00:00 GMT", timedelta(0)),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str | None, pause: timedelta | None) -> None:
    assert retry_after_of(header, NOON) == pause


@given(st.text(max_size=100))
def test_any_retry_after_can_be_read(header: str) -> None:
    found = retry_after_of(header, NOON)
    assert found is None or found >= timedelta(0)


def test_a_webhook_is_switched_off_after_many_messages_or_days() -> None:
    assert reason_to_switch_off(MOST_GIVEN_UP - 1, NOON, NOON + timedelta(days=2)) is None
    assert reason_to_switch_off(MOST_GIVEN_UP, NOON, NOON) is not None
    assert reason_to_switch_off(0, NOON, NOON + LONGEST_FAILING) is not None
