"""Accounts are erased: nothing says any more whose they were, and their addresses open other accounts."""

from typing import Any
from uuid import uuid4

import httpx

from libs.events.billing import OrderCancelled, PaymentFinished
from libs.events.provisioning import AdbotExpired, AdbotSuspended
from tests.integration.gateway.fake_handlers import AMOUNT
from tests.integration.gateway.fake_services import BRONZE
from tests.integration.gateway.harness import Client, GatewayHarness
from tests.integration.gateway.signing_in import code_of, make_key, sign_in
from tests.integration.gateway.webhooks import added
from tests.support.everywhere import tables_with
from tests.support.queries import Queries
from tests.support.waiting import until

CHECKOUT = "/api/v1/checkout"


async def erase(admin: httpx.AsyncClient, account: object) -> Any:  # noqa: ANN401 - JSON
    return (await admin.post(f"accounts/{account}/erase")).json()


async def cancel(harness: GatewayHarness, admin: httpx.AsyncClient, order: str) -> None:
    """Cancel an order in billing; return once the gateway shows it."""
    await harness.billing.publish(f"order-{order}", OrderCancelled(order=order, reason="a test"))

    async def cancelled() -> bool:
        return bool((await admin.get(f"orders/{order}")).json()["order_status"] == "CANCELLED")

    await until(cancelled)


async def ordered(http: httpx.AsyncClient, email: str) -> str:
    """Check out; return the order's number."""
    body = {"email": email, "plan": "bronze", "pay_currency": "BTC"}
    answer = await http.post(CHECKOUT, json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["order_number"])


async def account_of(admin: httpx.AsyncClient, email: str) -> str:
    """Return the id of the account of an address, once there is one."""

    async def known() -> str | None:
        answer = await admin.get(f"accounts/{email}")
        return str(answer.json()["id"]) if answer.is_success else None

    return str(await until(known))


async def test_nothing_says_any_more_whose_an_erased_account_was(
    harness: GatewayHarness, client: Client, admin: httpx.AsyncClient
) -> None:
    agent = f"Browser-{uuid4().hex}"
    client.http.headers["User-Agent"] = agent
    key = await make_key(client, "read")
    await added(client, f"https://{agent}.example.org/", "order.placed")
    assert (await client.http.post("auth/second-factor")).is_success
    keyed = {"Idempotency-Key": uuid4().hex}
    assert (await client.http.post("notifications/read", json={"all": True}, headers=keyed)).is_success
    await admin.post(f"accounts/{client.email.upper()}/private-ids/forbid", json={"reason": "a test"})
    credentials = {"access_code": client.access_code}
    signed_in = await harness.http.post(
        "/api/v1/auth/sign-in", json=credentials, headers={"User-Agent": agent}
    )
    await cancel(harness, admin, client.order)
    assert await tables_with(harness.gateway_database, client.email) == ["personal.addresses"]
    assert "refreshing.tokens" in await tables_with(harness.gateway_database, agent)

    answer = await erase(admin, client.email)
    assert (answer["account"], answer["address_in_events"]) == (str(client.account), False)
    assert await tables_with(harness.gateway_database, client.email) == []
    # the webhook's address remains in its events, which is said in docs/reference/personal-data.md
    assert set(await tables_with(harness.gateway_database, agent)) <= {"engine.events"}
    queries = Queries(harness.gateway_database)
    for table in ("accounts.accounts", "devices.devices", "api_keys.api_keys", "hooks.hooks",
                  "second_factors.secrets", "webhooks.endpoints"):  # fmt: skip
        held = f"select count(*) from {table} where account = $1"  # noqa: S608 - of this test
        assert await queries.value(held, client.account) == 0, table
    answers = "select count(*) from requests.idempotency_keys where starts_with(caller, $1)"
    assert await queries.value(answers, str(client.account)) == 0
    await queries.close()
    for credential in (key, signed_in.json()["token"]):
        assert await code_of(harness.http, credential) == "invalid_token"
    refused = await harness.http.post("/api/v1/auth/sign-in", json=credentials)
    assert refused.json()["code"] == "wrong_access_code"


