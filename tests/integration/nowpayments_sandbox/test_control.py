"""What the control makes happen to payments, and what is told of it."""

from decimal import Decimal

import httpx
import pytest

from sandbox.nowpayments import ControlError, Deposit, NowPaymentsControl, NowPaymentsSandbox
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.nowpayments_sandbox.conftest import IPN_SECRET, Create
from tests.integration.nowpayments_sandbox.merchant import Merchant, signature_of

PAID = ["confirming", "confirmed", "sending", "finished"]


async def test_a_payment_in_full_goes_through_every_status_and_each_is_told(
    api: httpx.AsyncClient, control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    payment = await create()
    paid = await control.pay(payment.payment_id)
    assert (paid.status, paid.received) == ("finished", payment.pay_amount)
    assert list(paid.history) == ["waiting", *PAID]
    assert merchant.statuses == PAID
    answer = (await api.get(f"/v1/payment/{payment.payment_id}")).json()
    assert (answer["payment_status"], answer["actually_paid"]) == ("finished", 0.00046692)


async def test_a_notification_is_signed_over_its_sorted_form_but_sent_in_its_own_order(
    control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    payment = await create()
    await control.pay(payment.payment_id)
    for arrived in merchant.received:
        assert arrived.signature == signature_of(arrived.body, IPN_SECRET)
        assert list(arrived.fields) != sorted(arrived.fields)
    text = merchant.received[-1].body.decode()
    assert "été" in text
    assert '"depositFee":1.5e-7' in text
    assert '"price_amount":30,' in text
    assert f'"payment_id":{payment.payment_id},' in text


async def test_a_notification_says_what_was_asked_and_what_came(
    control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    payment = await create()
    await control.pay(payment.payment_id)
    arrived = merchant.received[-1].fields
    assert arrived["payment_id"] == int(payment.payment_id)
    assert arrived["parent_payment_id"] is None
    assert arrived["order_id"] == "HQADZ-1-AAAA"
    assert arrived["pay_currency"] == "btc"
    assert arrived["pay_amount"] == arrived["actually_paid"] == 0.00046692
    assert arrived["actually_paid_at_fiat"] == 30
    assert arrived["outcome_currency"] == "usdttrc20"
    assert 29 < arrived["outcome_amount"] < 30


@pytest.mark.parametrize(
    ("measure", "received"),
    [
        ({}, Decimal("0.00023346")),
        ({"fraction": Decimal("0.25")}, Decimal("0.00011673")),
        ({"amount": Decimal("0.0001")}, Decimal("0.0001")),
    ],
)
async def test_a_part_leaves_the_payment_partially_paid(
    control: NowPaymentsControl,
    create: Create,
    merchant: Merchant,
    measure: dict[str, Decimal],
    received: Decimal,
) -> None:
    payment = await create()
    paid = await control.pay_part(
        payment.payment_id, fraction=measure.get("fraction"), amount=measure.get("amount")
    )
    assert (paid.status, paid.received) == ("partially_paid", received)
    assert merchant.statuses == ["confirming", "confirmed", "partially_paid"]
    assert merchant.received[-1].fields["pay_amount"] == float(payment.pay_amount)
    assert merchant.received[-1].fields["actually_paid"] == float(received)


async def test_the_rest_of_a_part_comes_as_a_payment_of_its_own(
    control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    payment = await create()
    part = await control.pay_part(payment.payment_id)
    rest = await control.pay_again(payment.payment_id, amount=payment.pay_amount - part.received)
    assert rest.payment_id != payment.payment_id
    assert rest.parent_payment_id == payment.payment_id
    assert (rest.order_id, rest.pay_address) == (payment.order_id, payment.pay_address)
    assert (rest.status, rest.received) == ("finished", payment.pay_amount - part.received)
    assert merchant.received[-1].fields["parent_payment_id"] == int(payment.payment_id)
    assert (await control.payment(payment.payment_id)).status == "partially_paid"


async def test_the_sum_that_comes_twice_makes_two_payments_of_one_address(
    api: httpx.AsyncClient, control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    payment = await create(pay_currency="xrp")
    first, second = await control.pay_twice(payment.payment_id)
    assert first.payment_id == payment.payment_id
    assert second.parent_payment_id == payment.payment_id
    assert second.payin_extra_id == payment.payin_extra_id
    assert [entry.payment_id for entry in await control.payments()] == [first.payment_id, second.payment_id]
    assert merchant.statuses == PAID * 2
    answer = (await api.get(f"/v1/payment/{second.payment_id}")).json()
    assert answer["parent_payment_id"] == payment.payment_id
    third = await control.pay_again(second.payment_id)
    assert third.parent_payment_id == payment.payment_id
    assert await control.payment_of("HQADZ-1-AAAA") == await control.payment(payment.payment_id)


async def test_a_second_deposit_needs_a_first(control: NowPaymentsControl, create: Create) -> None:
    payment = await create()
    with pytest.raises(ControlError, match="nothing was paid yet"):
        await control.pay_again(payment.payment_id)


async def test_more_than_was_asked_finishes_and_says_how_much(
    control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    payment = await create()
    paid = await control.overpay(payment.payment_id, fraction=Decimal(2))
    assert (paid.status, paid.received) == ("finished", payment.pay_amount * 2)
    assert merchant.received[-1].fields["actually_paid"] == float(payment.pay_amount * 2)
    assert merchant.received[-1].fields["pay_amount"] == float(payment.pay_amount)


async def test_a_late_payer_pays_after_the_payment_expired(
    control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    payment = await create()
    assert (await control.pay_late(payment.payment_id)).status == "finished"
    assert merchant.statuses == ["expired", *PAID]
    other = await create()
    await control.expire(other.payment_id)
    await control.pay_late(other.payment_id)
    assert list((await control.payment(other.payment_id)).history) == ["waiting", "expired", *PAID]


async def test_a_wrong_coin_arrives_as_finished_in_that_coin(
    api: httpx.AsyncClient, control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    payment = await create()
    paid = await control.pay_in(payment.payment_id, "ltc")
    assert (paid.status, paid.asked_currency, paid.pay_currency) == ("finished", "btc", "ltc")
    arrived = merchant.received[-1].fields
    assert (arrived["payment_status"], arrived["pay_currency"], arrived["fee"]["currency"]) == (
        "finished",
        "ltc",
        "ltc",
    )
    assert abs(arrived["actually_paid"] * 84.15 - 30) < 0.01
    assert (await api.get(f"/v1/payment/{payment.payment_id}")).json()["pay_currency"] == "ltc"


async def test_a_further_deposit_may_be_in_another_coin(control: NowPaymentsControl, create: Create) -> None:
    payment = await create()
    await control.pay(payment.payment_id)
    again = await control.pay_again(payment.payment_id, coin="eth", amount=Decimal("0.01"))
    assert (again.pay_currency, again.received) == ("eth", Decimal("0.01"))


async def test_a_payment_fails_is_refunded_or_expires(
    control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    payment = (await create()).payment_id
    assert (await control.fail(payment)).status == "failed"
    assert (await control.refund(payment)).status == "refunded"
    assert (await control.expire(payment)).status == "expired"
    assert merchant.statuses == ["failed", "refunded", "expired"]


async def test_a_status_that_nobody_knows_is_told_like_any_other(
    api: httpx.AsyncClient, control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    payment = (await create()).payment_id
    await control.set_status(payment, "cancelled", steps=("on_hold",))
    assert merchant.statuses == ["on_hold", "cancelled"]
    assert (await api.get(f"/v1/payment/{payment}")).json()["payment_status"] == "cancelled"


async def test_the_steps_may_be_chosen(
    control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    payment = await create()
    await control.pay(payment.payment_id, steps=("finished", "confirming"))
    assert merchant.statuses == ["finished", "confirming"]


async def test_the_steps_may_take_their_time_while_the_caller_goes_on(
    control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    await control.switch(answer_within_seconds=DEADLINE_SECONDS)
    merchant.may_answer.clear()  # the first step is not over before
    payment = await create()
    view = await control.pay(payment.payment_id, step_seconds=0.1, wait=False)
    assert view.status == "waiting"
    assert not await control.settled(0.01)
    merchant.may_answer.set()
    assert await control.settled(30)
    assert merchant.statuses == PAID


async def test_a_notification_may_say_something_else_than_the_truth(
    control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    payment = await create()
    sent = await control.notify(
        payment.payment_id,
        {
            "payment_status": "finished",
            "order_id": "HQADZ-0-NOBODY",
            "actually_paid": 1e-7,
            "payment_extra_ids": [1.5e-7, {"b": 1.0, "a": "é"}],
        },
    )
    arrived = merchant.received[-1]
    assert (arrived.status, arrived.fields["order_id"]) == ("finished", "HQADZ-0-NOBODY")
    assert '"actually_paid":1e-7' in sent.body
    assert '"payment_extra_ids":[1.5e-7,{"b":1,"a":"é"}]' in sent.body
    assert arrived.signature == signature_of(arrived.body, IPN_SECRET)
    assert (await control.payment(payment.payment_id)).status == "waiting"


async def test_a_payment_without_a_callback_is_not_told_of_unless_somewhere_else(
    control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    payment = (await create(ipn_callback_url=None)).payment_id
    await control.pay(payment)
    assert {entry.state for entry in await control.notifications(payment)} == {"withheld"}
    await control.notify(payment, url=merchant.url)
    assert merchant.statuses == ["finished"]


async def test_the_control_says_what_it_cannot_do(control: NowPaymentsControl, create: Create) -> None:
    payment = (await create()).payment_id
    with pytest.raises(ControlError, match="there is no payment 1"):
        await control.pay("1")
    with pytest.raises(ControlError, match="no such notification"):
        await control.resend(payment)
    with pytest.raises(ControlError, match="no doge"):
        await control.pay_in(payment, "doge")
    with pytest.raises(ControlError, match="less than the smallest part"):
        await control.pay_part(payment, amount=Decimal("1e-12"))
    with pytest.raises(ControlError, match="no payment of order X"):
        await control.payment_of("X")
    with pytest.raises(ValueError, match="an amount or a fraction"):
        await control.deposit(payment, Deposit.model_validate({"amount": 1, "fraction": 1}))


async def test_the_client_takes_the_sandboxes_or_the_controls_address(
    sandbox: NowPaymentsSandbox, create: Create
) -> None:
    payment = await create()
    async with NowPaymentsControl(sandbox.control_url) as other:
        assert await other.payments() == [payment]


async def test_a_reset_forgets_all_but_the_numbers_that_were_used(
    api: httpx.AsyncClient, control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    merchant.answers = [500]
    before = await create()
    await control.switch(retry_seconds=3600)
    await control.expire(before.payment_id)
    await control.be_down()
    await control.reset()
    assert await control.settled(0)
    assert (await control.payments(), await control.notifications(), await control.calls()) == ([], [], [])
    assert (await control.switches()).retry_seconds == 0.02
    assert (await api.get("/v1/status")).status_code == 200
    assert (await create()).payment_id != before.payment_id


async def test_the_control_speaks_plain_json_too(sandbox: NowPaymentsSandbox, create: Create) -> None:
    payment = await create()
    url = f"{sandbox.control_url}/payments/{payment.payment_id}/deposit"
    async with httpx.AsyncClient(trust_env=False) as plain:
        assert (await plain.post(url, json={"fraction": "0.5"})).json()["status"] == "partially_paid"
        assert (await plain.post(url, json={"fractoin": 1})).status_code == 422
