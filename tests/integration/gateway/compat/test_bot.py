"""Routes of the account's adbot, in which no adbot is named."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from libs.events.provisioning import AdbotExpired, AdbotSuspended
from libs.events.values import AdbotId, ResultClass
from tests.integration.gateway.compat.front_end import FrontEnd
from tests.integration.gateway.harness import Client, GatewayHarness
from tests.integration.gateway.sending import Advertised, delivery
from tests.support.waiting import until

LINK = "https://t.me/channel/42"
NO_STATS = {
    "total_posts": 0,
    "total_success": 0,
    "total_failures": 0,
    "total_flood_waits": 0,
    "total_messages_sent": 0,
    "last_activity": None,
}


async def start(front: FrontEnd) -> Any:  # noqa: ANN401 - JSON
    return await front.post("bot/start", {"post_link": LINK, "target_groups": ["@one_group"]})


async def advertised(client: Client, adbot: AdbotId) -> Any:  # noqa: ANN401 - JSON
    return (await client.get(f"adbots/{adbot}"))["advertisement"]


@pytest.mark.parametrize("path", ["bot/register-user", "register"])
async def test_registering_gives_nothing_and_may_be_repeated(
    front: FrontEnd, client: Client, harness: GatewayHarness, path: str
) -> None:
    body = {
        "email": client.email,
        "plan_type": "elite",
        "plan_limits": {"max_sessions": 15},
        "sessions_count": 15,
        "posting_interval_seconds": 1,
        "whatever": True,
    }
    before = await harness.provisioning.events_of(f"adbot-{client.account}")
    for sent in (body, body, None):
        assert await front.post(path, sent) == {"status": "registered", "user_id": str(client.account)}
    assert (await client.get("adbots"))["items"] == []
    assert await harness.provisioning.events_of(f"adbot-{client.account}") == before
    assert (await front.get("bot/state"))["plan_status"] == "NONE"


async def test_without_an_adbot_it_is_stopped_and_empty_and_nothing_can_be_changed(
    front: FrontEnd, client: Client
) -> None:
    assert await front.get("bot/state") == {
        "user_id": str(client.account),
        "bot_status": "stopped",
        "plan_status": "NONE",
        "post_content": None,
        "post_type": None,
        "groups": [],
        "assigned_sessions": [],
        "delay_between_cycles": None,
        "next_run_at": None,
        "stats": NO_STATS,
    }
    assert await front.get("bot/status") == {"bot_status": "stopped", "stats": NO_STATS}
    config: dict[str, object] = {"post_content": None, "post_type": None, "groups": []}
    assert await front.get("bot/config") == config
    assert await front.get("sync/state") == {"config": config, "stats": NO_STATS, "logs": []}
    for path, body in (
        ("start", None),
        ("stop", None),
        ("update-post", {"post_content": LINK, "post_type": "link"}),
        ("update-groups", {"groups": ["@one_group"]}),
        ("config", {"post_content": LINK}),
    ):
        assert await front.refused("POST", f"bot/{path}", json=body) == (404, "unknown_adbot")


async def test_it_is_started_with_what_is_given_and_stopped(
    front: FrontEnd, client: Client, harness: GatewayHarness
) -> None:
    adbot = await harness.adbot(client)
    assert await front.refused("POST", "bot/start") == (409, "no_post")
    assert await start(front) == {"status": "started", "bot_status": "running"}
    assert (await advertised(client, adbot))["groups"] == ["@one_group"]
    assert await front.post("bot/start") == {"status": "started", "bot_status": "running"}
    state = await front.get("bot/state")
    assert (state["bot_status"], state["plan_status"]) == ("running", "ACTIVE")
    assert datetime.fromisoformat(state["next_run_at"]).tzinfo is not None
    for _ in range(2):
        assert await front.post("bot/stop") == {"status": "stopped", "bot_status": "stopped"}
    assert (await front.get("bot/state"))["next_run_at"] is None


async def test_empty_parts_of_a_start_leave_what_is_set(
    front: FrontEnd, client: Client, harness: GatewayHarness
) -> None:
    adbot = await harness.adbot(client)
    await start(front)
    before = await advertised(client, adbot)
    await front.post("bot/start", {"post_link": "", "target_groups": []})
    assert await advertised(client, adbot) == before
    await front.post("bot/start", {"target_groups": ["@another"]})
    assert await advertised(client, adbot) == {**before, "groups": ["@another"]}


async def test_what_a_start_says_of_intervals_and_sessions_grants_nothing(
    front: FrontEnd, client: Client, harness: GatewayHarness
) -> None:
    adbot = await harness.adbot(client)
    more = {"posting_interval_seconds": 1, "sessions_count": 99, "user_id": str(uuid4())}
    await front.post("bot/start", {"post_link": LINK, "target_groups": ["@one_group"], **more})
    state = await front.get("bot/state")
    assert state["delay_between_cycles"] == 3600
    assert (await client.get(f"adbots/{adbot}"))["plan"]["sessions"] == 2


async def test_post_and_groups_are_set_one_after_the_other(
    front: FrontEnd, client: Client, harness: GatewayHarness
) -> None:
    adbot = await harness.adbot(client)
    groups = {"groups": ["t.me/One_Group", "@other_group/7", "@one_group"]}
    assert await front.refused("POST", "bot/update-groups", json=groups) == (409, "no_post")
    sent = {"post_content": "t.me/Channel/42?single", "post_type": "link"}
    assert await front.post("bot/update-post", sent) == {
        "status": "updated",
        "post_content": LINK,
        "post_type": "link",
    }
    assert await front.refused("POST", "bot/start") == (409, "no_groups")
    canonical = ["@one_group", "@other_group/7"]
    assert await front.post("bot/update-groups", groups) == {"status": "updated", "groups": canonical}
    text = {"post_content": "Two rooms, one lake.", "post_type": "text"}
    assert await front.post("bot/update-post", text) == {"status": "updated", **text}
    assert await front.get("bot/config") == {**text, "groups": canonical}
    assert (await advertised(client, adbot))["groups"] == canonical
    assert await front.refused("POST", "bot/update-groups", json={"groups": []}) == (409, "no_groups")


async def test_a_post_that_is_not_of_its_type_is_refused(
    front: FrontEnd, client: Client, harness: GatewayHarness
) -> None:
    await harness.adbot(client)
    for content, kind in ((LINK, "text"), ("Two rooms, one lake.", "link"), ("t.me/channel", "link")):
        body = {"post_content": content, "post_type": kind}
        assert await front.refused("POST", "bot/update-post", json=body) == (422, "malformed_post")
        assert await front.refused("POST", "bot/config", json=body) == (422, "malformed_post")
    assert (await front.get("bot/config"))["post_content"] is None


async def test_both_are_set_at_once_or_not_at_all(
    front: FrontEnd, client: Client, harness: GatewayHarness
) -> None:
    await harness.adbot(client)
    both = {"post_content": LINK, "post_type": "link", "groups": ["@one_group"]}
    bad = {**both, "groups": ["not a group"]}
    assert await front.refused("POST", "bot/config", json=bad) == (422, "malformed_groups")
    assert (await front.get("bot/config"))["post_content"] is None
    assert await front.post("bot/config", both) == {"status": "updated", **both}
    empty: list[dict[str, object]] = [{}, {"groups": []}, {"post_type": "link"}]
    for nothing in empty:
        assert await front.refused("POST", "bot/config", json=nothing) == (422, "invalid_request")


async def test_changes_at_the_same_time_do_not_undo_each_other(
    front: FrontEnd, client: Client, harness: GatewayHarness
) -> None:
    await harness.adbot(client)
    await start(front)
    for number in range(1, 6):
        post, groups = f"https://t.me/channel/{number}", [f"@group_{number}"]
        await asyncio.gather(
            front.post("bot/update-post", {"post_content": post, "post_type": "link"}),
            front.post("bot/update-groups", {"groups": groups}),
        )
        config = await front.get("bot/config")
        assert (config["post_content"], config["groups"]) == (post, groups)


async def test_a_link_is_validated(front: FrontEnd) -> None:
    found = await front.get("bot/validate-post", link="t.me/Channel/42")
    assert found == {"valid": True, "channel": "@channel", "message_id": 42}
    for bad in ("https://t.me/channel", "Two rooms, one lake.", ""):
        found = await front.get("bot/validate-post", link=bad)
        assert set(found) == {"valid", "error"}
        assert not found["valid"]
        assert found["error"]


async def test_figures_and_the_log_are_shown_in_their_words(
    front: FrontEnd, client: Client, harness: GatewayHarness
) -> None:
    sending = Advertised(harness, client, await harness.adbot(client, seats=2), ("@first", "@second"))
    await front.post("bot/config", {"post_content": LINK, "groups": ["@first", "@second"]})
    await sending.stock_seats()
    seat = sending.seats[0]
    await sending.send(
        delivery("@first", seat, ResultClass.SENT),
        delivery("@second", seat, ResultClass.SLOW_MODE, "SLOWMODE_WAIT_17"),
    )
    for _ in range(60):
        await sending.publish(*(delivery(group, seat, ResultClass.SENT) for group in ("@first", "@second")))
    await sending.send(delivery("@first", seat, ResultClass.SENT))
    figures = {
        "total_posts": 123,
        "total_success": 122,
        "total_failures": 1,
        "total_flood_waits": 0,
        "total_messages_sent": 122,
    }
    status = await front.get("bot/status")
    assert datetime.fromisoformat(status["stats"].pop("last_activity")).tzinfo is not None
    assert status == {"bot_status": "stopped", "stats": figures}
    assert (await front.get("bot/state"))["assigned_sessions"] == ["+49…01", "+49…02"]
    synced = await front.get("sync/state")
    assert synced["config"] == {"post_content": LINK, "post_type": "link", "groups": ["@first", "@second"]}
    assert {name: synced["stats"][name] for name in figures} == figures
    assert len(synced["logs"]) == 100
    line = synced["logs"][0]
    assert (line["group"], line["result"], line["session"]) == ("@first", "SENT", "+49…01")


async def test_the_last_adbot_is_meant_that_is_neither_expired_nor_suspended(
    front: FrontEnd, client: Client, harness: GatewayHarness
) -> None:
    first, second, third = [await harness.adbot(client) for _ in range(3)]
    await harness.provisioning.publish(f"adbot-{third}", AdbotSuspended(adbot=third, reason="spam"))
    await becomes(client, third, "SUSPENDED")
    await start(front)
    assert [(await client.get(f"adbots/{one}"))["status"] for one in (first, second)] == [
        "STOPPED",
        "RUNNING",
    ]
    await expire(harness, client, second)
    await start(front)
    assert (await client.get(f"adbots/{first}"))["status"] == "RUNNING"
    await expire(harness, client, first)
    assert (await front.get("bot/state"))["bot_status"] == "stopped", "of those that can't run, the last"
    await until(lambda: refused_with(front, "adbot_suspended"))


async def test_an_expired_adbot_is_expired(front: FrontEnd, client: Client, harness: GatewayHarness) -> None:
    await expire(harness, client, await harness.adbot(client))
    state = await front.get("bot/state")
    assert (state["bot_status"], state["plan_status"]) == ("expired", "EXPIRED")
    await until(lambda: refused_with(front, "adbot_expired"))


async def test_a_write_is_carried_out_once_under_its_key(
    front: FrontEnd, client: Client, harness: GatewayHarness
) -> None:
    adbot = await harness.adbot(client)
    body, headers = {"post_link": LINK, "target_groups": ["@one_group"]}, {"Idempotency-Key": str(uuid4())}
    first = await front.ask("POST", "bot/start", json=body, headers=headers)
    await front.post("bot/stop")
    again = await front.ask("POST", "bot/start", json=body, headers=headers)
    assert again.json() == first.json() == {"status": "started", "bot_status": "running"}
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (await client.get(f"adbots/{adbot}"))["status"] == "STOPPED"


async def refused_with(front: FrontEnd, code: str) -> bool:
    """Return whether a start is refused so: the scheduler may hear of it after the gateway."""
    answer = await front.ask("POST", "bot/start")
    return bool(answer.json().get("code") == code)


async def expire(harness: GatewayHarness, client: Client, adbot: AdbotId) -> None:
    await harness.provisioning.publish(f"adbot-{adbot}", AdbotExpired(adbot=adbot))
    await becomes(client, adbot, "EXPIRED")


async def becomes(client: Client, adbot: AdbotId, status: str) -> None:
    async def there() -> bool:
        return bool((await client.get(f"adbots/{adbot}"))["status"] == status)

    await until(there)
