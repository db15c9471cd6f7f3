"""Decisions on an operator's commands: mark paid, refund, cancel, review."""

from decimal import Decimal

import pytest

from libs.events.billing import OrderReviewed
from libs.eventsourcing.testing import scenarios
from services.billing.order.commands import Cancel, Expire, MarkFulfilled, MarkPaid, Refund, Review
from services.billing.order.domain import ORDER
from services.billing.order.payment_state import PaymentState
from services.billing.order.state import Event
from tests.unit.billing.facts import (
    ADBOT,
    AMOUNT,
    CANCELLED,
    CONFIRMED,
    CONFIRMING,
    EXPIRED,
    FAILED,
    FINISHED,
    FULFILLED,
    HALF,
    HALF_PAID,
    MARKED_PAID,
    NUMBER,
    ORDER_EXPIRED,
    PAY_BY,
    PAYMENT,
    PLACED,
    REFUNDED,
    REQUESTED,
    REST,
    SENDING,
    by_hand,
    deposited,
    in_ether,
    overpaid,
    reported,
    reported_deposit,
    uncounted,
    unknown,
    unmatched,
)

order = scenarios(ORDER)

PAID = reported(PaymentState.FINISHED)
MARK_PAID = MarkPaid("paid in cash")
REFUND = Refund("asked for it back")
CANCEL = Cancel("ordered twice")
REVIEW = Review("wrote to the client")
REFUNDED_BY_HAND = REFUNDED.model_copy(update={"reason": "asked for it back", "by_hand": True})
NOTHING = Decimal(0)

# -- marking paid

UNPAID: list[tuple[Event, ...]] = [
    (),
    (CONFIRMING,),
    (SENDING,),
    (FAILED,),
    (EXPIRED, ORDER_EXPIRED),
    (CANCELLED,),
    (in_ether(),),
]


@pytest.mark.parametrize("history", UNPAID)
def test_an_operator_may_mark_an_order_paid_without_received_money(history: tuple[Event, ...]) -> None:
    marked = order.given(PLACED, REQUESTED, *history).when(MARK_PAID)
    marked.then(MARKED_PAID, by_hand(NOTHING))
    marked.when(MARK_PAID).then(MARKED_PAID, by_hand(NOTHING))


@pytest.mark.parametrize("history", [(), (ORDER_EXPIRED,), (CANCELLED,)])
def test_an_order_without_a_payment_may_be_marked_paid(history: tuple[Event, ...]) -> None:
    order.given(PLACED, *history).when(MARK_PAID, MARK_PAID).then(MARKED_PAID, by_hand(NOTHING, payment=None))


def test_an_order_marked_paid_records_the_money_received_before() -> None:
    order.given(PLACED, REQUESTED, HALF_PAID).when(MARK_PAID).then(MARKED_PAID, by_hand(HALF))


def test_an_order_marked_paid_is_delivered_once_whatever_the_provider_reports_later() -> None:
    order.given(PLACED, REQUESTED).when(MARK_PAID, PAID, MarkFulfilled(ADBOT), PAID).then(
        MARKED_PAID, by_hand(NOTHING), deposited(AMOUNT, PAYMENT), FULFILLED
    )


@pytest.mark.parametrize("delivered", [(), (FULFILLED,)])
def test_payments_for_an_order_marked_paid_are_reported_as_far_as_they_are_new(
    delivered: tuple[Event, ...],
) -> None:
    marked_paid = order.given(PLACED, REQUESTED, HALF_PAID, MARKED_PAID, by_hand(HALF), *delivered)
    marked_paid.when(reported(PaymentState.PARTIALLY_PAID, HALF)).then()
    marked_paid.when(PAID, PAID).then(deposited(REST, PAYMENT))


def test_each_part_paid_for_an_order_marked_paid_is_reported_once_until_it_is_overpaid() -> None:
    part, half = reported(PaymentState.PARTIALLY_PAID, HALF / 2), reported(PaymentState.PARTIALLY_PAID, HALF)
    order.given(PLACED, REQUESTED, MARKED_PAID, by_hand(NOTHING)).when(
        part, half, part, PAID, half, reported(PaymentState.FINISHED, AMOUNT * 2), PAID
    ).then(
        deposited(HALF / 2, PAYMENT),
        deposited(HALF / 2, PAYMENT),
        deposited(REST, PAYMENT),
        overpaid(AMOUNT * 2),
    )


