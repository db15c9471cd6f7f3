"""What was sent by hour and day: of an adbot, of all adbots, and what is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from libs.events.values import ResultClass
from libs.eventsourcing.values import utc_now
from tests.integration.gateway.harness import Client, GatewayHarness
from tests.integration.gateway.sending import advertised, delivery

SENT, DENIED = ResultClass.SENT, ResultClass.TARGET_DENIED
FIELDS = ("sent", "failed", "left_out", "cycles")
NOTHING = (0, 0, 0, 0)


def hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


async def counts(http: httpx.AsyncClient, path: str, **parameters: object) -> dict[datetime, tuple[int, ...]]:
    """Return the figures of each period by its start: another may begin while a test runs."""
    answer = await http.get(f"{path}/periods", params={k: str(v) for k, v in parameters.items()})
    assert answer.status_code == 200, answer.text
    return {
        datetime.fromisoformat(one["start"]): tuple(one[field] for field in FIELDS)
        for one in answer.json()["periods"]
    }


async def sums(http: httpx.AsyncClient, path: str, **parameters: object) -> tuple[int, ...]:
    """Return the figures of some periods together."""
    found = (await counts(http, path, **parameters)).values()
    return tuple(map(sum, zip(*found, strict=True)))


async def test_results_and_cycles_are_counted_by_hour_and_hours_without_any_are_zeros(
    client: Client, harness: GatewayHarness
) -> None:
    ad, now = await advertised(harness, client, "@alpha"), utc_now()
    earlier = now - timedelta(hours=2)
    await ad.send(
        delivery("@alpha", ad.seats[0], SENT, at=earlier),
        delivery("@bravo", ad.seats[0], ResultClass.ALREADY_SENT, at=earlier),
        delivery("@charlie", ad.seats[0], DENIED, "USER_BANNED_IN_CHANNEL", at=earlier),
        delivery("@delta", None, ResultClass.LEFT_OUT, "DAILY_BUDGET", at=earlier),
        delivery("@echo", None, ResultClass.STOPPED, at=earlier),
        delivery("@foxtrot", ad.seats[0], ResultClass.UNREADABLE, at=now),
        at=earlier,
    )
    await ad.send(delivery("@alpha", ad.seats[0], SENT, at=now), at=now)
    path = f"{ad.path}/statistics"
    hours = await counts(client.http, path, last=5)
    assert {start: of for start, of in hours.items() if of != NOTHING} == {
        hour_of(earlier): (2, 1, 1, 1),
        hour_of(now): (1, 1, 0, 1),
    }
    assert hours[hour_of(now) - timedelta(hours=1)] == NOTHING
    found = await client.get(f"{path}/periods")
    assert (found["by"], found["time_zone"], len(found["periods"])) == ("hour", "UTC", 24)
    last = found["periods"][-1]
    start = datetime.fromisoformat(last["start"])
    assert start in {hour_of(now), hour_of(utc_now())}
    assert datetime.fromisoformat(last["end"]) == start + timedelta(hours=1)


async def test_days_are_those_of_the_callers_time_zone(client: Client, harness: GatewayHarness) -> None:
    ad, today = await advertised(harness, client, "@alpha"), utc_now().date()
    late = datetime(today.year, today.month, today.day, 13, 30, tzinfo=UTC) - timedelta(days=2)
    await ad.send(delivery("@alpha", None, SENT, at=late), at=late)
    path = f"{ad.path}/statistics"

    async def day_of(zone: str) -> Any:  # noqa: ANN401 - JSON
        found = (await client.http.get(f"{path}/periods", params={"by": "day", "time_zone": zone})).json()[
            "periods"
        ]
        assert len(found) == 14
        [one] = [one for one in found if any(one[field] for field in FIELDS)]
        assert (one["sent"], one["cycles"]) == (1, 1)
        return datetime.fromisoformat(one["start"])

    assert await day_of("UTC") == late.replace(hour=0, minute=0)
    assert await day_of("Pacific/Kiritimati") == late.replace(hour=10, minute=0), "it is the next day there"


async def test_an_operator_sees_those_of_any_adbot_and_of_all_together(
    client: Client, harness: GatewayHarness, admin: httpx.AsyncClient
) -> None:
    before = await sums(admin, "statistics", by="day", last=14)
    one, other = await advertised(harness, client, "@alpha"), await harness.client()
    two = await advertised(harness, other, "@alpha")
    for ad in (one, two):
        await ad.send(delivery("@alpha", None, SENT), delivery("@bravo", None, DENIED, "X"))
    after = await sums(admin, "statistics", by="day", last=14)
    assert [late - early for early, late in zip(before, after, strict=True)] == [2, 2, 0, 2]
    assert await sums(admin, f"adbots/{one.adbot}/statistics", last=2) == (1, 1, 0, 1)
    refused = await client.http.get(f"{two.path}/statistics/periods")
    assert (refused.status_code, refused.json()["code"]) == (404, "unknown_adbot")


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"by": "day", "last": "32"}, "invalid_request"),
        ({"by": "hour", "last": "49"}, "invalid_request"),
        ({"last": "0"}, "invalid_request"),
        ({"by": "week"}, "invalid_request"),
        ({"time_zone": "Mars/Olympus"}, "unknown_time_zone"),
        ({"time_zone": "../../etc/passwd"}, "unknown_time_zone"),
        ({"time_zone": "Europe"}, "unknown_time_zone"),
    ],
)
async def test_what_can_not_be_shown_is_refused(
    client: Client, harness: GatewayHarness, parameters: dict[str, str], code: str
) -> None:
    adbot = await harness.adbot(client)
    answer = await client.http.get(f"adbots/{adbot}/statistics/periods", params=parameters)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert "input" not in answer.text
