"""What follows from what, for an order and its payment."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.events.billing import PaymentFinished
from libs.events.values import AccountId, AdbotId
from libs.eventsourcing.decider import ImpossibleEvent
from libs.eventsourcing.testing import scenarios
from services.billing.order.domain import (
    ORDER,
    Expire,
    MarkFulfilled,
    Place,
    RecordPaymentRequest,
    RecordStatus,
)
from services.billing.order.state import STEP, Awaiting, Event, PaymentState
from tests.unit.billing.facts import (
    ACCOUNT,
    ADBOT,
    AMOUNT,
    BRONZE,
    CONFIRMED,
    CONFIRMING,
    EXPIRED,
    FAILED,
    FINISHED,
    FULFILLED,
    HALF,
    HALF_PAID,
    NOON,
    NUMBER,
    ORDER_EXPIRED,
    PAY_BY,
    PAYMENT,
    PLACED,
    REFUNDED,
    REQUESTED,
    SENDING,
)

order = scenarios(ORDER)

PLACE = Place(
    order=NUMBER,
    account=ACCOUNT,
    email="client@example.org",
    code="bronze",
    plan=BRONZE,
    coin="BTC",
    renews=None,
    pay_by=PAY_BY,
)
REQUEST = RecordPaymentRequest(
    provider="nowpayments",
    payment=PAYMENT,
    address="3SandboxAddress",
    memo=None,
    amount=AMOUNT,
    expires_at=PAY_BY,
)


def told(status: PaymentState | None, paid: Decimal = AMOUNT) -> RecordStatus:
    return RecordStatus(
        payment=PAYMENT,
        parent=None,
        status=status,
        price=Decimal("30.0"),
        price_currency="USD",
        amount=AMOUNT,
        paid=paid,
        coin="BTC",
    )


PAID = told(PaymentState.FINISHED)

# -- placing


def test_a_plan_on_sale_can_be_ordered() -> None:
    order.when(PLACE).then(PLACED)


def test_a_plan_that_is_not_on_sale_is_refused() -> None:
    order.when(replace(PLACE, plan=None)).refused("unknown_plan")


def test_the_same_order_again_changes_nothing_even_if_its_plan_is_no_longer_on_sale() -> None:
    order.given(PLACED).when(replace(PLACE, plan=None, pay_by=PAY_BY + timedelta(hours=1))).then()


@pytest.mark.parametrize(
    "other",
    [
        replace(PLACE, account=AccountId(UUID(int=9))),
        replace(PLACE, email="other@example.org"),
        replace(PLACE, code="silver"),
        replace(PLACE, coin="ETH"),
        replace(PLACE, renews=AdbotId(UUID(int=3))),
    ],
)
def test_another_order_of_the_same_number_is_refused(other: Place) -> None:
    order.given(PLACED).when(other).refused("order_exists_differently")


def test_an_order_that_lapsed_without_a_payment_is_not_taken_up_again() -> None:
    order.given(PLACED, ORDER_EXPIRED).when(PLACE).refused("order_expired")


# -- the payment request


def test_the_payment_of_a_placed_order_is_recorded() -> None:
    order.given(PLACED).when(REQUEST).then(REQUESTED)


def test_a_second_payment_of_the_same_order_is_not_recorded() -> None:
    order.given(PLACED, REQUESTED).when(replace(REQUEST, payment="7")).then()


def test_a_payment_that_came_after_the_order_lapsed_is_not_recorded() -> None:
    order.given(PLACED, ORDER_EXPIRED).when(REQUEST).then()


def test_nothing_is_recorded_for_an_order_that_does_not_exist() -> None:
    for command in (REQUEST, PAID, MarkFulfilled(ADBOT), Expire(PAY_BY)):
        order.when(command).refused("unknown_order")


# -- every status in every state

HISTORIES: dict[str, tuple[Event, ...]] = {
    "waiting": (),
    "confirming": (CONFIRMING,),
    "confirmed": (CONFIRMING, CONFIRMED),
    "sending": (CONFIRMED, SENDING),
    "half paid": (CONFIRMED, HALF_PAID),
    "failed": (FAILED,),
    "expired": (EXPIRED, ORDER_EXPIRED),
    "paid": (FINISHED,),
    "fulfilled": (FINISHED, FULFILLED),
    "refunded": (FINISHED, REFUNDED),
}
STATUSES: list[PaymentState | None] = [*PaymentState, None]
SAID: dict[str, tuple[Event, ...]] = {
    ".": (),
    "c": (CONFIRMING,),
    "C": (CONFIRMED,),
    "s": (SENDING,),
    "h": (HALF_PAID,),
    "f": (FAILED,),
    "e": (EXPIRED, ORDER_EXPIRED),
    "F": (FINISHED,),
    "R": (REFUNDED,),
}
FOLLOWS = {  # the columns: the statuses in the order in which PaymentState lists them, then an unknown one
    "waiting": ".cCshfeFR.",
    "confirming": "..CshfeFR.",
    "confirmed": "...shfeFR.",
    "sending": "....hfeFR.",
    "half paid": ".....feFR.",
    "failed": ".......FR.",
    "expired": ".......FR.",
    "paid": "........R.",
    "fulfilled": "........R.",
    "refunded": "..........",
}


@pytest.mark.parametrize(
    ("history", "status", "said"),
    [
        pytest.param(history, status, said, id=f"{status or 'unknown'} while {history}")
        for history, row in FOLLOWS.items()
        for status, said in zip(STATUSES, row, strict=True)
    ],
)
def test_every_status_in_every_state(history: str, status: PaymentState | None, said: str) -> None:
    paid = HALF if status is PaymentState.PARTIALLY_PAID else AMOUNT
    order.given(PLACED, REQUESTED, *HISTORIES[history]).when(told(status, paid)).then(*SAID[said])


@settings(deadline=None)
@given(st.lists(st.sampled_from(STATUSES), max_size=30))
def test_however_notifications_come_payments_never_go_back_and_finish_at_most_once(
    statuses: list[PaymentState | None],
) -> None:
    state = order.given(PLACED, REQUESTED).state()
    finished, step = 0, 0
    for status in statuses:
        paid = HALF if status is PaymentState.PARTIALLY_PAID else AMOUNT
        events = ORDER.decide(told(status, paid), state)
        state = ORDER.fold(events, state)
        finished += sum(isinstance(event, PaymentFinished) for event in events)
        if isinstance(state, Awaiting):
            assert STEP[state.state] >= step
            step = STEP[state.state]
    refunds = [at for at, status in enumerate(statuses) if status is PaymentState.REFUNDED]
    counted = statuses[: refunds[0]] if refunds else statuses
    assert finished == (PaymentState.FINISHED in counted)


# -- money


def test_a_partial_payment_tells_what_is_missing_and_delivers_nothing() -> None:
    order.given(PLACED, REQUESTED).when(told(PaymentState.PARTIALLY_PAID, HALF)).then(HALF_PAID)


def test_a_larger_part_is_told_and_a_smaller_one_is_old_news() -> None:
    more, less = Decimal("0.0004"), Decimal("0.0001")
    half_paid = order.given(PLACED, REQUESTED, HALF_PAID)
    half_paid.when(told(PaymentState.PARTIALLY_PAID, less)).then()
    half_paid.when(told(PaymentState.PARTIALLY_PAID, more)).then(
        HALF_PAID.model_copy(update={"paid": more, "missing": AMOUNT - more})
    )


@pytest.mark.parametrize("paid", [Decimal(0), AMOUNT, AMOUNT * 2])
def test_a_part_that_is_no_part_is_refused(paid: Decimal) -> None:
    order.given(PLACED, REQUESTED).when(told(PaymentState.PARTIALLY_PAID, paid)).refused("wrong_amount")


def test_what_is_finished_with_less_than_was_asked_for_is_refused() -> None:
    order.given(PLACED, REQUESTED).when(told(PaymentState.FINISHED, HALF)).refused("wrong_amount")


def test_an_overpayment_delivers_and_says_what_came() -> None:
    order.given(PLACED, REQUESTED).when(told(PaymentState.FINISHED, AMOUNT * 2)).then(
        FINISHED.model_copy(update={"paid": AMOUNT * 2})
    )


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (replace(PAID, payment="6"), "wrong_payment"),
        (replace(PAID, payment="6", parent="7"), "wrong_payment"),
        (replace(PAID, price=Decimal(29)), "wrong_amount"),
        (replace(PAID, price_currency="EUR"), "wrong_amount"),
        (replace(PAID, amount=HALF), "wrong_amount"),
        (replace(PAID, coin="ETH"), "wrong_coin"),
        (replace(PAID, coin=None), "wrong_coin"),
    ],
)
def test_what_was_not_asked_for_is_refused_in_any_state(command: RecordStatus, code: str) -> None:
    order.given(PLACED, REQUESTED).when(command).refused(code)
    order.given(PLACED, REQUESTED, FINISHED).when(command).refused(code)


def test_a_payment_of_an_order_that_has_none_yet_is_refused() -> None:
    order.given(PLACED).when(PAID).refused("wrong_payment")
    order.given(PLACED, ORDER_EXPIRED).when(PAID).refused("wrong_payment")


def test_a_repeated_deposit_is_a_payment_of_its_own_and_delivers_nothing() -> None:
    deposit = replace(PAID, payment="6", parent=PAYMENT, amount=Decimal("0.1"), paid=Decimal("0.1"))
    for history in HISTORIES.values():
        order.given(PLACED, REQUESTED, *history).when(deposit).then()


def test_a_refund_comes_once_and_nothing_after_it() -> None:
    refund = told(PaymentState.REFUNDED)
    order.given(PLACED, REQUESTED, FINISHED).when(refund, refund, PAID).then(REFUNDED)


# -- time


@pytest.mark.parametrize("history", [(), (REQUESTED,), (REQUESTED, HALF_PAID), (REQUESTED, FAILED)])
def test_an_order_that_is_not_paid_in_time_expires_once(history: tuple[Event, ...]) -> None:
    late = order.given(PLACED, *history)
    late.when(Expire(NOON)).then()
    late.when(Expire(PAY_BY), Expire(PAY_BY)).then(ORDER_EXPIRED)


@pytest.mark.parametrize(
    "history", [(CONFIRMING,), (CONFIRMED,), (SENDING,), (FINISHED,), (FINISHED, FULFILLED), (REFUNDED,)]
)
def test_an_order_whose_money_was_seen_does_not_expire(history: tuple[Event, ...]) -> None:
    order.given(PLACED, REQUESTED, *history).when(Expire(PAY_BY)).then()


def test_a_late_payer_is_delivered_to() -> None:
    order.given(PLACED, REQUESTED, ORDER_EXPIRED).when(PAID).then(FINISHED)
    order.given(PLACED, REQUESTED, ORDER_EXPIRED).when(told(PaymentState.EXPIRED)).then(EXPIRED)


# -- delivery


def test_a_delivered_order_is_fulfilled_once() -> None:
    order.given(PLACED, REQUESTED, FINISHED).when(MarkFulfilled(ADBOT), MarkFulfilled(ADBOT)).then(FULFILLED)


def test_a_delivery_after_a_refund_changes_nothing() -> None:
    order.given(PLACED, REQUESTED, FINISHED, REFUNDED).when(MarkFulfilled(ADBOT)).then()


@pytest.mark.parametrize("history", [(), (ORDER_EXPIRED,), (REQUESTED,), (REQUESTED, HALF_PAID)])
def test_an_unpaid_order_is_never_fulfilled(history: tuple[Event, ...]) -> None:
    order.given(PLACED, *history).when(MarkFulfilled(ADBOT)).refused("order_unpaid")


@pytest.mark.parametrize(
    "history",
    [
        (REQUESTED,),
        (PLACED, PLACED),
        (PLACED, FINISHED),
        (PLACED, REQUESTED, REQUESTED),
        (PLACED, REQUESTED, FULFILLED),
        (PLACED, REQUESTED, FINISHED, FINISHED),
        (PLACED, REQUESTED, FINISHED, CONFIRMING),
        (PLACED, REQUESTED, REFUNDED, REFUNDED),
    ],
)
def test_a_history_that_can_not_be_is_loud(history: tuple[Event, ...]) -> None:
    with pytest.raises(ImpossibleEvent):
        ORDER.fold(history)
