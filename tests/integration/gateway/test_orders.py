"""Orders and what happened to them, for their owner and for the operator."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
import pytest

from libs.events.billing import (
    DepositReceived,
    OrderFulfilled,
    OrderReviewed,
    PaymentConfirming,
    PaymentFinished,
    PaymentOverpaid,
    PaymentPartiallyPaid,
    PaymentRefunded,
    UnknownStatusReported,
    UnmatchedPaymentReported,
)
from libs.events.commands.billing import CancelOrder, MarkPaid, Refund, ReviewOrder
from libs.events.values import AdbotId
from libs.eventsourcing.values import new_id
from tests.integration.gateway.fake_handlers import AMOUNT
from tests.integration.gateway.fake_services import BRONZE
from tests.integration.gateway.harness import Client, GatewayHarness
from tests.support.waiting import until

REASON = "seen on the chain, block 840000"


@pytest.fixture
def refusing(harness: GatewayHarness) -> Iterator[GatewayHarness]:
    """A harness whose billing refuses what the test tells it to."""
    yield harness
    harness.fake_billing.refusal = None


def finished(client: Client, paid: Decimal = AMOUNT) -> PaymentFinished:
    return PaymentFinished(
        order=client.order,
        account=client.account,
        plan=BRONZE,
        payment="5001",
        paid=paid,
        coin="BTC",
        by_hand=False,
    )


async def shows(admin: httpx.AsyncClient, client: Client, event: str) -> dict[str, Any]:
    """Return the order once its history ends with an event of this type, and all else was told before."""

    async def there() -> Any:  # noqa: ANN401 - JSON
        found = (await admin.get(f"orders/{client.order}")).json()
        return found if found["history"][-1]["event"] == event else None

    await until(there)
    return dict((await admin.get(f"orders/{client.order}")).json())


async def test_the_history_tells_all_that_happened_with_amounts_and_actors(
    admin: httpx.AsyncClient, client: Client, harness: GatewayHarness
) -> None:
    order, half = client.order, AMOUNT / 2
    await harness.billing.publish(
        f"order-{order}",
        PaymentConfirming(order=order, payment="5001"),
        PaymentPartiallyPaid(order=order, payment="5001", paid=half, missing=half, coin="BTC"),
        UnknownStatusReported(order=order, payment="5001", status="strange"),
        UnmatchedPaymentReported(
            order=order,
            payment="5003",
            parent=None,
            why="wrong_amount",
            status="finished",
            paid=half,
            amount=AMOUNT,
            currency="btc",
            price=Decimal("29.50"),
            price_currency="USD",
        ),
        DepositReceived(order=order, deposit="5002", paid=AMOUNT, coin="BTC"),
        finished(client, AMOUNT + half),
        PaymentOverpaid(order=order, paid=AMOUNT + half, excess=half, coin="BTC"),
        OrderReviewed(order=order, note="sent back by hand"),
        OrderFulfilled(order=order, account=client.account, adbot=AdbotId(new_id())),
    )
    found = await shows(admin, client, "OrderFulfilled")
    told = [(line["event"], line["payment"], line["amount"], line["currency"]) for line in found["history"]]
    assert told == [
        ("OrderPlaced", None, "30", "USD"),
        ("PaymentRequested", "5001", "0.000456", "BTC"),
        ("PaymentConfirming", "5001", None, None),
        ("PaymentPartiallyPaid", "5001", "0.000228", "BTC"),
        ("UnknownStatusReported", "5001", None, None),
        ("UnmatchedPaymentReported", "5003", "0.000228", "btc"),
        ("DepositReceived", "5002", "0.000456", "BTC"),
        ("PaymentFinished", "5001", "0.000684", "BTC"),
        ("PaymentOverpaid", None, "0.000684", "BTC"),
        ("OrderReviewed", None, None, None),
        ("OrderFulfilled", None, None, None),
    ]
    assert [line["actor"] for line in found["history"][:3]] == ["anonymous", "anonymous", "service:test"]
    assert (found["history"][3]["missing"], found["history"][8]["excess"]) == ("0.000228", "0.000228")
    assert found["history"][5]["note"] == "wrong_amount: finished, asked 0.000456 btc for 29.5 USD"
    assert found["history"][9]["note"] == "sent back by hand"
    assert (found["paid"], found["excess"], found["missing"]) == ("0.000684", "0.000228", None)
    assert (found["order_status"], found["status"], found["by_hand"]) == ("FULFILLED", "FINISHED", False)

    own = await client.get(f"orders/{order}")
    hidden = {"OrderReviewed", "UnknownStatusReported", "UnmatchedPaymentReported"}
    assert [line["event"] for line in own["history"]] == [one[0] for one in told if one[0] not in hidden]
    assert not {"actor", "note", "payment"} & set(own["history"][0])
    assert not {"excess", "email"} & set(own)


async def test_what_an_older_program_said_of_a_payment_reads_the_same(
    admin: httpx.AsyncClient, client: Client, harness: GatewayHarness
) -> None:
    stream, refund = (
        f"order-{client.order}",
        PaymentRefunded(order=client.order, payment="5001", reason="asked for", by_hand=False),
    )
    await harness.billing.pause()
    await harness.billing.publish(stream, finished(client), refund)
    await harness.billing.engine.pool.execute(
        "update engine.events set schema = 1, data = (data::jsonb - 'by_hand')::text::json "
        "where stream = $1 and type in ('PaymentFinished', 'PaymentRefunded')",
        stream,
    )
    harness.billing.resume()
    found = await shows(admin, client, "PaymentRefunded")
    assert (found["order_status"], found["status"], found["by_hand"]) == ("REFUNDED", "REFUNDED", False)
    assert (found["paid"], found["history"][-1]["note"]) == ("0.000456", "asked for")

    async def told() -> bool:
        items = (await client.http.get("notifications")).json()["items"]
        return "payment_received" in {one["kind"] for one in items}

    await until(told)


async def test_an_order_of_somebody_else_is_not_there(client: Client, harness: GatewayHarness) -> None:
    other = await harness.client()
    for method, path in [("GET", ""), ("POST", "/cancel")]:
        answer = await client.http.request(method, f"orders/{other.order}{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_order")


async def test_a_client_calls_an_order_off_and_gets_another_one(
    client: Client, harness: GatewayHarness
) -> None:
    answer = await client.http.post(f"orders/{client.order}/cancel")
    assert (answer.status_code, answer.json()["order_status"]) == (200, "CANCELLED")
    said = (await harness.billing.events_of(f"order-{client.order}"))[-1]
    assert (said.envelope.type, said.envelope.actor) == ("OrderCancelled", f"account:{client.account}")
    body = {"email": client.email, "plan": "bronze", "pay_currency": "BTC"}
    fresh = await client.http.post("checkout", json=body)
    assert fresh.status_code == 201
    assert fresh.json()["order_number"] != client.order
    payment = (await harness.http.get(f"/api/v1/payments/{client.order}")).json()
    assert (payment["order_status"], payment["payment_uri"]) == ("CANCELLED", None)


@pytest.mark.parametrize(
    ("act", "command", "event", "status"),
    [
        ("mark-paid", MarkPaid, "PaymentFinished", "PAID"),
        ("refund", Refund, "PaymentRefunded", "REFUNDED"),
        ("cancel", CancelOrder, "OrderCancelled", "CANCELLED"),
        ("review", ReviewOrder, "OrderReviewed", "PENDING"),
    ],
)
async def test_the_operator_acts_on_an_order_and_sees_it_done(
    admin: httpx.AsyncClient,
    client: Client,
    harness: GatewayHarness,
    act: str,
    command: type,
    event: str,
    status: str,
) -> None:
    answer = await admin.post(f"orders/{client.order}/{act}", json={"reason": f"  {REASON} "})
    assert answer.status_code == 200, answer.text
    assert isinstance(harness.fake_billing.seen[-1], command)
    found = answer.json()
    assert found["order_status"] == status
    last = found["history"][-1]
    assert (last["event"], last["actor"]) == (event, "admin")
    assert REASON in [line["note"] for line in found["history"]]
    assert found["by_hand"] == (act == "mark-paid")


@pytest.mark.parametrize("act", ["mark-paid", "refund", "cancel", "review"])
@pytest.mark.parametrize(
    "code", ["order_paid", "order_refunded", "money_on_the_way", "nothing_received", "unknown_order"]
)
async def test_what_billing_refuses_the_operator_is_refused_by_its_code(
    admin: httpx.AsyncClient, client: Client, refusing: GatewayHarness, act: str, code: str
) -> None:
    refusing.fake_billing.refusal = code
    answer = await admin.post(f"orders/{client.order}/{act}", json={"reason": REASON})
    assert answer.json()["code"] == code
    assert answer.status_code == (404 if code == "unknown_order" else 409)


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": "x" * 501}, {"reason": 5}])
async def test_an_act_without_a_reason_is_refused(
    admin: httpx.AsyncClient, client: Client, harness: GatewayHarness, body: dict[str, object]
) -> None:
    before = len(harness.fake_billing.seen)
    answer = await admin.post(f"orders/{client.order}/refund", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert len(harness.fake_billing.seen) == before


async def test_only_the_operator_sees_and_acts(client: Client, harness: GatewayHarness) -> None:
    paths = [
        ("GET", "orders"),
        ("GET", "orders/attention"),
        ("GET", f"orders/{client.order}"),
        ("POST", f"orders/{client.order}/mark-paid"),
        ("GET", "plans"),
        ("POST", "plans"),
        ("POST", f"adbots/{uuid4()}/extend"),
    ]
    for method, path in paths:
        assert (await harness.http.request(method, f"/api/v1/admin/{path}")).status_code == 401
        assert (await client.http.request(method, f"admin/{path}")).status_code == 403


async def test_orders_are_found_by_number_address_payment_and_state(
    admin: httpx.AsyncClient, client: Client, harness: GatewayHarness
) -> None:
    deposit = uuid4().hex
    await harness.billing.publish(
        f"order-{client.order}", DepositReceived(order=client.order, deposit=deposit, paid=AMOUNT, coin="BTC")
    )
    await shows(admin, client, "DepositReceived")

    async def found(**search: str) -> list[str]:
        answer = await admin.get("orders", params=search)
        assert answer.status_code == 200, answer.text
        return [line["order_number"] for line in answer.json()["items"]]

    assert await found(number=client.order.lower()) == [client.order]
    assert await found(email=client.email.upper()) == [client.order]
    assert await found(email=client.email[7:20]) == [client.order]
    assert await found(payment=deposit) == [client.order]
    assert await found(payment="5001", number=client.order) == [client.order]
    assert await found(payment="5002", number=client.order) == []
    assert await found(email=client.email, order_status="PENDING", payment_status="WAITING") == [client.order]
    assert await found(email=client.email, order_status="PAID") == []
    assert await found(email="%") == []
    for wrong in ({"number": "1"}, {"order_status": "ODD"}, {"payment": "a b"}, {"email": "a\0b"}):
        assert (await admin.get("orders", params=wrong)).status_code == 422


async def test_orders_are_paged_the_latest_first(admin: httpx.AsyncClient, harness: GatewayHarness) -> None:
    client = await harness.client()
    orders = [client.order]
    for coin in ("LTC", "SOL", "ETH"):
        body = {"email": client.email, "plan": "bronze", "pay_currency": coin}
        orders.append((await harness.http.post("/api/v1/checkout", json=body)).json()["order_number"])
    for caller in (admin, client.http):
        seen: list[str] = []
        parameters = {"limit": "3", "email": client.email}
        sizes: list[int] = []
        while True:
            page = (await caller.get("orders", params=parameters)).json()
            seen += [line["order_number"] for line in page["items"]]
            sizes.append(len(page["items"]))
            if page["next"] is None:
                break
            parameters["cursor"] = page["next"]
        assert seen == orders[::-1]
        assert sizes == [3, 1]


@pytest.mark.parametrize("cursor", ["", "x", "é", "MjAyNi0wMS0wMSBIUUFEWi0x", "MjAyNi0wMS0wMQ==", "A" * 201])
async def test_a_foreign_cursor_is_refused(admin: httpx.AsyncClient, cursor: str) -> None:
    answer = await admin.get("orders", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["errors"][0]["field"] == "query.cursor"


async def test_a_deposit_behind_a_refund_adds_to_what_came(
    admin: httpx.AsyncClient, client: Client, harness: GatewayHarness
) -> None:
    order = client.order
    await harness.billing.publish(
        f"order-{order}",
        finished(client),
        PaymentRefunded(order=order, payment="5001", reason="wished so", by_hand=True),
        DepositReceived(order=order, deposit="5009", paid=AMOUNT, coin="BTC"),
    )
    found = await shows(admin, client, "DepositReceived")
    assert (found["order_status"], found["status"], found["paid"]) == ("REFUNDED", "REFUNDED", "0.000912")
