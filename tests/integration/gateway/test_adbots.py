"""Setting, starting and watching what was bought."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from libs.events.forwarder import CycleStarted, DeliveriesRecorded, Delivery, GroupMoved, Share
from libs.events.provisioning import AdbotExpired, SeatFilled, SeatLost, SessionStocked
from libs.events.scheduler import AdbotStarted, AdbotStopped, CycleDue, CycleSkipped, SkipReason, StopReason
from libs.events.values import (
    AdbotId,
    ApplicationId,
    ChannelPost,
    CycleId,
    Pacing,
    ResultClass,
    Seat,
    SessionId,
    SessionLoss,
)
from libs.eventsourcing.values import new_id, utc_now
from tests.integration.gateway.harness import Client, GatewayHarness
from tests.support.waiting import until

POST = "https://t.me/channel/42"


async def test_a_new_adbot_stands_with_its_seats(client: Client, harness: GatewayHarness) -> None:
    adbot = await harness.adbot(client, seats=1)
    (found,) = (await client.get("adbots"))["items"]
    assert found == await client.get(f"adbots/{adbot}")
    assert (found["id"], found["status"], found["order_number"]) == (str(adbot), "STOPPED", client.order)
    assert found["seats"] == {"filled": 1, "awaited": 1, "unreachable": 0}
    assert found["plan"]["code"] == "bronze"
    assert found["advertisement"] is None
    assert datetime.fromisoformat(found["valid_until"]) > utc_now()


async def test_what_was_written_is_read_at_once(client: Client, harness: GatewayHarness) -> None:
    adbot = await harness.adbot(client)
    wanted = {"post": POST, "groups": ["@one_group", "@two_group"]}
    answer = await client.http.put(f"adbots/{adbot}/advertisement", json=wanted)
    assert answer.status_code == 200
    advertisement = {
        "post": {"kind": "link", "channel": "@channel", "message": 42},
        "posts": [{"kind": "link", "channel": "@channel", "message": 42}],
        "order": "in_turn",
        "groups": ["@one_group", "@two_group"],
        "lists": [],
        "group_options": [],
        "options": {"author": True, "skip_newest": False, "delete_previous": False},
    }
    assert answer.json()["advertisement"] == advertisement
    assert (await client.get(f"adbots/{adbot}"))["advertisement"] == advertisement
    started = await client.http.post(f"adbots/{adbot}/start")
    assert (started.status_code, started.json()["status"]) == (200, "RUNNING")
    assert started.json()["cycles"]["next_due_at"]
    assert (await client.get(f"adbots/{adbot}"))["status"] == "RUNNING"
    stopped = await client.http.post(f"adbots/{adbot}/stop")
    assert (stopped.status_code, stopped.json()["status"]) == (200, "STOPPED")
    assert stopped.json()["stop_reason"] == "requested"
    assert stopped.json()["cycles"]["next_due_at"] is None


async def test_a_refusal_says_why(client: Client, harness: GatewayHarness) -> None:
    adbot = await harness.adbot(client)
    refused = await client.http.post(f"adbots/{adbot}/start")
    assert (refused.status_code, refused.json()["code"]) == (409, "no_post")
    assert refused.json()["detail"] == "set a post first"
    malformed = await client.http.put(
        f"adbots/{adbot}/advertisement", json={"post": "ftp://x", "groups": ["@group"]}
    )
    assert (malformed.status_code, malformed.json()["code"]) == (422, "malformed_post")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"post": POST},
        {"groups": ["@group"]},
        {"post": "another text", "posts": [POST], "groups": ["@group"]},
        {"posts": [], "groups": ["@group"]},
        {"posts": [POST] * 21, "groups": ["@group"]},
        {"post": 1, "groups": []},
        {"post": "a\u0000", "groups": ["@group"]},
        {"post": POST, "groups": ["a\u0000"]},
        {"post": "a\ud800", "groups": ["@group"]},
        {"post": POST, "groups": ["@group", "a\udfff"]},
        {"post": "a" * 4097, "groups": ["@group"]},
        {"post": POST, "groups": ["a" * 301]},
        {"post": POST, "lists": ["@group"]},
        {"post": POST, "lists": [str(new_id())] * 21},
        {"post": POST, "groups": ["@group"], "options": {"silent": True}},
        {"post": POST, "groups": ["@group"], "options": {"author": None}},
        {"post": POST, "groups": ["@group"], "group_options": [{"group": ""}]},
        {"post": POST, "groups": ["@group"], "group_options": [{"group": "@group", "every_seconds": 0}]},
        {
            "post": POST,
            "groups": ["@group"],
            "group_options": [{"group": "@group", "every_seconds": 2592001}],
        },
    ],
)
async def test_a_malformed_advertisement_is_refused(
    client: Client, harness: GatewayHarness, body: object
) -> None:
    adbot = await harness.adbot(client)
    headers = {"content-type": "application/json"}  # `json=` would not send half a surrogate pair
    url = f"adbots/{adbot}/advertisement"
    answer = await client.http.put(url, content=json.dumps(body), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_commands_are_sent_in_the_callers_name(client: Client, harness: GatewayHarness) -> None:
    adbot = await harness.adbot(client)
    answer = await client.http.post(f"adbots/{adbot}/stop")
    (said,) = await harness.scheduler.events_of(f"schedule-{adbot}")
    assert said.envelope.actor == f"account:{client.account}"
    assert str(said.envelope.correlation_id) == answer.headers["X-Correlation-Id"]


async def test_seats_come_and_go_and_plans_end(client: Client, harness: GatewayHarness) -> None:
    adbot = await harness.adbot(client, seats=1)
    lost = SeatLost(adbot=adbot, session=SessionId(new_id()), loss=SessionLoss.BANNED)
    seat = Seat(session=SessionId(new_id()), pair=ApplicationId(new_id()))
    filled = [
        SeatFilled(adbot=adbot, seat=seat, valid_from=utc_now(), valid_until=utc_now()) for _ in range(2)
    ]
    await harness.provisioning.publish(f"adbot-{adbot}", lost, *filled)
    await _until_seats(client, adbot, {"filled": 2, "awaited": 0, "unreachable": 0})
    await harness.provisioning.publish(f"adbot-{adbot}", AdbotExpired(adbot=adbot))

    async def expired() -> bool:
        return bool((await client.get(f"adbots/{adbot}"))["status"] == "EXPIRED")

    await until(expired)
    assert (await client.get("auth/me"))["plan_status"] == "EXPIRED"


async def _until_seats(client: Client, adbot: AdbotId, seats: dict[str, int]) -> None:
    async def shown() -> bool:
        return bool((await client.get(f"adbots/{adbot}"))["seats"] == seats)

    await until(shown)


async def test_an_adbot_that_stopped_by_itself_says_why(client: Client, harness: GatewayHarness) -> None:
    adbot = await harness.adbot(client)
    stopped = AdbotStopped(adbot=adbot, reason=StopReason.SOURCE_BROKEN, detail="MESSAGE_ID_INVALID")
    await harness.scheduler.publish(f"schedule-{adbot}", stopped)

    async def shown() -> bool:
        return bool((await client.get(f"adbots/{adbot}"))["stop_reason"] == "source_broken")

    await until(shown)
    assert (await client.get(f"adbots/{adbot}"))["stop_detail"] == "MESSAGE_ID_INVALID"


def came_due(client: Client, adbot: AdbotId, due_at: datetime, next_due: datetime | None) -> CycleDue:
    """Return the news of a cycle; before schema 2 it did not say when the next one comes."""
    return CycleDue(
        cycle=CycleId(new_id()),
        adbot=adbot,
        account=client.account,
        number=1,
        due_at=due_at,
        next_due=next_due,
        post=ChannelPost(channel="@channel", message=42),
        groups=("@one_group",),
        seats=(),
        pacing=Pacing(delay_seconds=0),
    )


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("next_due", "after_skip", "shown", "shown_after_skip"),
    [
        (2 * HOUR, 5 * HOUR, 2 * HOUR, 5 * HOUR),  # whatever the interval
        (None, None, HOUR, 2 * HOUR),  # of schema 1
    ],
)
async def test_the_next_cycle_comes_when_the_scheduler_says(
    client: Client,
    harness: GatewayHarness,
    next_due: timedelta | None,
    after_skip: timedelta | None,
    shown: timedelta,
    shown_after_skip: timedelta,
) -> None:
    adbot, now = await harness.adbot(client), utc_now()
    schedule = f"schedule-{adbot}"

    async def next_cycle(expected: timedelta | None, *, of_a_running_one: bool) -> None:
        wanted = None if expected is None else now + expected

        async def told() -> bool:
            state = await client.get(f"adbots/{adbot}")
            known = state["cycles"]["next_due_at"], state["next_cycle_at"]
            found = [None if at is None else datetime.fromisoformat(at) for at in known]
            return found == [wanted if of_a_running_one else None, wanted]

        await until(told)

    started = AdbotStarted(adbot=adbot, started_at=now, anchor=now + HOUR / 2, interval_seconds=3600)
    await harness.scheduler.publish(schedule, started)
    await next_cycle(HOUR / 2, of_a_running_one=True)
    due = came_due(client, adbot, now, None if next_due is None else now + next_due)
    await harness.scheduler.publish(schedule, due)
    await next_cycle(shown, of_a_running_one=True)
    skipped = CycleSkipped(
        adbot=adbot,
        due_at=now + HOUR,
        next_due=None if after_skip is None else now + after_skip,
        reason=SkipReason.OVERRUN,
    )
    await harness.scheduler.publish(schedule, skipped)
    await next_cycle(shown_after_skip, of_a_running_one=True)
    cycles = (await client.get(f"adbots/{adbot}"))["cycles"]
    assert (datetime.fromisoformat(cycles["skipped_at"]), cycles["skip_reason"]) == (now + HOUR, "overrun")
    await harness.scheduler.publish(schedule, AdbotStopped(adbot=adbot, reason=StopReason.REQUESTED))
    await next_cycle(shown, of_a_running_one=False)


async def test_a_start_at_once_is_told_by_no_time(client: Client, harness: GatewayHarness) -> None:
    adbot, then = await harness.adbot(client), utc_now() - 2 * HOUR
    schedule = f"schedule-{adbot}"
    started = AdbotStarted(adbot=adbot, started_at=then, anchor=then, interval_seconds=3600)
    due = came_due(client, adbot, then, then + HOUR)
    await harness.scheduler.publish(
        schedule, started, due, AdbotStopped(adbot=adbot, reason=StopReason.REQUESTED)
    )

    async def stopped() -> Any:  # noqa: ANN401 - JSON
        state = await client.get(f"adbots/{adbot}")
        return state if state["stop_reason"] else None

    state = await until(stopped)
    assert (state["cycles"]["last_number"], state["next_cycle_at"]) == (1, None)


async def test_the_log_and_the_figures_show_what_was_sent(client: Client, harness: GatewayHarness) -> None:
    adbot = await harness.adbot(client)
    known, unknown = SessionId(new_id()), SessionId(new_id())
    pair, cycle = ApplicationId(new_id()), CycleId(new_id())
    await harness.provisioning.publish(
        f"session-{known}", SessionStocked(session=known, telegram_user=1, phone="+49…42")
    )
    post = ChannelPost(channel="@channel", message=42)
    groups = ("@one_group", "@two_group", "@three_group", "@four_group")
    await harness.scheduler.publish(
        f"schedule-{adbot}",
        CycleDue(
            cycle=cycle,
            adbot=adbot,
            account=client.account,
            number=3,
            due_at=utc_now(),
            post=post,
            groups=groups,
            seats=(Seat(session=known, pair=pair),),
            pacing=Pacing(delay_seconds=0),
            beyond_limit=2,
        ),
        CycleSkipped(adbot=adbot, due_at=utc_now(), reason=SkipReason.OVERRUN),
    )
    results = [
        Delivery(group=groups[0], session=known, result=ResultClass.SENT, messages=(7, 8), at=utc_now()),
        Delivery(
            group=groups[1],
            session=unknown,
            result=ResultClass.RATE_LIMITED,
            error="FLOOD_WAIT_17",
            at=utc_now(),
        ),
        Delivery(group=groups[2], session=None, result=ResultClass.STOPPED, at=utc_now()),
        Delivery(group=groups[3], session=known, result=ResultClass.ALREADY_SENT, at=utc_now()),
    ]
    await harness.forwarder.publish(
        f"cycle-{cycle}",
        CycleStarted(
            cycle=cycle,
            adbot=adbot,
            post=post,
            pacing=Pacing(delay_seconds=0),
            shares=(Share(session=known, pair=pair, groups=groups),),
            started_at=utc_now(),
        ),
        DeliveriesRecorded(cycle=cycle, adbot=adbot, deliveries=tuple(results)),
    )

    async def logged() -> bool:
        return len((await client.get(f"adbots/{adbot}/logs"))["items"]) == len(groups)

    await until(logged)

    async def known_phone() -> bool:
        return bool((await client.get(f"adbots/{adbot}/logs"))["items"][0]["session"] == "+49…42")

    await until(known_phone)
    lines = (await client.get(f"adbots/{adbot}/logs"))["items"]
    assert [line["group"] for line in lines] == list(reversed(groups))
    assert [line["result"] for line in lines] == ["ALREADY_SENT", "STOPPED", "RATE_LIMITED", "SENT"]
    assert [line["session"] for line in lines] == ["+49…42", None, f"…{str(unknown)[-4:]}", "+49…42"]
    assert (lines[2]["error"], lines[3]["messages"], lines[3]["error"]) == ("FLOOD_WAIT_17", [7, 8], "")
    assert datetime.fromisoformat(lines[3]["at"]) == results[0].at
    assert [line["group"] for line in (await client.get(f"adbots/{adbot}/logs", limit=1))["items"]] == [
        groups[3]
    ]

    async def skipped() -> bool:
        return bool((await client.get(f"adbots/{adbot}/statistics"))["cycles_skipped"])

    await until(skipped)
    figures = await client.get(f"adbots/{adbot}/statistics")
    assert datetime.fromisoformat(figures.pop("last_activity")) == results[-1].at
    assert (figures.pop("seats"), figures.pop("last_failure")["error"]) == ([], "FLOOD_WAIT_17")
    assert figures == {
        "cycles": 1,
        "cycles_skipped": 1,
        "cycles_overrun": 1,
        "left_out": 0,
        "left_out_because": {},
        "flood_waits": 0,
        "posts": 3,
        "successes": 2,
        "failures": {"RATE_LIMITED": 1},
        "not_sent": 1,
    }
    cycles = (await client.get(f"adbots/{adbot}"))["cycles"]
    assert (cycles["last_number"], cycles["beyond_limit"]) == (3, 2)


async def test_an_adbot_that_did_nothing_has_figures_of_zero(client: Client, harness: GatewayHarness) -> None:
    adbot = await harness.adbot(client)
    figures = await client.get(f"adbots/{adbot}/statistics")
    assert (figures["posts"], figures["failures"], figures["last_activity"]) == (0, {}, None)
    assert (await client.get(f"adbots/{adbot}/logs"))["items"] == []


@pytest.mark.parametrize("limit", [0, 1001, "x"])
async def test_a_limit_has_limits(client: Client, harness: GatewayHarness, limit: object) -> None:
    adbot = await harness.adbot(client)
    answer = await client.http.get(f"adbots/{adbot}/logs?limit={limit}")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "query.limit")


async def test_a_client_is_told_that_a_group_has_another_name(
    client: Client, harness: GatewayHarness
) -> None:
    adbot = await harness.adbot(client)
    moved = GroupMoved(adbot=adbot, group="@old_name", chat="-1001234567890", name="@new_name", at=utc_now())
    await harness.forwarder.publish(f"access-{adbot}", moved)

    async def told() -> dict[str, Any] | None:
        items = (await client.get("notifications"))["items"]
        return next((one for one in items if one["kind"] == "group_moved"), None)

    found = await until(told)
    assert (found["group"], found["group_id"], found["group_name"]) == (
        "@old_name",
        "-1001234567890",
        "@new_name",
    )
    assert (found["mail"], found["order_number"]) == ("none", client.order)
