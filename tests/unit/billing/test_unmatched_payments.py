"""Unmatched payments: never counted, reported to the operator, limited in number."""

from decimal import Decimal

import pytest

from libs.events.billing import PaymentRefunded
from libs.eventsourcing.testing import scenarios
from services.billing.order.commands import Cancel, Expire, MarkPaid, RecordStatus, Refund
from services.billing.order.domain import ORDER
from services.billing.order.matching import MOST_UNMATCHED, Mismatch
from services.billing.order.payment_state import PaymentState
from services.billing.order.state import Event
from tests.unit.billing.facts import (
    AMOUNT,
    CANCELLED,
    DEPOSIT,
    ETHER,
    FINISHED,
    HALF,
    MARKED_PAID,
    NUMBER,
    ORDER_EXPIRED,
    PAY_BY,
    PLACED,
    REFUNDED,
    REQUEST,
    REQUESTED,
    by_hand,
    changed,
    deposited,
    reported,
    reported_deposit,
    unmatched,
)
from tests.unit.billing.test_order_reports import HISTORIES

order = scenarios(ORDER)

NOTHING = Decimal(0)
SETTLED = (PaymentState.PARTIALLY_PAID, PaymentState.FINISHED)
PAID = reported(PaymentState.FINISHED)
SECOND = changed(PAID, payment="6")
"""A second payment, created for the order after a crash in the middle of the first request."""
SECOND_REPORTED = unmatched(SECOND, "wrong_payment")
REFUNDED_BY_HAND = PaymentRefunded(order=NUMBER, payment=None, reason="sent back", by_hand=True)

MONEY: list[tuple[RecordStatus, Mismatch]] = [
    (SECOND, "wrong_payment"),
    (changed(PAID, payment="6", parent="7"), "wrong_payment"),
    (changed(reported(PaymentState.PARTIALLY_PAID, HALF), payment="6"), "wrong_payment"),
    (changed(reported(PaymentState.FINISHED, ETHER, coin="ETH"), payment="6"), "wrong_payment"),
    (changed(PAID, price=Decimal(29)), "wrong_amount"),
    (changed(PAID, price_currency="EUR"), "wrong_amount"),
    (changed(PAID, amount=HALF), "wrong_amount"),
    (reported(PaymentState.PARTIALLY_PAID, NOTHING), "wrong_amount"),
    (reported(PaymentState.PARTIALLY_PAID, AMOUNT), "wrong_amount"),
    (reported(PaymentState.PARTIALLY_PAID, AMOUNT * 2), "wrong_amount"),
    (reported(PaymentState.FINISHED, NOTHING), "wrong_amount"),
    (reported_deposit(PaymentState.FINISHED, NOTHING), "wrong_amount"),
    (reported_deposit(PaymentState.PARTIALLY_PAID, NOTHING), "wrong_amount"),
    (changed(reported(PaymentState.CONFIRMING), price=Decimal(29)), "wrong_amount"),
    (changed(reported(PaymentState.FAILED, HALF), amount=HALF), "wrong_amount"),
    *(
        (changed(reported(status, HALF), payment="6"), "wrong_payment")
        for status in ("cancelled", *PaymentState)
    ),
]
NO_MONEY: list[tuple[RecordStatus, Mismatch]] = [
    *(
        (changed(reported(status, NOTHING), payment="6"), "wrong_payment")
        for status in ("cancelled", *(state for state in PaymentState if state not in SETTLED))
    ),
    (changed(reported(PaymentState.CONFIRMING, NOTHING), price=Decimal(29)), "wrong_amount"),
    (changed(reported(PaymentState.FAILED, NOTHING), amount=HALF), "wrong_amount"),
]
WITHOUT_PAYMENT: list[tuple[Event, ...]] = [
    (),
    (ORDER_EXPIRED,),
    (CANCELLED,),
    (MARKED_PAID, by_hand(NOTHING, payment=None)),
]


@pytest.mark.parametrize(("report", "why"), MONEY)
def test_an_unmatched_payment_is_reported_once_in_any_state_and_then_refused(
    report: RecordStatus, why: Mismatch
) -> None:
    for history in HISTORIES.values():
        known = order.given(PLACED, REQUESTED, *history)
        known.when(report).then(unmatched(report, why))
        known.when(report, report).refused(why)


