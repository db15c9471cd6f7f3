"""Routes of the account, and the gateway's health."""

from unittest.mock import ANY

import httpx
import pytest

from libs.events.values import ResultClass
from tests.integration.gateway.compat.front_end import FrontEnd
from tests.integration.gateway.harness import Client, GatewayHarness
from tests.integration.gateway.sending import Advertised, delivery
from tests.support.waiting import until


async def told_of_adbots(client: Client) -> int:
    """Return how many notifications the client has of adbots that are ready."""
    return [one["kind"] for one in (await client.get("notifications"))["items"]].count("adbot_ready")


@pytest.mark.parametrize("path", ["adbots", "orders", "notifications"])
async def test_lists_are_those_of_version_1_in_pages(
    front: FrontEnd, client: Client, harness: GatewayHarness, path: str
) -> None:
    for _ in range(2):
        await harness.adbot(client)
    await until(lambda: told_of_adbots(client), lambda count: count == 2)
    shown = await front.get(f"user/{path}")
    assert shown == await client.get(path)
    if path == "adbots":
        first = await front.get("user/adbots", limit=1)
        second = await front.get("user/adbots", limit=1, cursor=first["next"])
        assert first["items"] + second["items"] == shown["items"]


async def test_the_advertisement_is_set_and_shown(
    front: FrontEnd, client: Client, harness: GatewayHarness
) -> None:
    body = {"post_link": "https://t.me/channel/42", "groups": ["@one_group"]}
    assert await front.refused("POST", "user/advertisement", json=body) == (404, "unknown_adbot")
    assert await front.get("user/advertisement") == {"post_link": None, "groups": []}
    adbot = await harness.adbot(client)
    assert await front.post("user/advertisement", body) == body
    assert await front.get("user/advertisement") == body
    assert (await client.get(f"adbots/{adbot}"))["advertisement"]["groups"] == ["@one_group"]
    changed = await front.post("user/advertisement", {"groups": ["@another"]})
    assert changed == {**body, "groups": ["@another"]}
    assert await front.refused("POST", "user/advertisement", json={}) == (422, "invalid_request")


async def test_the_figures_are_those_of_all_adbots_of_the_account_alone(
    front: FrontEnd, client: Client, harness: GatewayHarness
) -> None:
    for owner in (client, client, await harness.client()):
        sending = Advertised(harness, owner, await harness.adbot(owner, seats=2), ("@first", "@second"))
        await sending.stock_seats()
        seat = sending.seats[0]
        await sending.send(
            delivery("@first", seat, ResultClass.SENT),
            delivery("@second", seat, ResultClass.SLOW_MODE, "SLOWMODE_WAIT_17"),
            delivery("@third", seat, ResultClass.LEFT_OUT, "STILL_NEWEST"),
        )
    stats = await front.get("user/stats")
    assert stats == {
        "total_posts": 4,
        "total_success": 2,
        "total_failures": 2,
        "total_flood_waits": 0,
        "total_messages_sent": 2,
        "last_activity": ANY,
    }
    assert (await front.get("bot/status"))["stats"]["total_posts"] == 2


async def test_the_status_is_that_of_the_plan_and_the_adbot(
    front: FrontEnd, client: Client, harness: GatewayHarness
) -> None:
    nothing = {"plan_status": "NONE", "bot_status": "stopped", "valid_until": None}
    assert await front.get("user/status") == {"user_id": str(client.account), **nothing}
    adbot = await harness.adbot(client)
    assert await front.get("user/status") == {
        "user_id": str(client.account),
        "plan_status": "ACTIVE",
        "bot_status": "stopped",
        "valid_until": (await client.get(f"adbots/{adbot}"))["valid_until"],
    }


async def test_the_health_is_shown_to_anybody(http: httpx.AsyncClient) -> None:
    assert await FrontEnd(http).get("health") == {"status": "ok", "problems": {}}
