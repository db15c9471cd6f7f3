"""When an adbot's next cycle is said to come."""

from datetime import UTC, datetime, timedelta

import pytest

from services.gateway.tables.adbot_states import next_due

ANCHOR = datetime(2030, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "last", "expected"),
    [
        (-5, None, 0),
        (0, None, 0),
        (0, 0, 60),
        (1, 0, 60),
        (60, 0, 60),
        (61, 60, 120),
        (3600, 60, 3600),
        (70, 65, 125),
        (3600, 65, 3605),
        (-30, -40, 0),
    ],
)
def test_the_next_cycle_keeps_to_the_cadence(now: int, last: int | None, expected: int) -> None:
    came = None if last is None else ANCHOR + timedelta(seconds=last)
    assert next_due(ANCHOR, 60, came, ANCHOR + timedelta(seconds=now)) == ANCHOR + timedelta(seconds=expected)
