"""Buying an adbot's plan again, and what the operator does with adbots."""

from datetime import datetime, timedelta

import httpx
import pytest

from libs.events.provisioning import AdbotExpired, AdbotExtended, AdbotSuspended, SeatsReleased
from libs.events.scheduler import AdbotStarted
from libs.events.values import AdbotId
from libs.eventsourcing.values import new_id, utc_now
from tests.integration.gateway import fake_services
from tests.integration.gateway.fake_handlers import ADDRESS
from tests.integration.gateway.fake_services import BRONZE
from tests.integration.gateway.harness import Client, GatewayHarness
from tests.support.waiting import until

RENEWAL = {"pay_currency": "btc"}


async def reaches(client: Client, adbot: AdbotId, status: str) -> dict[str, object]:
    async def shown() -> dict[str, object]:
        return dict(await client.get(f"adbots/{adbot}"))

    return await until(shown, lambda found: found["status"] == status)


async def test_a_renewal_is_an_order_for_the_adbot(client: Client, harness: GatewayHarness) -> None:
    adbot = await harness.adbot(client)
    answer = await client.http.post(f"adbots/{adbot}/renewal", json=RENEWAL)
    assert answer.status_code == 201, answer.text
    order = answer.json()
    assert (order["pay_address"], order["pay_currency"], order["checkout_token"]) == (ADDRESS, "BTC", None)
    assert order["qr_svg"].startswith("data:image/svg+xml")
    (placed, _) = await harness.billing.events_of(f"order-{order['order_number']}")
    assert f'"renews": "{adbot}"' in placed.envelope.data
    assert placed.envelope.actor == f"account:{client.account}"
    lines = {line["order_number"]: line for line in (await client.get("orders"))["items"]}
    assert lines[order["order_number"]]["renews"] == str(adbot)
    assert lines[client.order]["renews"] is None


async def test_a_renewal_and_a_checkout_are_different_orders_and_each_is_reused(
    client: Client, harness: GatewayHarness
) -> None:
    first, second = await harness.adbot(client), await harness.adbot(client)
    body = {"email": client.email, "plan": "bronze", "pay_currency": "BTC"}

    async def orders() -> list[str]:
        answers = [
            await client.http.post(f"adbots/{adbot}/renewal", json=RENEWAL) for adbot in (first, second)
        ]
        answers.append(await client.http.post("checkout", json=body))
        return [answer.json()["order_number"] for answer in answers]

    before = await orders()
    assert len(set(before)) == 3
    assert before[-1] == client.order
    assert await orders() == before


async def test_an_adbot_of_somebody_else_is_not_renewed(client: Client, harness: GatewayHarness) -> None:
    other = await harness.adbot(await harness.client())
    for adbot in (other, new_id()):
        answer = await client.http.post(f"adbots/{adbot}/renewal", json=RENEWAL)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_adbot")
    assert (await harness.http.post(f"/api/v1/adbots/{other}/renewal", json=RENEWAL)).status_code == 401


@pytest.mark.parametrize("terms", [{"sessions": BRONZE.sessions - 1}, {"max_groups": 5}, {"max_posts": 2}])
async def test_a_plan_that_is_another_one_by_now_is_not_sold_to_an_adbot(
    admin: httpx.AsyncClient, client: Client, harness: GatewayHarness, terms: dict[str, int]
) -> None:
    adbot = await harness.adbot(client)
    other = BRONZE.model_copy(update=terms)
    before = len(harness.fake_billing.placed)
    try:
        await admin.post("plans", json=other.model_dump(mode="json"))
        answer = await client.http.post(f"adbots/{adbot}/renewal", json=RENEWAL)
    finally:
        await fake_services.list_bronze(harness.billing)
        await until(lambda: _sold(admin))
    assert (answer.status_code, answer.json()["code"]) == (409, "another_plan")
    assert len(harness.fake_billing.placed) == before


async def _sold(admin: httpx.AsyncClient) -> bool:
    plans = {plan["code"]: plan for plan in (await admin.get("plans")).json()["items"]}
    return all(
        plans["bronze"][term] == getattr(BRONZE, term) for term in ("sessions", "max_groups", "max_posts")
    )


