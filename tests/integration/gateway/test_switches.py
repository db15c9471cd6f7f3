"""Clients pace their adbots, and the operator pauses and blocks: the gateway with the scheduler itself."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from libs.events.values import AdbotId
from tests.integration.cli.program import adrelay
from tests.integration.gateway.harness import ADMIN_TOKEN, Client, GatewayHarness, operator
from tests.support.waiting import until

WANTED = {"post": "https://t.me/channel/42", "groups": ["@bakers/7", "@millers"]}
PACING = {
    "time_zone": "Europe/Berlin",
    "quiet_hours": {"begin": "22:00", "end": "07:30"},
    "timetable": [{"days": ["monday", "friday"], "times": ["09:00", "18:30"]}],
    "starts_at": None,
    "ends_at": "2126-12-24T10:00:00+01:00",
    "delay_seconds": 60,
    "jitter_seconds": None,
}


@pytest.fixture(scope="module")
def harness(with_scheduler: GatewayHarness) -> GatewayHarness:
    """The gateway with the scheduler itself."""
    return with_scheduler


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def owner(harness: GatewayHarness) -> Client:
    """A client with adbots."""
    return await harness.client()


@pytest_asyncio.fixture(loop_scope="session")
async def adbot(harness: GatewayHarness, owner: Client) -> AdbotId:
    """An adbot that may be started."""
    adbot = await harness.adbot(owner)
    assert (await owner.http.put(f"adbots/{adbot}/advertisement", json=WANTED)).status_code == 200
    return adbot


@pytest_asyncio.fixture(loop_scope="session")
async def admin(harness: GatewayHarness) -> AsyncIterator[httpx.AsyncClient]:
    """The operator's HTTP client."""
    async with operator(harness.http) as admin:
        yield admin


async def test_a_pacing_is_set_as_a_whole_and_shown(owner: Client, adbot: AdbotId) -> None:
    unset = (await owner.get(f"adbots/{adbot}"))["pacing"]
    assert (unset["time_zone"], unset["timetable"], unset["delay_seconds"]) == ("UTC", [], None)
    answer = await owner.http.put(f"adbots/{adbot}/pacing", json=PACING)
    assert answer.status_code == 200, answer.text
    shown = PACING | {"ends_at": "2126-12-24T09:00:00Z"}
    assert answer.json()["pacing"] == (await owner.get(f"adbots/{adbot}"))["pacing"] == shown
    started = await owner.http.post(f"adbots/{adbot}/start")
    assert started.json()["next_cycle_at"][-10:] in {"T07:00:00Z", "T08:00:00Z", "T16:30:00Z", "T17:30:00Z"}
    again = await owner.http.put(f"adbots/{adbot}/pacing", json={})
    assert again.json()["pacing"] == unset


async def test_several_posts_are_set(owner: Client, adbot: AdbotId) -> None:
    several = {"posts": ["https://t.me/channel/42", "A text"], "order": "random", "groups": ["@bakers"]}
    answer = await owner.http.put(f"adbots/{adbot}/advertisement", json=several)
    shown = answer.json()["advertisement"]
    assert [post["kind"] for post in shown["posts"]] == ["link", "text"]
    assert (shown["post"], shown["order"]) == (shown["posts"][0], "random")
    malformed = several | {"posts": ["A text", "https://t.me/channel"]}
    refused = await owner.http.put(f"adbots/{adbot}/advertisement", json=malformed)
    assert (refused.status_code, refused.json()["detail"][:8]) == (422, "post 2: ")