@pytest.mark.parametrize(("report", "why"), NO_MONEY)
def test_an_unmatched_payment_without_money_is_refused_and_not_reported(
    report: RecordStatus, why: Mismatch
) -> None:
    for history in HISTORIES.values():
        order.given(PLACED, REQUESTED, *history).when(report).refused(why)


@pytest.mark.parametrize("history", WITHOUT_PAYMENT)
def test_money_for_an_order_without_a_payment_is_reported_once(history: tuple[Event, ...]) -> None:
    without = order.given(PLACED, *history)
    without.when(PAID).then(unmatched(PAID, "wrong_payment"))
    without.when(PAID, PAID).refused("wrong_payment")
    without.when(reported(PaymentState.WAITING, NOTHING)).refused("wrong_payment")


def test_a_deposit_whose_parent_is_a_deposit_is_unmatched() -> None:
    nested = changed(reported_deposit(PaymentState.FINISHED, HALF, "7"), parent=DEPOSIT)
    order.given(PLACED, REQUESTED, deposited(HALF)).when(nested).then(unmatched(nested, "wrong_payment"))


def test_a_different_report_of_the_same_unmatched_payment_is_reported_too() -> None:
    part = changed(reported(PaymentState.PARTIALLY_PAID, HALF), payment="6")
    order.given(PLACED, REQUESTED).when(part, SECOND).then(unmatched(part, "wrong_payment"), SECOND_REPORTED)


def test_the_same_amount_in_a_status_that_does_not_settle_is_not_reported_again() -> None:
    seen, failed = (
        changed(reported(status, HALF), payment="6")
        for status in (PaymentState.CONFIRMING, PaymentState.FAILED)
    )
    known = order.given(PLACED, REQUESTED)
    known.when(seen).then(unmatched(seen, "wrong_payment"))
    known.when(seen, failed).refused("wrong_payment")


def test_the_unmatched_payments_of_one_order_are_limited() -> None:
    several = [changed(SECOND, payment=str(number)) for number in range(MOST_UNMATCHED + 1)]
    full = order.given(PLACED, REQUESTED).when(*several[:-1])
    full.then(*(unmatched(report, "wrong_payment") for report in several[:-1]))
    full.when(several[-1]).refused("wrong_payment")


def test_an_unmatched_payment_does_not_count_for_the_order() -> None:
    known = order.given(PLACED, REQUESTED, SECOND_REPORTED)
    known.when(Expire(PAY_BY)).then(ORDER_EXPIRED)
    known.when(Cancel("ordered twice")).then(CANCELLED)
    known.when(MarkPaid("paid in cash")).then(MARKED_PAID, by_hand(NOTHING))
    known.when(PAID).then(FINISHED)


def test_an_order_remembers_its_unmatched_payments_in_every_state() -> None:
    for history in ((REQUESTED, FINISHED, REFUNDED), (ORDER_EXPIRED, CANCELLED), *WITHOUT_PAYMENT):
        order.given(PLACED, SECOND_REPORTED, *history).when(SECOND).refused("wrong_payment")


def test_an_order_with_an_unmatched_payment_still_gets_its_own() -> None:
    order.given(PLACED, SECOND_REPORTED).when(REQUEST, PAID).then(REQUESTED, FINISHED)


@pytest.mark.parametrize("history", [(), (ORDER_EXPIRED,), (CANCELLED,)])
def test_an_unmatched_payment_may_be_refunded_though_the_order_has_none(history: tuple[Event, ...]) -> None:
    unpaid = order.given(PLACED, *history)
    unpaid.when(Refund("sent back")).refused("nothing_received")
    refunded = unpaid.given(SECOND_REPORTED).when(Refund("sent back"), Refund("sent back"))
    refunded.then(REFUNDED_BY_HAND)
    refunded.when(REQUEST).then(REFUNDED_BY_HAND)


def test_an_unmatched_payment_may_be_refunded_though_the_orders_own_is_unpaid() -> None:
    order.given(PLACED, REQUESTED, SECOND_REPORTED).when(Refund("sent back")).then(
        REFUNDED_BY_HAND.model_copy(update={"payment": REQUESTED.payment})
    )
