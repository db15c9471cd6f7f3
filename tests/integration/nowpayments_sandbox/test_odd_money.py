"""Money that comes oddly, and notices that say less or something newer than they might."""

import asyncio
from decimal import Decimal

import httpx
import pytest

from sandbox.nowpayments import NowPaymentsControl
from tests.integration.nowpayments_sandbox.conftest import IPN_SECRET, Create
from tests.integration.nowpayments_sandbox.merchant import Merchant, signature_of

HALF = Decimal("0.5")


async def test_a_further_deposit_ends_as_the_account_is_set(
    control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    payment = await create()
    await control.pay_part(payment.payment_id)
    assert (await control.pay_again(payment.payment_id)).status == "finished"
    await control.switch(redeposits="partially_paid")
    again = await control.pay_again(payment.payment_id, amount=payment.pay_amount / 2)
    assert (again.status, again.parent_payment_id) == ("partially_paid", payment.payment_id)
    arrived = merchant.received[-1].fields
    assert arrived["payment_status"] == "partially_paid"
    assert arrived["actually_paid"] == arrived["pay_amount"] == float(again.received)


@pytest.mark.parametrize("ends", ["failed", "expired"])
async def test_a_payment_or_a_deposit_may_come_to_nothing_with_its_money(
    api: httpx.AsyncClient, control: NowPaymentsControl, create: Create, merchant: Merchant, ends: str
) -> None:
    payment = await create()
    for parent in (None, payment.payment_id):
        lost = await control.pay_and_fail(payment.payment_id, ends, fraction=HALF)
        assert lost.parent_payment_id == parent
        assert lost.status == ends
        answer = (await api.get(f"/v1/payment/{lost.payment_id}")).json()
        assert (answer["payment_status"], answer["actually_paid"]) == (ends, 0.00023346)
        assert merchant.statuses[-2:] == ["confirming", ends]
        assert merchant.received[-1].fields["actually_paid"] == 0.00023346


async def test_what_comes_late_was_not_there_when_the_payment_expired(
    control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    payment = await create()
    await control.pay_late(payment.payment_id)
    expired, *_, finished = merchant.received
    assert (expired.status, expired.fields["actually_paid"]) == ("expired", 0)
    assert (finished.status, finished.fields["actually_paid"]) == ("finished", 0.00046692)


async def test_notices_leave_out_or_null_what_they_are_told_to(
    control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    payment = await create()
    await control.pay(payment.payment_id, leave_out=("actually_paid",), null=("order_id",))
    await control.switch(leave_out=("order_id",), null=("pay_amount",))
    await control.notify(payment.payment_id)
    for arrived in merchant.received[:-1]:
        assert "actually_paid" not in arrived.fields
        assert arrived.fields["order_id"] is None
    last = merchant.received[-1].fields
    assert "order_id" not in last
    assert (last["pay_amount"], last["actually_paid"]) == (None, 0.00046692)
    assert all(arrived.signature == signature_of(arrived.body, IPN_SECRET) for arrived in merchant.received)


async def test_a_late_notice_carries_the_newest_state_if_that_is_switched_on(
    control: NowPaymentsControl, create: Create, merchant: Merchant, retry_time: asyncio.Event
) -> None:
    await control.switch(newest=True)
    merchant.answers = [500, 200, 200, 200, 200]
    payment = await create()
    await control.pay(payment.payment_id)
    retry_time.set()
    assert await control.settled()
    assert merchant.statuses == ["confirming", "confirmed", "sending", "finished", "finished"]
    assert merchant.received[4].signature == signature_of(merchant.received[4].body, IPN_SECRET)
    [first, *_] = await control.notifications(payment.payment_id)
    assert (first.status, [attempt.answered for attempt in first.attempts]) == ("finished", [500, 200])


async def test_notices_that_are_shuffled_all_carry_the_newest_state_then(
    control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    await control.switch(newest=True)
    await control.pay((await create()).payment_id, order="shuffled", repeat=2)
    assert merchant.statuses == ["finished"] * 8
