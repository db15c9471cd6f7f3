"""What anonymous checkouts can keep from sale, and for how long."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from services.billing.settings import BillingSettings
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.gateway.shop import Shop, open_shop
from tests.support.queries import Queries
from tests.support.waiting import until


async def check_out(http: httpx.AsyncClient, plan: str) -> httpx.Response:
    body = {"email": f"{uuid4().hex}@example.com", "plan": plan, "pay_currency": "BTC"}
    return await http.post("checkout", json=body)


def elsewhere(shop: Shop) -> httpx.AsyncClient:
    """Return a caller from another network address."""
    transport = httpx.AsyncHTTPTransport(local_address="127.0.0.2")
    return httpx.AsyncClient(base_url=f"{shop.url}/api/v1/", transport=transport, timeout=DEADLINE_SECONDS)


async def test_nobody_sells_the_shop_out_without_paying(
    postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats
) -> None:
    limits: dict[str, Any] = {"unpaid_sessions_per_address": 15, "unpaid_share": 0.5}
    async with open_shop(postgres_server, nats_server, **limits) as shop, elsewhere(shop) as other:
        await shop.stock(20)

        async def taken() -> Any:  # noqa: ANN401 - JSON
            answer = await check_out(shop.http, "elite")
            return answer.json() if answer.status_code == 201 else None

        first = await until(taken)
        answers = [await check_out(shop.http, plan) for plan in ("bronze", "gold", "bronze")]
        assert {(one.status_code, one.json()["code"]) for one in answers} == {(409, "too_many_unpaid_orders")}
        assert "wait to be paid" in answers[0].json()["detail"]
        assert (await check_out(other, "gold")).status_code == 201

        # once the promise is over the sessions are for sale, and the order can still be paid
        queries = Queries(shop.billing_database)
        over = "update promises.promises set placed_at = placed_at - $1::interval"
        await queries.rows(over, timedelta(seconds=BillingSettings.model_fields["promise_seconds"].default))
        await queries.close()
        assert (await check_out(shop.http, "diamond")).status_code == 201
        await shop.payments.pay(await shop.payment(first["order_number"]))
        order = await shop.becomes(first["order_number"], lambda found: found["order_status"] == "FULFILLED")
        adbot = (await shop.admin.get(f"adbots/{order['adbot']}")).json()
        assert adbot["seats"] == {"filled": 15, "awaited": 0, "unreachable": 0}
