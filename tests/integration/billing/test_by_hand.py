"""What operators do by hand: to orders, and to the catalogue."""

from decimal import Decimal
from pathlib import Path

import pytest

from libs.events.commands.billing import (
    CancelOrder,
    ListProduct,
    MarkPaid,
    Refund,
    RepriceProduct,
    RetireProduct,
    ReviewOrder,
)
from libs.eventsourcing import Command, Refused
from tests.integration.billing.harness import NUMBER, OPERATOR, BillingHarness
from tests.integration.billing.test_billing import SOON
from tests.support.plans import BRONZE
from tests.support.waiting import until

OTHER = "HQADZ-ABC123-ZZZZ"
ASKED = ["OrderPlaced", "PaymentRequested"]
CASH = "paid in cash"


async def refusal(harness: BillingHarness, command: Command) -> str:
    with pytest.raises(Refused) as caught:
        await harness.act(command)
    return caught.value.code


async def actors(harness: BillingHarness) -> dict[str, str]:
    """Return who said each of an order's events."""
    rows = await harness.connection.fetch(
        "select type, actor from engine.events where stream = $1", f"order-{harness.number}"
    )
    return {row["type"]: row["actor"] for row in rows}


# -- orders


async def test_an_order_called_paid_is_delivered_once_though_its_payment_finishes_later(
    shop: BillingHarness,
) -> None:
    await shop.place()
    for _ in range(2):
        await shop.act(MarkPaid(order=shop.number, reason=CASH))
    assert len(await shop.correlation_ids()) == 1
    await shop.provision()
    marked = [*ASKED, "OrderMarkedPaid", "PaymentFinished", "OrderFulfilled"]
    await until(shop.history, lambda found: found == marked)
    await shop.control.pay(await shop.payment(), repeat=2)
    assert await shop.history() == [*marked, "UncountedMoneyReported", "DepositReceived"]
    [came] = await shop.events_of("DepositReceived")
    own = await shop.control.payment(came["deposit"])
    assert (own.payment_id, own.received) == (await shop.payment(), Decimal(came["paid"]))
    assert (await actors(shop))["PaymentFinished"] == OPERATOR


async def test_money_that_does_not_match_an_order_without_a_payment_may_go_back(shop: BillingHarness) -> None:
    await shop.control.lose_answers(path="/v1/payment", method="POST")
    with pytest.raises(Refused):
        await shop.place()
    lost = await shop.control.payment_of(shop.number)
    await shop.control.pay(lost.payment_id)
    assert await shop.history() == ["OrderPlaced", "UnmatchedPaymentReported"]
    await shop.act(Refund(order=shop.number, reason="sent back"))
    assert (await shop.history())[-1] == "PaymentRefunded"
    assert not await shop.awaits_payment()


async def test_an_order_that_the_provider_never_answered_for_may_be_called_paid_and_is_asked_for_no_more(
    shop: BillingHarness,
) -> None:
    await shop.control.be_down()
    with pytest.raises(Refused):
        await shop.place()
    await shop.act(MarkPaid(order=shop.number, reason=CASH))
    await shop.control.heal()
    assert await shop.history() == ["OrderPlaced", "OrderMarkedPaid", "PaymentFinished"]
    assert not await shop.awaits_payment()
    [finished] = await shop.events_of("PaymentFinished")
    assert finished["payment"] is None
    assert finished["by_hand"]
    assert Decimal(finished["paid"]) == 0
    await shop.place()  # the same order again: there is nothing left to be asked for
    assert await shop.control.payments() == []


async def test_a_refund_is_noted_once_and_nothing_is_delivered_after_it(shop: BillingHarness) -> None:
    await shop.place()
    assert await refusal(shop, Refund(order=shop.number, reason="asked for")) == "nothing_received"
    payment = await shop.payment()
    await shop.control.pay_part(payment)
    for _ in range(2):
        await shop.act(Refund(order=shop.number, reason="asked for"))
    await shop.control.pay_again(payment)
    told = ["PaymentRefunded", "UncountedMoneyReported", "DepositReceived"]
    assert (await shop.history())[-3:] == told
    [refunded] = await shop.events_of("PaymentRefunded")
    assert (refunded["reason"], refunded["by_hand"]) == ("asked for", True)
    assert await refusal(shop, MarkPaid(order=shop.number, reason=CASH)) == "order_refunded"


async def test_an_order_is_called_off_once_and_a_payment_that_comes_all_the_same_delivers(
    shop: BillingHarness,
) -> None:
    await shop.place()
    for _ in range(2):
        await shop.act(CancelOrder(order=shop.number, reason="ordered twice"))
    assert await shop.history() == [*ASKED, "OrderCancelled"]
    with pytest.raises(Refused) as caught:
        await shop.place()
    assert caught.value.code == "order_cancelled"
    await shop.control.pay(await shop.payment())
    assert (await shop.history())[-1] == "PaymentFinished"
    assert await refusal(shop, CancelOrder(order=shop.number, reason="too late")) == "order_paid"