async def test_no_next_cycle_is_shown_that_would_be_after_the_end(owner: Client, adbot: AdbotId) -> None:
    period = {"starts_at": "2126-01-01T00:00:00Z", "ends_at": "2126-01-02T00:00:00Z"}
    await owner.http.put(f"adbots/{adbot}/pacing", json=period)
    assert (await owner.http.post(f"adbots/{adbot}/start")).json()["next_cycle_at"] == "2126-01-01T00:00:00Z"
    timetable = [{"days": ["sunday"], "times": ["09:00"]}]  # the 1st is a Tuesday
    answer = await owner.http.put(f"adbots/{adbot}/pacing", json=period | {"timetable": timetable})
    assert (answer.json()["status"], answer.json()["next_cycle_at"]) == ("RUNNING", None)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"delay_seconds": 1}, "pacing_below_limit"),
        ({"time_zone": "Mars/Phobos"}, "unknown_time_zone"),
        ({"ends_at": "2020-01-01T00:00:00Z"}, "malformed_period"),
        ({"quiet_hours": {"begin": "09:00", "end": "09:00"}}, "malformed_quiet_hours"),
        ({"timetable": [{"days": ["monday"], "times": ["09:00", "09:01"]}]}, "timetable_too_dense"),
        ({"timetable": [{"days": ["monday"], "times": ["24:00"]}]}, "invalid_request"),
        ({"timetable": [{"days": [], "times": ["09:00"]}]}, "invalid_request"),
        ({"starts_at": "2026-12-24T10:00:00"}, "invalid_request"),
        ({"ends_at": "9999-12-31T23:59:59-12:00"}, "invalid_request"),
        ({"quiet": True}, "invalid_request"),
    ],
)
async def test_a_pacing_that_is_not_possible_is_refused(
    owner: Client, adbot: AdbotId, body: dict[str, Any], code: str
) -> None:
    answer = await owner.http.put(f"adbots/{adbot}/pacing", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_the_operator_pauses_and_resumes_all(
    owner: Client, adbot: AdbotId, admin: httpx.AsyncClient
) -> None:
    paused = await admin.post("operations/pause", json={"reason": "an outage"})
    assert (paused.status_code, paused.json()["pause"]["reason"]) == (200, "an outage")
    assert (await owner.get(f"adbots/{adbot}"))["paused"]
    resumed = await admin.post("operations/resume", json={"reason": "over"})
    assert resumed.json()["pause"] is None
    assert not (await owner.get(f"adbots/{adbot}"))["paused"]


async def test_a_blocked_group_is_shown_to_clients_and_refused(
    owner: Client, adbot: AdbotId, admin: httpx.AsyncClient
) -> None:
    chat = {"chat": "https://t.me/BАKERS", "reason": "its owner asked"}  # noqa: RUF001 - a Cyrillic letter
    blocked = (await admin.post("operations/targets/block", json=chat)).json()
    assert [(one["chat"], one["reason"]) for one in blocked["blocked_targets"]] == [
        ("@bakers", chat["reason"])
    ]
    assert (await admin.get("operations")).json() == blocked
    assert (await owner.get(f"adbots/{adbot}"))["blocked_groups"] == ["@bakers/7"]
    for answer in (
        await owner.http.post(f"adbots/{adbot}/start"),
        await owner.http.put(f"adbots/{adbot}/advertisement", json=WANTED),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "blocked_targets")
        assert "@bakers/7" in answer.json()["detail"]
    unblocked = await admin.post("operations/targets/unblock", json={"chat": "bakers", "reason": "fine"})
    assert unblocked.json()["blocked_targets"] == []
    assert (await owner.get(f"adbots/{adbot}"))["blocked_groups"] == []


async def test_a_blocked_channel_stops_adbots(
    owner: Client, adbot: AdbotId, admin: httpx.AsyncClient
) -> None:
    await owner.http.put(f"adbots/{adbot}/pacing", json={"starts_at": "2126-01-01T00:00:00Z"})
    assert (await owner.http.post(f"adbots/{adbot}/start")).json()["status"] == "RUNNING"
    chat = {"chat": "@channel", "reason": "stolen pictures"}
    assert (await admin.post("operations/sources/block", json=chat)).status_code == 200

    async def stopped() -> bool:
        return bool((await owner.get(f"adbots/{adbot}"))["status"] == "STOPPED")

    await until(stopped, why="the adbot to be stopped")
    shown = await owner.get(f"adbots/{adbot}")
    assert (shown["stop_reason"], shown["stop_detail"]) == ("source_blocked", "@channel")
    assert (await owner.http.post(f"adbots/{adbot}/start")).json()["code"] == "blocked_source"
    unblocked = await admin.post("operations/sources/unblock", json=chat)
    assert unblocked.json()["blocked_sources"] == []


async def test_the_command_line_switches(harness: GatewayHarness) -> None:
    url = str(harness.http.base_url)

    async def act(*arguments: str) -> tuple[int, list[str]]:
        ran = await adrelay(url, "operations", *arguments, token=ADMIN_TOKEN)
        return ran.code, [" ".join(line.split()) for line in (ran.out or ran.err).splitlines()]

    assert await act("list") == (0, ["adbots run; nothing is blocked"])
    code, lines = await act("pause", "--reason", "an outage")
    assert (code, lines[0][:24], lines[0][-9:]) == (0, "all adbots are paused si", "an outage")
    assert (await act("resume", "--reason", "over"))[0] == 0
    for kind, chat in (("target", "https://t.me/Bakers/7"), ("source", "t.me/bakers")):
        code, lines = await act(f"block-{kind}", chat, "--reason", "asked")
        assert (code, lines[-1].split()[:2]) == (0, [kind, "@bakers"])
        assert await act(f"unblock-{kind}", chat, "--reason", "x") == (0, ["adbots run; nothing is blocked"])
    refused = (1, ["✗ malformed_target: neither @name, nor a t.me link, nor an id that begins with -100"])
    assert await act("block-target", "two words", "--reason", "x") == refused


async def test_only_the_operator_may(owner: Client, admin: httpx.AsyncClient) -> None:
    answer = await owner.http.post("admin/operations/pause", json={"reason": "x"})
    assert answer.status_code == 403
    for path in ("targets", "sources"):
        malformed = await admin.post(f"operations/{path}/block", json={"chat": "two words", "reason": "x"})
        assert (malformed.status_code, malformed.json()["code"]) == (422, f"malformed_{path[:-1]}")
