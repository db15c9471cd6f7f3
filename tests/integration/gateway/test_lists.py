"""Lists over HTTP: filters, orders, cursors, and answers that the caller has already."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from libs.events.billing import PaymentConfirming
from libs.events.scheduler import AdbotStarted, PrivateIdsAllowed, TargetBlocked
from libs.events.values import ResultClass
from libs.eventsourcing.values import utc_now
from tests.integration.gateway.harness import Client, GatewayHarness
from tests.integration.gateway.sending import advertised, delivery
from tests.support.waiting import until

SENT, DENIED = ResultClass.SENT, ResultClass.TARGET_DENIED


async def listed(http: httpx.AsyncClient, path: str, **parameters: str) -> list[dict[str, Any]]:
    """Return the items of a list's first page."""
    answer = await http.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def check_out(harness: GatewayHarness, client: Client, coin: str) -> str:
    """Order once more; return the order's number once it is shown."""
    wish = {"email": client.email, "plan": "bronze", "pay_currency": coin}
    answer = await client.http.post(str(harness.http.base_url.join("/api/v1/checkout")), json=wish)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["order_number"])


async def test_orders_are_filtered_by_their_own_fields(
    client: Client, harness: GatewayHarness, admin: httpx.AsyncClient
) -> None:
    second = await check_out(harness, client, "LTC")
    await harness.billing.publish(
        f"order-{client.order}", PaymentConfirming(order=client.order, payment="5001")
    )

    async def confirming() -> list[dict[str, Any]]:
        return await listed(client.http, "orders", payment_status="CONFIRMING")

    [first] = await until(confirming)
    assert (first["order_number"], first["status"]) == (client.order, first["payment_status"])

    async def numbers(**parameters: str) -> list[str]:
        own = [one["order_number"] for one in await listed(client.http, "orders", **parameters)]
        of_all = await listed(admin, "orders", account=str(client.account), **parameters)
        assert [one["order_number"] for one in of_all] == own
        return own

    assert await numbers() == [second, client.order]
    assert await numbers(sort="created_at") == [client.order, second]
    assert await numbers(text="ltc") == [second]
    assert await numbers(plan="bronze", order_status="PENDING") == [second, client.order]
    assert await numbers(plan="silver") == []
    assert await numbers(order_status="PAID") == []
    assert await numbers(number=client.order.lower()) == [client.order]
    placed = datetime.fromisoformat(first["placed_at"])
    just_after = placed + timedelta(microseconds=1)
    assert await numbers(**{"from": just_after.isoformat()}) == [second]
    assert await numbers(**{"from": placed.isoformat(), "to": just_after.isoformat()}) == [client.order]


async def test_adbots_are_filtered_and_sorted(
    client: Client, harness: GatewayHarness, admin: httpx.AsyncClient
) -> None:
    other = str(await harness.adbot(client))
    ad = await advertised(harness, client, "@flats_in_berlin")
    mine = {"account": str(client.account)}

    async def ids(**parameters: str) -> list[str]:
        own = [one["id"] for one in await listed(client.http, "adbots", **parameters)]
        assert [one["id"] for one in await listed(admin, "adbots", **mine, **parameters)] == own
        return own

    assert await ids() == [other, str(ad.adbot)]
    assert await ids(sort="-created_at") == [str(ad.adbot), other]
    assert await ids(text="In_Berlin") == [str(ad.adbot)]
    assert await ids(status="RUNNING") == []
    assert await ids(plan="bronze", status="STOPPED") == [other, str(ad.adbot)]
    assert await ids(expiring_before=(utc_now() + timedelta(days=1)).isoformat()) == []
    ends = (utc_now() + timedelta(days=400)).isoformat()
    assert await ids(expiring_before=ends, sort="valid_until") == [other, str(ad.adbot)]
    [shown] = await listed(admin, "adbots", **mine, text="in_berlin")
    assert shown == (await admin.get(f"adbots/{ad.adbot}")).json()


async def test_deliveries_are_filtered_by_session_and_time(client: Client, harness: GatewayHarness) -> None:
    ad, now = await advertised(harness, client, "@alpha", "@bravo"), utc_now()
    await ad.send(
        delivery("@alpha", ad.seats[0], SENT, at=now - timedelta(seconds=10)),
        delivery("@bravo", ad.seats[1], SENT, at=now),
    )

    async def groups(**parameters: str) -> list[str]:
        return [one["group"] for one in await listed(client.http, f"{ad.path}/logs", **parameters)]

    assert await groups() == ["@bravo", "@alpha"]
    assert await groups(sort="created_at") == ["@alpha", "@bravo"]
    assert await groups(session="+49…01") == ["@alpha"]
    assert await groups(session=str(ad.seats[1])) == ["@bravo"]
    assert await groups(**{"from": now.isoformat()}) == ["@bravo"]
    assert await groups(to=now.isoformat()) == ["@alpha"]