async def test_an_order_whose_money_is_on_its_way_is_not_called_off(shop: BillingHarness) -> None:
    await shop.place()
    await shop.control.pay(await shop.payment(), steps=("confirming",))
    assert await refusal(shop, CancelOrder(order=shop.number, reason="oh")) == "money_on_the_way"


async def test_an_order_that_was_called_off_does_not_expire(harness: BillingHarness) -> None:
    async with harness.running(harness.settings(order_valid_seconds=SOON)):
        await harness.place()
        await harness.act(CancelOrder(order=NUMBER, reason="ordered twice"))
        await harness.place(OTHER)
        await until(lambda: harness.history(OTHER), lambda found: found[-1] == "OrderExpired")
        assert await harness.history() == [*ASKED, "OrderCancelled"]


async def test_what_was_seen_to_is_noted_with_who_did(shop: BillingHarness) -> None:
    await shop.place()
    await shop.control.pay_in(await shop.payment(), "eth")
    await shop.act(ReviewOrder(order=shop.number, note="sent back"))
    assert await shop.history() == [
        *ASKED,
        "UncountedMoneyReported",
        "WrongCoinReceived",
        "OrderReviewed",
    ]
    assert (await actors(shop))["OrderReviewed"] == OPERATOR


async def test_nothing_is_done_by_hand_to_an_order_that_does_not_exist(shop: BillingHarness) -> None:
    for command in (
        MarkPaid(order=shop.number, reason=CASH),
        Refund(order=shop.number, reason="asked for"),
        CancelOrder(order=shop.number, reason="ordered twice"),
        ReviewOrder(order=shop.number, note="seen"),
    ):
        assert await refusal(shop, command) == "unknown_order"
    assert await shop.history() == []


# -- the catalogue


async def listed(harness: BillingHarness) -> list[str]:
    rows = await harness.connection.fetch(
        "select type from engine.events where stream like 'product-%' and type <> 'ProductListed' "
        "or stream in ('product-bronze', 'product-copper') order by xid, position"
    )
    return [row["type"] for row in rows]


async def test_a_new_price_is_for_new_orders_and_old_ones_keep_theirs(harness: BillingHarness) -> None:
    async with harness.running():
        await harness.place()
        for _ in range(2):
            await harness.act(RepriceProduct(code="bronze", price_usd=Decimal("35.5")))
        await harness.place(OTHER)
        prices = [(await harness.control.payment_of(number)).price_amount for number in (NUMBER, OTHER)]
        assert prices == [Decimal(30), Decimal("35.5")]
        await harness.act(RetireProduct(code="bronze"))
        await harness.control.pay(await harness.payment())
        [finished] = await harness.events_of("PaymentFinished")
        assert Decimal(finished["plan"]["price_usd"]) == 30


async def test_plans_are_retired_listed_anew_and_added(harness: BillingHarness) -> None:
    copper = BRONZE.model_copy(update={"code": "copper", "name": "Copper", "price_usd": Decimal(12)})
    async with harness.running():
        await harness.act(RetireProduct(code="bronze"))
        await harness.act(RetireProduct(code="bronze"))
        with pytest.raises(Refused) as caught:
            await harness.place()
        assert caught.value.code == "unknown_plan"
        assert await refusal(harness, RepriceProduct(code="bronze", price_usd=Decimal(1))) == "unknown_plan"
        await harness.act(ListProduct(plan=BRONZE))
        await harness.place()
        dearer = BRONZE.model_copy(update={"price_usd": Decimal(99)})
        assert await refusal(harness, ListProduct(plan=dearer)) == "already_listed"
        await harness.act(ListProduct(plan=copper))
        await harness.place(OTHER, plan="copper")
        assert await refusal(harness, RetireProduct(code="platinum")) == "unknown_plan"


async def test_no_start_puts_the_default_catalogue_over_what_was_changed_since(
    harness: BillingHarness, tmp_path: Path
) -> None:
    async with harness.running():
        await harness.act(RepriceProduct(code="bronze", price_usd=Decimal("35.5")))
        await harness.act(RetireProduct(code="silver"))
        before = await listed(harness)
    default = harness.settings()
    edited = tmp_path / "catalogue.toml"
    text = default.catalogue_file.read_text(encoding="utf-8").replace("price_usd = 30", "price_usd = 1")
    edited.write_text(text.replace('code = "gold"', 'code = "copper"'), encoding="utf-8")
    for settings in (default, default.model_copy(update={"catalogue_file": edited})):
        async with harness.running(settings):
            await harness.place(NUMBER)
            await harness.place(OTHER, plan="gold")
            assert (await harness.control.payment_of(NUMBER)).price_amount == Decimal("35.5")
            assert (
                await refusal(harness, RepriceProduct(code="silver", price_usd=Decimal(1))) == "unknown_plan"
            )
    assert await listed(harness) == [*before, "ProductListed"]  # copper, which was never listed before
