"""What the operator is told of sales, accounts, seats and orders."""

from datetime import timedelta
from typing import Any

import httpx

from libs.events.billing import PaymentOverpaid
from libs.events.forwarder import SeatRested
from libs.events.provisioning import SeatFilled, SeatLost, SessionLost
from libs.events.values import ApplicationId, ResultClass, Seat, SessionId, SessionLoss
from libs.eventsourcing.values import new_id, utc_now
from tests.integration.cli.program import adrelay
from tests.integration.gateway.fake_handlers import AMOUNT
from tests.integration.gateway.harness import ADMIN_TOKEN, Client, GatewayHarness, operator
from tests.integration.gateway.healthy_services import answering
from tests.support.waiting import until

BODY = {"email": "anna@example.com", "plan": "bronze", "pay_currency": "BTC"}


async def notices(admin: httpx.AsyncClient, kind: str, **parameters: str) -> list[dict[str, Any]]:
    """Return the open notices of a kind."""
    answer = await admin.get("notices", params={"limit": "1000", **parameters})
    assert answer.status_code == 200, answer.text
    return [one for one in answer.json()["items"] if one["kind"] == kind]


async def test_refused_sales_are_told_once_an_hour_and_an_account_that_is_limited_once_a_day(
    harness: GatewayHarness, admin: httpx.AsyncClient
) -> None:
    harness.fake_billing.no_sale = "insufficient_stock"
    try:
        for _ in range(3):
            answer = await harness.http.post("/api/v1/checkout", json=BODY)
            assert (answer.status_code, answer.json()["code"]) == (409, "insufficient_stock")
    finally:
        harness.fake_billing.no_sale = None
    (refused,) = await notices(admin, "sale_refused")
    assert "1 checkout refused, the last of bronze" in refused["detail"]

    session = SessionId(new_id())

    def rested(result: ResultClass, error: str) -> SeatRested:
        later = utc_now() + timedelta(days=1)
        return SeatRested(session=session, until=later, result=result, error=error)

    await harness.forwarder.publish(
        f"client-{session}",
        rested(ResultClass.RATE_LIMITED, "FLOOD_WAIT_17"),
        rested(ResultClass.ACCOUNT_LIMITED, "PEER_FLOOD"),
        rested(ResultClass.ACCOUNT_LIMITED, "PEER_FLOOD"),
    )

    async def limited() -> list[dict[str, Any]]:
        return [one for one in await notices(admin, "account_limited") if one["subject"] == str(session)]

    (one,) = await until(limited)
    assert "PEER_FLOOD" in one["detail"]
    url = str(harness.http.base_url)
    listed = await adrelay(url, "operations", "notices", token=ADMIN_TOKEN)
    assert (listed.code, listed.err) == (0, "")
    assert "open  a sale was refused for lack of stock\n  1 checkout refused" in listed.out
    seen = await adrelay(url, "operations", "acknowledge", one["id"], token=ADMIN_TOKEN)
    assert "acknowledged  an account is limited\n" in seen.out
    left = await adrelay(url, "operations", "notices", "--json", token=ADMIN_TOKEN)
    assert one["id"] not in {found["id"] for found in left.document}
    unknown = await adrelay(url, "operations", "acknowledge", str(new_id()), token=ADMIN_TOKEN)
    assert (unknown.code, unknown.err) == (1, "✗ unknown_notice: there is no such notice\n")


async def test_seats_orders_and_losses_are_told_as_long_as_they_need_the_operator(
    client: Client, harness: GatewayHarness
) -> None:
    adbot, now = await harness.adbot(client), utc_now()
    dust = PaymentOverpaid(order=client.order, paid=AMOUNT * 1000, excess=AMOUNT, coin="BTC")
    lost = [SessionId(new_id()) for _ in range(5)]
    settings = {"notice_check_seconds": 0.1, "low_stock_sessions": 0}
    others = ("billing", "provisioning", "scheduler", "forwarder")
    async with (
        answering(harness.nats.url, harness.prefix, others),
        harness.gateway(**settings) as http,
        operator(http) as admin,
    ):
        await harness.provisioning.publish(
            f"adbot-{adbot}", SeatLost(adbot=adbot, session=lost[0], loss=SessionLoss.BANNED)
        )
        await harness.billing.publish(f"order-{client.order}", dust)
        for session in lost:
            gone = SessionLost(session=session, adbot=None, loss=SessionLoss.BANNED, error="USER_DEACTIVATED")
            await harness.provisioning.publish(f"session-{session}", gone)

        async def awaited() -> list[dict[str, Any]]:
            return [one for one in await notices(admin, "seats_awaited") if one["subject"] == str(adbot)]

        async def orders() -> list[dict[str, Any]]:
            found = await notices(admin, "order_needs_person")
            return [one for one in found if one["subject"].startswith(client.order)]

        (waiting,) = await until(awaited)
        assert "waits for 1 session" in waiting["detail"]
        assert await until(lambda: notices(admin, "sessions_lost"))
        assert await orders() == []  # a thousandth
        excess = PaymentOverpaid(order=client.order, paid=AMOUNT * 2, excess=AMOUNT, coin="BTC")
        await harness.billing.publish(f"order-{client.order}", excess)
        (one,) = await until(orders)
        assert one["subject"] == f"{client.order} overpaid"
        seat = Seat(session=SessionId(new_id()), pair=ApplicationId(new_id()))
        filled = SeatFilled(adbot=adbot, seat=seat, valid_from=now, valid_until=now + timedelta(days=30))
        await harness.provisioning.publish(f"adbot-{adbot}", filled)
        answer = await admin.post(f"orders/{client.order}/review", json={"reason": "seen to"})
        assert answer.status_code == 200, answer.text
        await until(awaited, lambda found: not found)
        await until(orders, lambda found: not found)
        over = [one for one in await notices(admin, "seats_awaited", all="true") if one["cleared_at"]]
        assert str(adbot) in {one["subject"] for one in over}