async def test_the_operator_lists_blocked_groups_and_permissions(
    client: Client, harness: GatewayHarness, admin: httpx.AsyncClient
) -> None:
    chat, reason = f"@c{client.account.hex[:12]}", "asked for it"
    await harness.scheduler.publish("operations-all", TargetBlocked(target=chat, reason=reason))
    allowed = PrivateIdsAllowed(account=client.account, reason=reason)
    await harness.scheduler.publish(f"permissions-{client.account}", allowed)
    [permission] = await until(lambda: listed(admin, "private-ids", text=client.email))
    account = (await admin.get(f"accounts/{client.account}/private-ids")).json()
    assert permission == account
    [blocked] = await listed(admin, "operations/targets", text=chat.upper())
    assert (blocked["chat"], blocked["reason"]) == (chat, reason)
    assert await listed(admin, "operations/sources", text=chat) == []


async def test_the_stock_is_filtered_and_paged(
    client: Client, harness: GatewayHarness, admin: httpx.AsyncClient
) -> None:
    ad = await advertised(harness, client, "@alpha")
    wanted = {"adbot": str(ad.adbot), "limit": "1"}
    first = (await admin.get("stock", params=wanted)).json()
    second = (await admin.get("stock", params={**wanted, "cursor": first["next"]})).json()
    assert [one["session"] for page in (first, second) for one in page["sessions"]] == list(
        map(str, ad.seats)
    )
    assert second["next"] is None
    assert first["counts"] == second["counts"]
    assert first["counts"]["ASSIGNED"] >= 2


@pytest.mark.parametrize(
    "parameters",
    [{"sort": "email"}, {"from": "2026-01-01T00:00:00"}, {"to": "9999-12-31T23:59:59-14:00"}, {"text": "\0"}],
)
async def test_a_malformed_parameter_is_refused_by_its_name(
    client: Client, parameters: dict[str, str]
) -> None:
    answer = await client.http.get("orders", params=parameters)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == f"query.{next(iter(parameters))}"


async def test_a_cursor_of_another_list_or_with_another_filter_is_refused(
    client: Client, harness: GatewayHarness, admin: httpx.AsyncClient
) -> None:
    await check_out(harness, client, "LTC")
    cursor = (await client.http.get("orders", params={"limit": "1"})).json()["next"]
    assert len(await listed(client.http, "orders", cursor=cursor)) == 1
    other = await harness.client()
    for http, path, parameters in (
        (client.http, "orders", {"plan": "bronze"}),
        (client.http, "orders", {"sort": "created_at"}),
        (client.http, "adbots", {}),
        (other.http, "orders", {}),
        (admin, "orders", {}),
    ):
        answer = await http.get(path, params={**parameters, "cursor": cursor})
        assert answer.status_code == 422, path
        assert "begin without a cursor" in answer.json()["detail"]


async def test_what_is_polled_is_not_sent_again_until_it_changes(
    client: Client, harness: GatewayHarness
) -> None:
    ad = await advertised(harness, client, "@alpha")
    payment = str(harness.http.base_url.join(f"/api/v1/payments/{client.order}"))
    of_order = {payment, "orders", f"orders/{client.order}"}
    of_adbot = {"adbots", ad.path}
    of_delivery = {f"{ad.path}/logs", f"{ad.path}/groups"}
    tags: dict[str, str] = {}
    for path in of_order | of_adbot | of_delivery:
        answer = await client.http.get(path)
        assert answer.headers["cache-control"] == "private, no-cache"
        tags[path] = answer.headers["etag"]

    async def unchanged(path: str) -> bool:
        answer = await client.http.get(path, headers={"If-None-Match": f'"another", {tags[path]}'})
        assert (answer.status_code, bool(answer.content)) in {(200, True), (304, False)}
        assert (answer.headers["etag"] == tags[path]) is (answer.status_code == 304)
        return answer.status_code == 304

    async def changed() -> set[str]:
        return {path for path in tags if not await unchanged(path)}

    assert await changed() == set()
    await harness.billing.publish(
        f"order-{client.order}", PaymentConfirming(order=client.order, payment="5001")
    )
    assert await until(changed, lambda found: found >= of_order) == of_order
    now = utc_now()
    started = AdbotStarted(adbot=ad.adbot, started_at=now, anchor=now, interval_seconds=600)
    await harness.scheduler.publish(f"schedule-{ad.adbot}", started)
    assert await until(changed, lambda found: found >= of_adbot) == of_order | of_adbot
    await ad.send(delivery("@alpha", ad.seats[0], DENIED, "USER_BANNED_IN_CHANNEL"))
    assert await until(changed, lambda found: found >= of_delivery) == set(tags)
