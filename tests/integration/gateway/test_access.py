"""Ordering in somebody's name gives nobody access: neither to the account, nor to the orders of others."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from secrets import token_urlsafe
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from libs.events.billing import OrderPlaced
from libs.events.catalogue import published
from libs.events.gateway import AccountRegistered, Role
from libs.events.values import AccountId
from libs.eventsourcing import Causes, Engine
from libs.eventsourcing.values import utc_now
from services.gateway.account.codes import AccessCodes
from services.gateway.account.keyed_hash import KeyedHash
from services.gateway.api.checkout.ordering import new_order_number
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.gateway.fake_services import BRONZE, append
from tests.integration.gateway.harness import PEPPER, Client, GatewayHarness, access_code, services
from tests.support.databases import fresh_database
from tests.support.waiting import until

CHECKOUT, SIGN_IN = "/api/v1/checkout", "/api/v1/auth/sign-in"
CODES = AccessCodes(KeyedHash([SecretStr(PEPPER)]))


def wish(email: str | None = None, **changed: str) -> dict[str, str]:
    return {"email": email or f"{uuid4().hex}@example.com", "plan": "bronze", "pay_currency": "BTC"} | changed


@asynccontextmanager
async def visitor(harness: GatewayHarness) -> AsyncGenerator[httpx.AsyncClient]:
    """Somebody with a browser of his own."""
    async with httpx.AsyncClient(base_url=harness.http.base_url, timeout=DEADLINE_SECONDS) as http:
        yield http


async def ordered(http: httpx.AsyncClient, body: dict[str, str]) -> dict[str, Any]:
    answer = await http.post(CHECKOUT, json=body)
    assert answer.status_code in {200, 201}, answer.text
    return dict(answer.json())


async def orders_of(admin: httpx.AsyncClient, email: str) -> list[dict[str, Any]]:
    answer = await admin.get("orders", params={"email": email})
    return list(answer.json()["items"])


async def test_whoever_orders_in_the_name_of_another_gets_no_code(
    harness: GatewayHarness, admin: httpx.AsyncClient
) -> None:
    victim = wish()
    async with visitor(harness) as attacker:
        answer = await attacker.post(CHECKOUT, json=victim)
        assert "access_code" not in answer.json()
        derived = {"access_code": CODES.derived(CODES.account(victim["email"]))[0]}
        registered = (
            "select count(*) from accounts.accounts join personal.addresses using (account) where email = $1"
        )
        connection = await asyncpg.connect(harness.gateway_database)
        await until(lambda: connection.fetchval(registered, victim["email"]))
        await connection.close()
        assert (await attacker.post(SIGN_IN, json=derived)).status_code == 401

        async with visitor(harness) as owner:
            await ordered(owner, victim)
            code = {"access_code": await access_code(admin, victim["email"])}
            signed_in = await owner.post(SIGN_IN, json=code)
            assert signed_in.json()["account"]["email"] == victim["email"]
        assert (await attacker.post(SIGN_IN, json=derived)).status_code == 401


async def test_the_operator_issues_a_code_as_often_as_it_is_lost_and_the_last_one_counts(
    http: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    bought = wish()
    await ordered(http, bought)
    first, second = [await access_code(admin, bought["email"]) for _ in range(2)]
    assert (await http.post(SIGN_IN, json={"access_code": first})).status_code == 401
    assert (await http.post(SIGN_IN, json={"access_code": second})).status_code == 200


async def test_repeating_a_checkout_from_elsewhere_shows_no_order_of_another(harness: GatewayHarness) -> None:
    bought = wish()
    async with visitor(harness) as owner, visitor(harness) as stranger:
        mine = await ordered(owner, bought)
        answer = await stranger.post(CHECKOUT, json=bought)
        assert answer.status_code == 201
        assert answer.json()["order_number"] != mine["order_number"]
        assert answer.json()["checkout_token"] != mine["checkout_token"]
        assert (await ordered(owner, bought))["order_number"] == mine["order_number"]


@pytest.mark.parametrize("by", ["cookie", "body"])
async def test_a_token_gets_its_own_order_back_and_no_other(harness: GatewayHarness, by: str) -> None:
    bought = wish()
    async with visitor(harness) as owner, visitor(harness) as elsewhere:
        mine = await ordered(owner, bought)
        if by == "cookie":
            elsewhere.cookies.set("checkout_token", mine["checkout_token"])
            again = bought
        else:
            again = bought | {"checkout_token": mine["checkout_token"]}
        answer = await elsewhere.post(CHECKOUT, json=again)
        assert (answer.status_code, answer.json()) == (200, mine)
        for other in (again | {"pay_currency": "LTC"}, again | {"email": wish()["email"]}):
            answer = await elsewhere.post(CHECKOUT, json=other)
            assert (answer.status_code, answer.json()["checkout_token"]) == (201, mine["checkout_token"])


async def test_no_script_reads_the_cookie_of_a_checkout(harness: GatewayHarness) -> None:
    async with visitor(harness) as http:
        answer = await http.post(CHECKOUT, json=wish())
    name, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert name == f"checkout_token={answer.json()['checkout_token']}"
    assert set(attributes) == {"Path=/", "Max-Age=2678400", "HttpOnly", "SameSite=Strict"}


async def test_a_cookie_that_is_none_of_ours_is_replaced(harness: GatewayHarness) -> None:
    async with visitor(harness) as http:
        answer = await http.post(CHECKOUT, json=wish(), headers={"Cookie": "checkout_token=short; other=1"})
    assert answer.status_code == 201
    assert answer.headers["Set-Cookie"].startswith(f"checkout_token={answer.json()['checkout_token']};")


async def test_a_browser_whose_checkout_failed_goes_on_with_the_same_order(harness: GatewayHarness) -> None:
    bought = wish()
    before = len(harness.fake_billing.placed)
    async with visitor(harness) as http:
        harness.fake_billing.provider_away = True
        try:
            assert (await http.post(CHECKOUT, json=bought)).status_code == 503
        finally:
            harness.fake_billing.provider_away = False
        order = await ordered(http, bought)
    assert {command.order for command in harness.fake_billing.placed[before:]} == {order["order_number"]}


async def test_a_client_who_is_signed_in_gets_the_pending_order_from_anywhere(client: Client) -> None:
    answer = await client.http.post("checkout", json=wish(client.email))
    assert (answer.status_code, answer.json()["order_number"]) == (200, client.order)
    assert answer.json()["checkout_token"] is None
    assert "Set-Cookie" not in answer.headers


async def test_a_client_who_is_signed_in_gets_no_order_of_another(
    harness: GatewayHarness, client: Client
) -> None:
    other = await harness.client()
    answer = await client.http.post("checkout", json=wish(other.email))
    assert answer.status_code == 201
    assert answer.json()["order_number"] != other.order


async def test_a_token_that_is_no_good_is_refused_at_the_checkout_too(http: httpx.AsyncClient) -> None:
    answer = await http.post(CHECKOUT, json=wish(), headers={"Authorization": "Bearer nonsense"})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


async def test_a_checkout_says_the_same_of_an_address_with_an_account_and_of_one_without(
    harness: GatewayHarness, client: Client
) -> None:
    async with visitor(harness) as first, visitor(harness) as second:
        known = await first.post(CHECKOUT, json=wish(client.email, plan="bronze"))
        unknown = await second.post(CHECKOUT, json=wish(plan="bronze"))
    assert known.status_code == unknown.status_code == 201
    own = {"order_number", "checkout_token", "expires_at"}
    told = [{k: v for k, v in answer.json().items() if k not in own} for answer in (known, unknown)]
    assert told[0] == told[1]
    passing = {"x-correlation-id", "set-cookie", "date", "content-length"}
    headers = [{k: v for k, v in a.headers.items() if k not in passing} for a in (known, unknown)]
    assert headers[0] == headers[1]


async def test_neither_a_token_nor_who_ordered_what_is_kept_with_the_claims(harness: GatewayHarness) -> None:
    bought = wish(checkout_token=token_urlsafe())
    async with visitor(harness) as http:
        await ordered(http, bought)
    connection = await asyncpg.connect(harness.gateway_database)
    kept = repr(
        [[*row.values()] for row in await connection.fetch("select * from checkout.claimed_orders")]
        + [[*row.values()] for row in await connection.fetch("select * from engine.events")]
    )
    await connection.close()
    assert bought["checkout_token"] not in kept


async def test_claims_of_orders_that_are_long_over_are_forgotten(harness: GatewayHarness) -> None:
    connection = await asyncpg.connect(harness.gateway_database)
    try:
        await connection.execute(
            "insert into checkout.claimed_orders "
            "select 'old' || n, 'HQADZ-OLD', now() - interval '32 days' from generate_series(1, 15) n"
        )
        async with visitor(harness) as http:
            for _ in range(2):
                await ordered(http, wish())
        left = await connection.fetchval("select count(*) from checkout.claimed_orders where key like 'old%'")
    finally:
        await connection.close()
    assert left == 0


async def test_an_address_may_not_order_without_end(harness: GatewayHarness) -> None:
    async with harness.gateway(trusted_proxies="127.0.0.0/8", checkouts_per_hour=2) as http:
        http.headers["X-Forwarded-For"] = "192.0.2.10"  # no other test's address
        answers = [await http.post(CHECKOUT, json=wish(plan="platinum")) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [404, 404, 429]
    assert 3500 < int(answers[-1].headers["Retry-After"]) <= 3600


async def test_one_mailbox_is_one_account_however_its_domain_is_spelt(
    harness: GatewayHarness, admin: httpx.AsyncClient
) -> None:
    name = uuid4().hex
    domains = ("bücher.example", "xn--bcher-kva.example", "BÜCHER.example", "bu\u0308cher.example")
    async with visitor(harness) as http:
        orders = [await ordered(http, wish(f"{name}@{domain}")) for domain in domains]
    assert len({order["order_number"] for order in orders}) == 1
    stored = f"{name}@xn--bcher-kva.example"
    code = await access_code(admin, f"{name}@Bücher.example")
    signed_in = await harness.http.post(SIGN_IN, json={"access_code": code})
    assert signed_in.json()["account"]["email"] == stored
    for searched in (f"{name}@bücher.example", f"{name[7:]}@Bücher.exam", stored, name):
        assert [one["email"] for one in await orders_of(admin, searched)] == [stored]


async def test_an_account_whose_address_was_never_checked_is_still_found(
    harness: GatewayHarness, admin: httpx.AsyncClient
) -> None:
    email = f"{uuid4().hex}@intranet"
    placed = OrderPlaced(
        order=new_order_number(utc_now()),
        account=CODES.account(email),
        email=email,
        plan=BRONZE,
        coin="BTC",
        pay_by=utc_now() + timedelta(hours=1),
    )
    await harness.billing.publish(f"order-{placed.order}", placed)

    async def opened() -> bool:
        return (await admin.get(f"accounts/{email}")).status_code == 200

    await until(opened)
    code = await access_code(admin, email.upper())
    signed_in = await harness.http.post(SIGN_IN, json={"access_code": code})
    assert signed_in.json()["account"]["email"] == email


async def test_an_account_that_a_checkout_gave_a_code_keeps_the_code_and_its_orders(
    postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats
) -> None:
    account, code, email = AccountId(uuid4()), CODES.another(), f"{uuid4().hex}@bücher.example"
    registered = AccountRegistered(
        account=account,
        email=email,
        role=Role.CLIENT,
        code_digest=CODES.digest(code),
        licence=CODES.licence(),
    )
    async with services(nats_server, postgres_server) as own, fresh_database(postgres_server) as database:
        own.gateway_database = database  # without the gateway's tables
        engine = Engine("gateway", database, published())
        await engine.start(pool_size=1)
        await engine.run(
            lambda unit: append(unit, f"account-{account}", registered), Causes.first("anonymous")
        )
        await engine.stop()
        async with own.gateway() as http:
            signed_in = await http.post(SIGN_IN, json={"access_code": code})
            assert signed_in.json()["account"]["id"] == str(account)
            order = await ordered(http, wish(email))
        (placed, _) = await own.billing.events_of(f"order-{order['order_number']}")
    assert f'"account": "{account}"' in placed.envelope.data
