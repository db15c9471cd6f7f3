"""A front end's life through its routes alone: an order, its payment, the code, a running adbot, its log."""

import re
from typing import Any
from uuid import uuid4

import httpx

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from libs.events.forwarder import CycleStarted, DeliveriesRecorded, Share
from libs.events.values import AdbotId, CycleId, Pacing, ResultClass, SessionId
from libs.eventsourcing.values import new_id, utc_now
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.gateway.compat.front_end import FrontEnd
from tests.integration.gateway.sending import PAIR, POST, delivery
from tests.integration.gateway.shop import ADMIN_TOKEN, Shop, open_shop
from tests.support.waiting import until

LINK, GROUPS = "https://t.me/channel/42", ["@first", "@second"]


async def test_a_front_end_sells_starts_watches_and_stops_an_adbot(
    postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats
) -> None:
    async with (
        open_shop(postgres_server, nats_server, ipn_path="/api/payment/webhook") as shop,
        httpx.AsyncClient(base_url=shop.url, timeout=DEADLINE_SECONDS) as http,
    ):
        await shop.stock(2)
        await shop.check_out()  # once this is sold, there is stock
        email = f"{uuid4().hex}@example.com"
        await paid(FrontEnd(http), shop, email)
        front = await signed_in(http, email)
        await started(front)
        await watched(front, shop)
        assert await front.post("bot/stop") == {"status": "stopped", "bot_status": "stopped"}


async def paid(front: FrontEnd, shop: Shop, email: str) -> None:
    """Order a plan, pay for it at the provider's sandbox, and poll until it is paid."""
    body = {"email": email, "planName": "Bronze", "planType": "starter", "amount": 30, "currency": "btc"}
    order = await front.post("payment/create", body, status=201)
    assert order["payAddress"]
    assert re.fullmatch(r"0\.[0-9]+|[1-9][0-9.]*", order["payAmount"])
    assert (await front.get("payment/status", paymentId=order["paymentId"]))["status"] == "pending"
    await shop.payments.pay(await shop.payment(order["orderId"]))

    async def arrived() -> bool:
        found = await front.get("payment/status", paymentId=order["paymentId"])
        return bool(found["status"] == "paid")

    await until(arrived)


async def signed_in(http: httpx.AsyncClient, email: str) -> FrontEnd:
    """Let the operator hand out an access code, and sign in with it."""
    operators = FrontEnd.bearing(http, ADMIN_TOKEN)

    async def opened() -> Any:  # noqa: ANN401 - JSON
        return (await operators.get("admin/users", text=email))["items"]

    [user] = await until(opened)  # it is opened behind the order
    code = (await operators.post(f"admin/users/{user['id']}/reset-code"))["access_code"]
    found = await FrontEnd(http).post("auth/verify-access-code", {"accessCode": code})
    front = FrontEnd.bearing(http, found["token"])
    registered = await front.post("bot/register-user", {"email": email, "plan_type": "starter"})
    assert registered == {"status": "registered", "user_id": found["user"]["id"]}
    return front


async def started(front: FrontEnd) -> None:
    """Set the post and the groups once the adbot is there, and start it."""

    async def seated() -> bool:
        state = await front.get("bot/state")
        return bool(state["plan_status"] == "ACTIVE" and state["assigned_sessions"])

    await until(seated)
    assert (await front.get("bot/validate-post", link=LINK))["valid"]
    await front.post("bot/update-post", {"post_content": LINK, "post_type": "link"})
    await front.post("bot/update-groups", {"groups": GROUPS})
    assert await front.post("bot/start") == {"status": "started", "bot_status": "running"}
    assert (await front.get("bot/state"))["next_run_at"] is not None


async def watched(front: FrontEnd, shop: Shop) -> None:
    """Read the log and the figures of a cycle, which the forwarder's fake publishes."""
    [adbot] = (await front.get("user/adbots"))["items"]
    seat, cycle, of = SessionId(new_id()), CycleId(new_id()), AdbotId(adbot["id"])
    started = CycleStarted(
        cycle=cycle,
        adbot=of,
        post=POST,
        pacing=Pacing(delay_seconds=0),
        shares=(Share(session=seat, pair=PAIR, groups=tuple(GROUPS)),),
        started_at=utc_now(),
    )
    lines = tuple(delivery(group, seat, ResultClass.SENT) for group in GROUPS)
    recorded = DeliveriesRecorded(cycle=cycle, adbot=of, deliveries=lines)
    await shop.forwarder.publish(f"cycle-{cycle}", started, recorded)

    async def logged() -> Any:  # noqa: ANN401 - JSON
        return (await front.get("sync/state"))["logs"]

    log = await until(logged)
    assert {(line["group"], line["result"]) for line in log} == {(group, "SENT") for group in GROUPS}
    assert (await front.get(f"adbots/{of}/logs"))["logs"] == log
    status = await front.get("bot/status")
    assert (status["bot_status"], status["stats"]["total_success"]) == ("running", 2)
    assert (await front.get("user/stats"))["total_messages_sent"] == 2
