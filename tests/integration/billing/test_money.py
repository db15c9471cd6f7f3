"""What comes for an order besides what was asked for: parts, deposits, too much, another coin."""

from decimal import Decimal

from tests.integration.billing.harness import BillingHarness

ASKED = ["OrderPlaced", "PaymentRequested"]
PART = ["PaymentConfirming", "PaymentConfirmed", "PaymentPartiallyPaid"]
DEPOSIT = ["UncountedMoneyReported", "DepositReceived"]
"""First on its way, then counted."""
PAID = ["PaymentConfirming", "PaymentConfirmed", "PaymentSending", "PaymentFinished"]


async def test_a_part_is_told_and_the_deposit_of_the_rest_delivers(shop: BillingHarness) -> None:
    await shop.place()
    payment = await shop.payment()
    asked = (await shop.control.payment(payment)).pay_amount
    part = await shop.control.pay_part(payment)
    assert await shop.history() == [*ASKED, *PART]
    deposit = await shop.control.pay_again(payment, amount=asked - part.received)
    assert deposit.parent_payment_id == payment
    assert await shop.history() == [*ASKED, *PART, *DEPOSIT, "PaymentFinished"]
    [received], [finished] = (
        await shop.events_of("DepositReceived"),
        await shop.events_of("PaymentFinished"),
    )
    assert received["deposit"] == deposit.payment_id
    assert Decimal(finished["paid"]) == asked


async def test_deposits_reported_five_times_each_and_shuffled_are_counted_once(shop: BillingHarness) -> None:
    await shop.place()
    payment = await shop.payment()
    asked = (await shop.control.payment(payment)).pay_amount
    tenth = (asked / 10).quantize(Decimal("0.00000001"))
    await shop.control.pay_part(payment)
    for seed in (3, 4):
        await shop.control.pay_again(
            payment, amount=tenth, repeat=5, order="shuffled", seed=seed, together=True
        )
    assert await shop.control.settled()
    history = [event for event in await shop.history() if event != "UncountedMoneyReported"]
    assert history == [*ASKED, *PART, *(["DepositReceived", "PaymentPartiallyPaid"] * 2)]
    last = (await shop.events_of("PaymentPartiallyPaid"))[-1]
    half = (await shop.control.payment(payment)).received
    assert Decimal(last["paid"]) == half + tenth * 2 == asked - Decimal(last["missing"])


async def test_too_much_delivers_once_and_is_told_of(shop: BillingHarness) -> None:
    await shop.place()
    payment = await shop.payment()
    await shop.control.overpay(payment)
    assert await shop.history() == [*ASKED, *PAID, "PaymentOverpaid"]
    await shop.control.pay_again(payment)
    assert await shop.history() == [
        *ASKED,
        *PAID,
        "PaymentOverpaid",
        *DEPOSIT,
        "PaymentOverpaid",
    ]
    asked = (await shop.control.payment(payment)).pay_amount
    first, second = await shop.events_of("PaymentOverpaid")
    assert Decimal(second["excess"]) == Decimal(first["excess"]) + asked


async def test_a_payment_in_another_coin_does_not_deliver_and_is_told_of(shop: BillingHarness) -> None:
    await shop.place()
    payment = await shop.payment()
    came = await shop.control.pay_in(payment, "eth")
    assert await shop.history() == [*ASKED, "UncountedMoneyReported", "WrongCoinReceived"]
    [said] = await shop.events_of("WrongCoinReceived")
    assert (said["currency"], Decimal(said["paid"])) == ("eth", came.received)
    states = {notification.state for notification in await shop.control.notifications(payment)}
    assert states == {"delivered"}


async def test_a_deposit_in_a_coin_that_is_not_sold_for_is_told_of(shop: BillingHarness) -> None:
    await shop.place()
    payment = await shop.payment()
    await shop.control.pay_part(payment)
    sent = await shop.control.notify(
        payment,
        {
            "payment_id": 77,
            "parent_payment_id": int(payment),
            "payment_status": "finished",
            "pay_currency": "shib",
            "pay_amount": 12.5,
            "actually_paid": 12.5,
        },
    )
    assert sent.state == "delivered"
    assert await shop.history() == [*ASKED, *PART, "WrongCoinReceived"]


async def test_what_finishes_with_too_little_is_a_part(shop: BillingHarness) -> None:
    await shop.place()
    payment = await shop.payment()
    await shop.control.pay_part(payment, steps=("finished",))
    assert await shop.history() == [*ASKED, "PaymentPartiallyPaid"]


async def test_an_unknown_status_is_kept_once_and_changes_nothing_else(shop: BillingHarness) -> None:
    await shop.place()
    payment = await shop.payment()
    for _ in range(2):
        await shop.control.set_status(payment, "cancelled")
    assert await shop.history() == [*ASKED, "UnknownStatusReported"]
    assert [said["status"] for said in await shop.events_of("UnknownStatusReported")] == ["cancelled"]
    await shop.control.pay(payment)
    assert await shop.history() == [*ASKED, "UnknownStatusReported", *PAID]
    assert len(await shop.correlation_ids()) == 1