def test_a_deposit_to_an_order_marked_paid_and_then_paid_is_an_overpayment() -> None:
    order.given(PLACED, REQUESTED, MARKED_PAID, by_hand(NOTHING)).when(
        PAID, reported_deposit(PaymentState.FINISHED, HALF)
    ).then(deposited(AMOUNT, PAYMENT), deposited(HALF), overpaid(AMOUNT + HALF))


def test_money_received_after_marking_paid_is_not_reported_again_after_the_refund() -> None:
    order.given(PLACED, REQUESTED, MARKED_PAID, by_hand(NOTHING), deposited(AMOUNT, PAYMENT)).when(
        REFUND, PAID
    ).then(REFUNDED_BY_HAND)


def test_marking_a_paid_order_paid_is_a_no_op_and_a_refunded_one_is_refused() -> None:
    order.given(PLACED, REQUESTED, FINISHED).when(MARK_PAID).then()
    order.given(PLACED, REQUESTED, FINISHED, FULFILLED).when(MARK_PAID).then()
    order.given(PLACED, REQUESTED, FINISHED, REFUNDED).when(MARK_PAID).refused("order_refunded")


def test_no_payment_is_adopted_by_an_order_marked_paid_without_one() -> None:
    marked_paid = order.given(PLACED, MARKED_PAID, by_hand(NOTHING, payment=None))
    marked_paid.when(PAID).then(unmatched(PAID, "wrong_payment"))
    marked_paid.when(PAID, PAID).refused("wrong_payment")


# -- refunding

WITH_MONEY: list[tuple[Event, ...]] = [
    (HALF_PAID,),
    (CONFIRMING,),
    (SENDING,),
    (CONFIRMING, deposited(HALF)),
    (uncounted(reported(PaymentState.FAILED, HALF)), FAILED),
    (uncounted(reported(PaymentState.EXPIRED, HALF)), EXPIRED, ORDER_EXPIRED),
    (uncounted(reported("cancelled", HALF)), unknown()),
    (uncounted(reported_deposit(PaymentState.CONFIRMING, HALF)),),
    (uncounted(reported_deposit(PaymentState.FAILED, HALF)),),
    (in_ether(),),
    (CANCELLED, HALF_PAID),
    (FINISHED,),
    (FINISHED, FULFILLED),
    (FINISHED, overpaid(AMOUNT * 2)),
    (MARKED_PAID, by_hand(NOTHING)),
]


@pytest.mark.parametrize("history", WITH_MONEY)
def test_received_money_may_be_refunded_once(history: tuple[Event, ...]) -> None:
    order.given(PLACED, REQUESTED, *history).when(REFUND, REFUND).then(REFUNDED_BY_HAND)


def test_an_order_marked_paid_without_a_payment_may_be_refunded() -> None:
    order.given(PLACED, MARKED_PAID, by_hand(NOTHING, payment=None)).when(REFUND).then(
        REFUNDED_BY_HAND.model_copy(update={"payment": None})
    )


@pytest.mark.parametrize("end", [(FAILED,), (EXPIRED, ORDER_EXPIRED), (CANCELLED, FAILED)])
def test_detected_money_may_be_refunded_though_its_payment_failed_without_an_amount(
    end: tuple[Event, ...],
) -> None:
    order.given(PLACED, REQUESTED, CONFIRMING, *end).when(REFUND).then(REFUNDED_BY_HAND)


@pytest.mark.parametrize(
    "history", [(), (ORDER_EXPIRED,), (REQUESTED,), (REQUESTED, FAILED), (REQUESTED, EXPIRED, ORDER_EXPIRED)]
)
def test_an_order_without_received_money_can_not_be_refunded(history: tuple[Event, ...]) -> None:
    order.given(PLACED, *history).when(REFUND).refused("nothing_received")


