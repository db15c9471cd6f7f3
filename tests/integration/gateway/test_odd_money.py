"""Money that does not count, and money that came twice: who is told of it, and how."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from libs.events.billing import (
    DepositReceived,
    OrderFulfilled,
    PaymentFailed,
    PaymentFinished,
    PaymentPartiallyPaid,
    PaymentRefunded,
    UncountedMoneyReported,
)
from libs.events.values import AdbotId
from libs.eventsourcing.values import new_id
from services.gateway.tables import attention
from tests.integration.gateway.fake_handlers import AMOUNT
from tests.integration.gateway.fake_services import BRONZE
from tests.integration.gateway.harness import Client, GatewayHarness
from tests.support.waiting import until

HALF = AMOUNT / 2
OWN, DEPOSIT = "5001", "5002"


def uncounted(
    order: str, payment: str, status: str = "failed", *, counted: Decimal = Decimal(0)
) -> UncountedMoneyReported:
    return UncountedMoneyReported(
        order=order,
        payment=payment,
        status=status,
        on_the_way=status == "confirming",
        paid=HALF,
        uncounted=HALF - counted,
        currency="btc",
        coin="BTC",
    )


def finished(order: str, client: Client, paid: Decimal = AMOUNT) -> PaymentFinished:
    return PaymentFinished(
        order=order, account=client.account, plan=BRONZE, payment=OWN, paid=paid, coin="BTC", by_hand=False
    )


async def shown(admin: httpx.AsyncClient, order: str, event: str) -> dict[str, Any]:
    """Return an order as the operator sees it, once its history ends with an event of this type."""

    async def there() -> Any:  # noqa: ANN401 - JSON
        found = (await admin.get(f"orders/{order}")).json()
        return found if found["history"][-1]["event"] == event else None

    return dict(await until(there))


def why(found: dict[str, Any]) -> set[tuple[str, str | None]]:
    return {(line["kind"], line["amount"]) for line in found["attention"]}


async def test_money_that_was_given_up_is_shown_as_received_and_needs_a_person(
    admin: httpx.AsyncClient, client: Client, harness: GatewayHarness
) -> None:
    order = client.order
    await harness.billing.publish(
        f"order-{order}", uncounted(order, OWN), PaymentFailed(order=order, payment=OWN)
    )
    found = await shown(admin, order, "PaymentFailed")
    assert (found["status"], found["paid"]) == ("FAILED", "0.000228")
    (line,) = found["attention"]
    assert (line["kind"], line["amount"], line["currency"]) == ("uncounted_money", "0.000228", "BTC")
    assert line["detail"] == "0.000228 btc by payment 5001: failed"
    assert [line["event"] for line in (await client.get(f"orders/{order}"))["history"]][2:] == [
        "PaymentFailed"
    ]
    await harness.billing.publish(
        f"order-{order}", PaymentRefunded(order=order, payment=OWN, reason="sent back", by_hand=True)
    )
    found = await shown(admin, order, "PaymentRefunded")
    assert (found["paid"], found["attention"]) == ("0.000228", [])


async def test_what_was_given_up_and_settles_after_all_is_received_once(
    admin: httpx.AsyncClient, client: Client, harness: GatewayHarness
) -> None:
    order = client.order
    given_up = (uncounted(order, OWN), uncounted(order, DEPOSIT))
    await harness.billing.publish(f"order-{order}", *given_up, PaymentFailed(order=order, payment=OWN))
    found = await shown(admin, order, "PaymentFailed")
    assert (found["paid"], why(found)) == ("0.000456", {("uncounted_money", "0.000228")})
    assert len(found["attention"]) == 2
    part = PaymentPartiallyPaid(order=order, payment=OWN, paid=HALF, missing=HALF, coin="BTC")
    await harness.billing.publish(f"order-{order}", part)
    assert (await shown(admin, order, "PaymentPartiallyPaid"))["paid"] == "0.000456"
    deposit = DepositReceived(order=order, deposit=DEPOSIT, paid=HALF, coin="BTC")
    await harness.billing.publish(f"order-{order}", deposit, finished(order, client))
    found = await shown(admin, order, "PaymentFinished")
    assert found["paid"] == "0.000456"
    assert [line["detail"] for line in found["attention"]] == ["0.000228 btc by payment 5001: failed"]


async def test_a_deposit_has_a_day_to_arrive(
    admin: httpx.AsyncClient, client: Client, harness: GatewayHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = client.order
    await harness.billing.publish(f"order-{order}", uncounted(order, DEPOSIT, "confirming"))
    found = await shown(admin, order, "UncountedMoneyReported")
    assert (found["paid"], found["attention"]) == (None, [])
    monkeypatch.setattr(attention, "ARRIVAL_GRACE", timedelta(0))
    await harness.billing.publish(
        f"order-{order}",
        uncounted(order, DEPOSIT, "confirming"),
        DepositReceived(order=order, deposit="5003", paid=HALF, coin="BTC"),
    )
    assert why(await shown(admin, order, "DepositReceived")) == {("deposit_on_the_way", "0.000228")}
    deposit = DepositReceived(order=order, deposit=DEPOSIT, paid=HALF, coin="BTC")
    await harness.billing.publish(
        f"order-{order}", deposit, PaymentRefunded(order=order, payment=OWN, reason="so", by_hand=True)
    )
    assert why(await shown(admin, order, "PaymentRefunded")) == set()


async def test_a_counted_deposit_that_was_given_back_needs_a_person_and_stays_received(
    admin: httpx.AsyncClient, client: Client, harness: GatewayHarness
) -> None:
    order = client.order
    deposit = DepositReceived(order=order, deposit=DEPOSIT, paid=HALF, coin="BTC")
    await harness.billing.publish(
        f"order-{order}", deposit, uncounted(order, DEPOSIT, "refunded", counted=HALF)
    )
    found = await shown(admin, order, "UncountedMoneyReported")
    assert (found["paid"], why(found)) == ("0.000228", {("uncounted_money", "0.000228")})


async def checked_out(harness: GatewayHarness, client: Client, coin: str) -> str:
    answer = await harness.http.post(
        "/api/v1/checkout", json={"email": client.email, "plan": "bronze", "pay_currency": coin}
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["order_number"])


async def test_two_orders_that_were_open_at_once_and_both_paid_are_told_of(
    admin: httpx.AsyncClient, client: Client, harness: GatewayHarness
) -> None:
    second = await checked_out(harness, client, "ETH")
    for order in (client.order, second):
        adbot = AdbotId(new_id())
        delivered = OrderFulfilled(order=order, account=client.account, adbot=adbot)
        await harness.billing.publish(f"order-{order}", finished(order, client), delivered)
    assert (await shown(admin, client.order, "OrderFulfilled"))["attention"] == []
    (line,) = (await shown(admin, second, "OrderFulfilled"))["attention"]
    assert (line["kind"], line["detail"]) == ("second_payment", f"{client.order} was paid too")

    async def told() -> Any:  # noqa: ANN401 - JSON
        items = (await client.get("notifications"))["items"]
        received = [one for one in items if one["kind"] == "payment_received"]
        return {one["order_number"]: one["second_of"] for one in received} if len(received) == 2 else None

    assert await until(told) == {client.order: None, second: client.order}


async def test_an_order_that_was_placed_after_the_first_was_paid_is_no_second_payment(
    admin: httpx.AsyncClient, client: Client, harness: GatewayHarness
) -> None:
    delivered = OrderFulfilled(order=client.order, account=client.account, adbot=AdbotId(new_id()))
    await harness.billing.publish(f"order-{client.order}", finished(client.order, client), delivered)
    await shown(admin, client.order, "OrderFulfilled")
    second = await checked_out(harness, client, "ETH")
    delivered = OrderFulfilled(order=second, account=client.account, adbot=AdbotId(new_id()))
    await harness.billing.publish(f"order-{second}", finished(second, client), delivered)
    assert (await shown(admin, second, "OrderFulfilled"))["attention"] == []
