"""Money that comes in any status: it counts, or it stands before a person and may go back."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from decimal import Decimal

import pytest
from pydantic import JsonValue

from libs.events.commands.billing import Refund
from libs.events.results import Accepted
from libs.eventsourcing import Refused
from tests.integration.billing.harness import IPN_SECRET, BillingHarness
from tests.integration.billing.test_money import ASKED

HALF = "0.00023346"
Fields = Mapping[str, JsonValue]


async def tell(harness: BillingHarness, payment: str, status: str, **changed: JsonValue) -> Accepted:
    """Report a payment of 30 USD in bitcoin as the provider does, of which one half came; None leaves out."""
    fields: dict[str, JsonValue] = {
        "payment_id": int(payment),
        "parent_payment_id": None,
        "price_amount": 30,
        "price_currency": "usd",
        "pay_amount": 0.00046692,
        "pay_currency": "btc",
        "order_id": harness.number,
        "purchase_id": "1",
        "payin_extra_id": None,
        "payment_status": status,
        "actually_paid": float(HALF),
    } | changed
    said = {name: value for name, value in fields.items() if value is not None}
    body = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
    return await harness.notify(body, hmac.new(IPN_SECRET.encode(), body, hashlib.sha512).hexdigest())


async def placed(harness: BillingHarness) -> tuple[str, str]:
    """Place an order; return its payment, and the number of a deposit to it."""
    await harness.place()
    payment = await harness.payment()
    return payment, str(int(payment) + 10**9)  # no test's payment


async def gives_back(harness: BillingHarness) -> None:
    await harness.act(Refund(order=harness.number, reason="asked for"))
    assert (await harness.history())[-1] == "PaymentRefunded"


@pytest.mark.parametrize("status", ["finished", "partially_paid"])
async def test_the_deposit_of_the_rest_delivers_whatever_it_is_called(
    shop: BillingHarness, status: str
) -> None:
    payment, deposit = await placed(shop)
    await tell(shop, payment, "partially_paid")
    rest: Fields = {"parent_payment_id": int(payment), "price_amount": 15, "pay_amount": float(HALF)}
    for _ in range(2):
        await tell(shop, deposit, status, **rest)
    told = [*ASKED, "PaymentPartiallyPaid", "DepositReceived", "PaymentFinished"]
    assert await shop.history() == told


async def test_deposits_are_counted_by_what_came_where_the_account_calls_them_parts(
    shop: BillingHarness,
) -> None:
    payment, _ = await placed(shop)
    await shop.control.switch(redeposits="partially_paid")
    part = await shop.control.pay_part(payment)
    await shop.control.pay_again(payment, amount=part.pay_amount - part.received)
    assert (await shop.history())[-2:] == ["DepositReceived", "PaymentFinished"]


async def test_money_that_was_seen_and_then_failed_is_told_of_and_may_go_back(shop: BillingHarness) -> None:
    payment, _ = await placed(shop)
    await tell(shop, payment, "confirming")
    await tell(shop, payment, "failed")
    told = [*ASKED, "PaymentConfirming", "UncountedMoneyReported", "PaymentFailed"]
    assert await shop.history() == told
    [said] = await shop.events_of("UncountedMoneyReported")
    assert (Decimal(said["uncounted"]), said["status"]) == (Decimal(HALF), "failed")
    await gives_back(shop)


async def test_money_that_came_and_expired_is_told_of_and_may_go_back(shop: BillingHarness) -> None:
    payment, _ = await placed(shop)
    for _ in range(2):
        await tell(shop, payment, "expired")
    told = [*ASKED, "UncountedMoneyReported", "PaymentExpired", "OrderExpired"]
    assert await shop.history() == told
    await gives_back(shop)


async def test_a_deposit_that_failed_is_told_of_beside_the_part_that_counts(shop: BillingHarness) -> None:
    payment, deposit = await placed(shop)
    await tell(shop, payment, "partially_paid")
    await tell(shop, deposit, "failed", parent_payment_id=int(payment), pay_amount=float(HALF))
    assert await shop.history() == [*ASKED, "PaymentPartiallyPaid", "UncountedMoneyReported"]
    await gives_back(shop)


@pytest.mark.parametrize("order", [None, "an order of another shop", "HQADZ-ABC123-NEVER"])
async def test_an_order_is_found_by_its_payment_or_its_parents_where_none_of_ours_is_named(
    shop: BillingHarness, order: str | None
) -> None:
    payment, deposit = await placed(shop)
    await tell(shop, payment, "partially_paid", order_id=order)
    parent = int(payment)
    await tell(shop, deposit, "confirming", parent_payment_id=parent, order_id=order)
    await tell(shop, deposit, "finished", order_id=order)  # known by now, whoever its parent is
    told = ["PaymentPartiallyPaid", "UncountedMoneyReported", "DepositReceived", "PaymentFinished"]
    assert await shop.history() == [*ASKED, *told]
    with pytest.raises(Refused, match="unknown_order"):
        await tell(shop, "77", "finished", order_id=order)


async def test_a_payment_under_another_orders_number_is_told_of_where_it_belongs_and_counted_nowhere(
    shop: BillingHarness,
) -> None:
    payment, _ = await placed(shop)
    await shop.place(shop.other)
    with pytest.raises(Refused, match="wrong_payment"):
        await tell(shop, payment, "finished", order_id=shop.other, actually_paid=0.00046692)
    assert await shop.history() == [*ASKED, "UnmatchedPaymentReported"]
    assert await shop.history(shop.other) == ASKED


async def test_a_second_notice_with_fields_missing_loses_nothing(shop: BillingHarness) -> None:
    payment, _ = await placed(shop)
    await tell(shop, payment, "partially_paid")
    await tell(shop, payment, "confirming", actually_paid=None, pay_amount=None, order_id=None)
    with pytest.raises(Refused, match="wrong_amount"):
        await tell(shop, payment, "finished", actually_paid=None)
    whole: Fields = {"actually_paid": 0.00046692, "pay_amount": None, "price_amount": None}
    await tell(shop, payment, "finished", order_id=None, **whole)
    told = ["PaymentPartiallyPaid", "UnmatchedPaymentReported", "PaymentFinished"]
    assert await shop.history() == [*ASKED, *told]


async def test_late_notices_with_the_newest_state_are_harmless(shop: BillingHarness) -> None:
    payment, _ = await placed(shop)
    await shop.control.switch(newest=True)
    await shop.control.pay(payment, repeat=3, order="shuffled", together=True)
    assert await shop.history() == [*ASKED, "PaymentFinished"]


async def test_what_is_short_within_the_tolerance_delivers_and_says_so(harness: BillingHarness) -> None:
    settings = harness.settings().model_copy(update={"tolerance_usd": Decimal(1)})
    async with harness.running(settings):
        payment, _ = await placed(harness)
        await tell(harness, payment, "finished", actually_paid=0.00046)
        [said] = await harness.events_of("PaymentFinished")
        assert (Decimal(said["paid"]), Decimal(said["tolerated"])) == (
            Decimal("0.00046"),
            Decimal("0.00000692"),
        )