async def test_the_orders_of_an_erased_account_remain_without_an_address(
    harness: GatewayHarness, client: Client, admin: httpx.AsyncClient
) -> None:
    await cancel(harness, admin, client.order)
    first = await erase(admin, client.account)
    assert await erase(admin, client.account) == first
    shown = (await admin.get(f"orders/{client.order}")).json()
    assert (shown["account"], shown["email"]) == (str(client.account), None)
    assert (await admin.get("accounts", params={"text": client.email})).json()["items"] == []
    for method, path in (("GET", ""), ("POST", "/restore"), ("GET", "/private-ids")):
        answer = await admin.request(method, f"accounts/{client.account}{path}")
        assert answer.json()["code"] == "account_erased", path
    queries = Queries(harness.gateway_database)
    count = "select count(*) from engine.events where stream = $1 and type = 'AccountErased'"
    assert await queries.value(count, f"account-{client.account}") == 1
    await queries.close()


async def test_a_later_order_with_the_address_of_an_erased_account_opens_another_one(
    harness: GatewayHarness, http: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    email, accounts = f"{uuid4().hex}@example.com", list[str]()
    for _ in range(3):
        order = await ordered(http, email)
        accounts.append(await account_of(admin, email))
        await cancel(harness, admin, order)
        await erase(admin, accounts[-1])
    assert len(set(accounts)) == len(accounts)
    found = (await admin.get("accounts/" + email)).json()
    assert found["code"] == "unknown_account"


async def test_an_account_is_not_erased_while_it_is_used(
    harness: GatewayHarness, client: Client, admin: httpx.AsyncClient
) -> None:
    refused = await erase(admin, client.account)
    assert (refused["code"], client.order in refused["detail"]) == ("account_in_use", True)
    await cancel(harness, admin, client.order)
    adbot = await harness.adbot(client)
    refused = await erase(admin, client.account)
    assert (refused["code"], str(adbot) in refused["detail"]) == ("account_in_use", True)
    assert (await client.http.get("auth/me")).json()["email"] == client.email
    await harness.provisioning.publish(f"adbot-{adbot}", AdbotSuspended(adbot=adbot, reason="a test"))

    async def suspended() -> bool:
        return bool((await client.get(f"adbots/{adbot}"))["status"] == "SUSPENDED")

    await until(suspended)
    await admin.put(f"accounts/{client.account}/role", json={"role": "ADMIN"})
    assert (await erase(admin, client.account))["code"] == "account_is_admin"
    await admin.put(f"accounts/{client.account}/role", json={"role": "CLIENT"})
    assert (await erase(admin, client.account))["account"] == str(client.account)
    assert (await erase(admin, uuid4()))["code"] == "unknown_account"


async def test_what_happens_to_an_erased_account_later_blocks_nothing(
    harness: GatewayHarness, client: Client, admin: httpx.AsyncClient
) -> None:
    await cancel(harness, admin, client.order)
    adbot = await harness.adbot(client)
    await harness.provisioning.publish(f"adbot-{adbot}", AdbotExpired(adbot=adbot))

    async def expired() -> bool:
        return bool((await client.get(f"adbots/{adbot}"))["status"] == "EXPIRED")

    await until(expired)
    await erase(admin, client.account)
    late = PaymentFinished(
        order=client.order, account=client.account, plan=BRONZE, payment="5001", paid=AMOUNT, coin="BTC",
        by_hand=False,
    )  # fmt: skip
    await harness.billing.publish(f"order-{client.order}", late)
    queries = Queries(harness.gateway_database)
    told = "select count(*) = 1 from notifications.notifications where order_number = $1 and kind = $2"
    await until(lambda: queries.value(told, client.order, "payment_received"))
    assert await queries.value("select count(*) from engine.parked") == 0
    await queries.close()
    assert await tables_with(harness.gateway_database, client.email) == []
    another = await sign_in(harness.http, await harness.client())
    assert another["account"]["id"] != str(client.account)
