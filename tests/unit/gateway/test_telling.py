"""When owners are warned of an end, which groups count as dead, and what notifications say."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from libs.events.forwarder import Delivery
from libs.events.scheduler import StopReason
from libs.events.values import Party, ResultClass, SessionLoss
from services.gateway.inbox import wording
from services.gateway.tables.dead_groups import REFUSALS, is_dead
from services.gateway.tables.expiring import days_left, warnings

NOON = datetime(2030, 3, 4, 12, 0, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LONGEST_DETAIL = 500
"""The limit of the event."""


def test_the_first_warning_is_three_days_before_the_end_and_the_second_one_day() -> None:
    end = NOON + 30 * DAY
    assert warnings(end, NOON) == [(end - 3 * DAY, 3), (end - DAY, 1)]


def test_of_an_end_that_is_set_shortly_before_nobody_is_warned_earlier() -> None:
    assert warnings(NOON + 2 * DAY, NOON) == [(NOON + DAY, 1)]
    assert warnings(NOON + HOUR, NOON) == []


@pytest.mark.parametrize(
    ("left", "days"), [(3 * DAY, 3), (2 * DAY, 3), (DAY, 1), (HOUR, 1), (timedelta(0), None), (-HOUR, None)]
)
def test_a_late_warning_is_about_what_is_left_and_none_after_the_end(
    left: timedelta, days: int | None
) -> None:
    assert days_left(NOON, NOON - left) == days


def delivery(result: ResultClass, party: Party | None) -> Delivery:
    return Delivery(group="@group", session=None, result=result, party=party, at=NOON)


def test_a_group_is_dead_by_a_final_refusal_that_is_about_it() -> None:
    dead = {
        (result, party)
        for result, party in product(ResultClass, (*Party, None))
        if is_dead(delivery(result, party))
    }
    assert dead == set(product(REFUSALS, (Party.TARGET, Party.SEAT_AT_TARGET, None)))
    assert not REFUSALS & {ResultClass.SENT, ResultClass.LEFT_OUT, ResultClass.STOPPED, ResultClass.TRANSIENT}


def test_every_stop_is_told_but_those_that_have_a_notification_of_their_own() -> None:
    silent = {StopReason.REQUESTED, StopReason.EXPIRED, StopReason.SUSPENDED}
    assert {reason for reason in StopReason if not wording.has_notification(reason)} == silent


def test_no_text_is_longer_than_an_event_may_hold() -> None:
    longest = [f"+{'x' * 64}/{10**10 - number}" for number in range(1, 11)]
    texts = [
        wording.ready(1, 15),
        wording.ready(3, 3),
        wording.ready(1, None),
        wording.waiting(15),
        wording.expiring(3),
        wording.extended(3660, NOON),
        wording.extended(1, None),
        wording.dead(longest, 9990),
        wording.replaced(None),
        wording.SUSPENDED,
        wording.RESTORED,
        wording.EXPIRED,
        *(wording.lost(loss) for loss in SessionLoss),
        *(wording.replaced(loss) for loss in SessionLoss),
        *(wording.stopped(reason) for reason in StopReason if wording.has_notification(reason)),
    ]
    assert max(map(len, texts)) <= LONGEST_DETAIL
    assert all(text.endswith(".") and ".." not in text for text in texts)


def test_dead_groups_are_counted_and_the_first_ones_named() -> None:
    assert "may post in 1 group, or they are gone: @a. They" in wording.dead(["@a"], 0)
    assert "in 12 groups, or they are gone: @a, @b, @c and 9 more. They" in wording.dead(
        ["@a", "@b", "@c", "@d"], 8
    )