@pytest.mark.parametrize("body", [{}, {"pay_currency": "B T C"}, {"pay_currency": "BTC", "plan": "gold"}])
async def test_a_malformed_renewal_is_refused(
    client: Client, harness: GatewayHarness, body: dict[str, str]
) -> None:
    adbot = await harness.adbot(client)
    answer = await client.http.post(f"adbots/{adbot}/renewal", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_an_expired_adbot_can_be_renewed_and_shows_its_new_end(
    client: Client, harness: GatewayHarness
) -> None:
    adbot = await harness.adbot(client, seats=2)
    await harness.provisioning.publish(
        f"adbot-{adbot}", AdbotExpired(adbot=adbot), SeatsReleased(adbot=adbot)
    )
    await reaches(client, adbot, "EXPIRED")

    async def released() -> bool:
        seats = (await client.get(f"adbots/{adbot}"))["seats"]
        return bool(seats == {"filled": 0, "awaited": 2, "unreachable": 0})

    await until(released)
    order = (await client.http.post(f"adbots/{adbot}/renewal", json=RENEWAL)).json()["order_number"]
    end = utc_now() + timedelta(days=30)
    extended = AdbotExtended(
        adbot=adbot,
        account=client.account,
        order=order,
        days=30,
        reason="renewed",
        valid_from=utc_now(),
        valid_until=end,
    )
    await harness.provisioning.publish(f"adbot-{adbot}", extended)
    found = await reaches(client, adbot, "STOPPED")
    assert datetime.fromisoformat(str(found["valid_until"])) == end


SHOWN_OF_CYCLES = (
    "last_number",
    "last_due_at",
    "beyond_limit",
    "next_due_at",
    "skipped_at",
    "skip_reason",
    "running",
)


async def test_a_suspended_adbot_is_shown_as_such_and_not_renewed(
    client: Client, harness: GatewayHarness
) -> None:
    adbot = await harness.adbot(client)
    now = utc_now()
    started = AdbotStarted(adbot=adbot, started_at=now, anchor=now, interval_seconds=60)
    await harness.scheduler.publish(f"schedule-{adbot}", started)
    await reaches(client, adbot, "RUNNING")
    suspended = AdbotSuspended(adbot=adbot, reason="refunded")
    await harness.provisioning.publish(f"adbot-{adbot}", suspended)
    found = await reaches(client, adbot, "SUSPENDED")
    assert found["cycles"] == dict.fromkeys(SHOWN_OF_CYCLES)
    assert "refunded" not in str(found)
    answer = await client.http.post(f"adbots/{adbot}/renewal", json=RENEWAL)
    assert (answer.status_code, answer.json()["code"]) == (409, "adbot_suspended")


async def test_the_operator_extends_suspends_and_restores(
    admin: httpx.AsyncClient, client: Client, harness: GatewayHarness
) -> None:
    adbot = await harness.adbot(client)
    answer = await admin.post(f"adbots/{adbot}/extend", json={"days": 400, "reason": "an outage"})
    assert answer.status_code == 200, answer.text
    assert datetime.fromisoformat(answer.json()["valid_until"]) > utc_now() + timedelta(days=399)
    answer = await admin.post(f"adbots/{adbot}/suspend", json={"reason": "abuse"})
    assert (answer.json()["status"], answer.json()["suspend_reason"]) == ("SUSPENDED", "abuse")
    assert answer.json()["account"] == str(client.account)
    answer = await admin.post(f"adbots/{adbot}/restore")
    assert (answer.json()["status"], answer.json()["suspend_reason"]) == ("STOPPED", None)
    said = (await harness.provisioning.events_of(f"adbot-{adbot}"))[1:]
    assert {one.envelope.actor for one in said} == {"admin"}
    assert (await admin.get(f"adbots/{adbot}")).json() == answer.json()


@pytest.mark.parametrize("days", [0, -1, 3661, 1.5, "many", 10**30])
async def test_an_extension_by_no_number_of_days_is_refused(
    admin: httpx.AsyncClient, client: Client, harness: GatewayHarness, days: object
) -> None:
    adbot = await harness.adbot(client)
    answer = await admin.post(f"adbots/{adbot}/extend", json={"days": days, "reason": "x"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body.days")
    assert len(await harness.provisioning.events_of(f"adbot-{adbot}")) == 1


async def test_an_adbot_that_nobody_knows_is_not_found(admin: httpx.AsyncClient) -> None:
    for answer in (
        await admin.get(f"adbots/{new_id()}"),
        await admin.post(f"adbots/{new_id()}/restore"),
        await admin.post(f"adbots/{new_id()}/suspend", json={"reason": "x"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_adbot")