def test_a_refund_by_hand_prevents_delivery_and_the_providers_refund_is_a_no_op() -> None:
    refund = reported(PaymentState.REFUNDED)
    order.given(PLACED, REQUESTED, FINISHED).when(REFUND, refund, PAID, MarkFulfilled(ADBOT)).then(
        REFUNDED_BY_HAND
    )
    order.given(PLACED, REQUESTED, FINISHED, REFUNDED).when(REFUND).then()


@pytest.mark.parametrize(
    ("history", "received"),
    [
        ((HALF_PAID,), REST),
        ((in_ether(),), AMOUNT),
        ((MARKED_PAID, by_hand(NOTHING), FULFILLED), AMOUNT),
    ],
)
def test_money_received_after_a_refund_by_hand_is_reported_once_and_delivers_nothing(
    history: tuple[Event, ...], received: Decimal
) -> None:
    refunded = order.given(PLACED, REQUESTED, *history, REFUNDED_BY_HAND)
    refunded.when(PAID, PAID).then(deposited(received, PAYMENT))


def test_a_late_report_after_the_providers_refund_is_no_new_money() -> None:
    back = reported(PaymentState.REFUNDED)
    order.given(PLACED, REQUESTED, HALF_PAID, uncounted(back, REST), REFUNDED).when(PAID).then()


# -- cancelling


@pytest.mark.parametrize(
    "history",
    [
        (),
        (ORDER_EXPIRED,),
        (REQUESTED,),
        (REQUESTED, HALF_PAID),
        (REQUESTED, FAILED),
        (REQUESTED, EXPIRED, ORDER_EXPIRED),
    ],
)
def test_an_unpaid_order_may_be_cancelled_once(history: tuple[Event, ...]) -> None:
    order.given(PLACED, *history).when(CANCEL, CANCEL).then(CANCELLED)


@pytest.mark.parametrize("seen", [CONFIRMING, CONFIRMED, SENDING])
def test_an_order_with_a_payment_in_progress_can_not_be_cancelled(seen: Event) -> None:
    order.given(PLACED, REQUESTED, seen).when(CANCEL).refused("money_on_the_way")


def test_a_paid_order_can_not_be_cancelled_and_cancelling_a_refunded_one_is_a_no_op() -> None:
    order.given(PLACED, REQUESTED, FINISHED).when(CANCEL).refused("order_paid")
    order.given(PLACED, REQUESTED, FINISHED, FULFILLED).when(CANCEL).refused("order_paid")
    order.given(PLACED, REQUESTED, FINISHED, REFUNDED).when(CANCEL).then()


def test_a_cancelled_order_does_not_expire_and_is_still_delivered_if_it_is_paid() -> None:
    cancelled = order.given(PLACED, REQUESTED, CANCELLED)
    cancelled.when(Expire(PAY_BY)).then()
    cancelled.when(reported(PaymentState.EXPIRED, NOTHING)).then(EXPIRED)
    cancelled.when(PAID).then(FINISHED)


# -- reviewing


@pytest.mark.parametrize(
    "history",
    [
        (),
        (ORDER_EXPIRED,),
        (REQUESTED, in_ether(), unknown()),
        (REQUESTED, FINISHED, overpaid(AMOUNT * 2)),
        (REQUESTED, FINISHED, FULFILLED, REFUNDED),
    ],
)
def test_an_operator_may_review_an_order_repeatedly(history: tuple[Event, ...]) -> None:
    reviewed = OrderReviewed(order=NUMBER, note="wrote to the client")
    order.given(PLACED, *history).when(REVIEW, REVIEW).then(reviewed, reviewed)


def test_a_refund_records_whether_the_adbot_keeps_its_sessions() -> None:
    without_release = REFUNDED_BY_HAND.model_copy(update={"keep_sessions": True})
    keeping = Refund("asked for it back", keep_sessions=True)
    order.given(PLACED, REQUESTED, FINISHED).when(REFUND).then(REFUNDED_BY_HAND)
    order.given(PLACED, REQUESTED, FINISHED).when(keeping).then(without_release)
