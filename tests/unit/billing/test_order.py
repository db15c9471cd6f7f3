"""Decisions on orders: placing, payment requests, expiry, fulfilment."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from libs.events.values import AccountId, AdbotId
from libs.eventsourcing import ImpossibleEvent
from libs.eventsourcing.testing import scenarios
from services.billing.order.commands import Cancel, Expire, MarkFulfilled, MarkPaid, Place, Refund, Review
from services.billing.order.domain import ORDER
from services.billing.order.payment_state import PaymentState
from services.billing.order.state import Event
from services.billing.stock.limits import Limits, Unpaid
from tests.support.plans import BRONZE
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
    NOON,
    ORDER_EXPIRED,
    PAY_BY,
    PLACE,
    PLACED,
    REFUNDED,
    REQUEST,
    REQUESTED,
    SENDING,
    by_hand,
    deposited,
    overpaid,
    reported,
)

order = scenarios(ORDER)

PAID = reported(PaymentState.FINISHED)
MARK_PAID = MarkPaid("paid in cash")
REFUND = Refund("asked for it back")
CANCEL = Cancel("ordered twice")
REVIEW = Review("wrote to the client")
NOTHING = Decimal(0)

# -- placing


def test_a_plan_on_sale_can_be_ordered() -> None:
    order.when(PLACE).then(PLACED)


def test_a_plan_that_is_not_on_sale_is_refused() -> None:
    order.when(replace(PLACE, plan=None)).refused("unknown_plan")


def test_a_duplicate_order_is_a_no_op_even_if_its_plan_is_no_longer_on_sale() -> None:
    order.given(PLACED).when(replace(PLACE, plan=None, pay_by=PAY_BY + timedelta(hours=1))).then()


@pytest.mark.parametrize(
    "other",
    [
        replace(PLACE, account=AccountId(UUID(int=9))),
        replace(PLACE, code="silver"),
        replace(PLACE, coin="ETH"),
        replace(PLACE, renews=AdbotId(UUID(int=3))),
    ],
)
def test_another_order_with_the_same_number_is_refused(other: Place) -> None:
    order.given(PLACED).when(other).refused("order_exists_differently")


@pytest.mark.parametrize(
    "history",
    [(ORDER_EXPIRED,), (REQUESTED, ORDER_EXPIRED), (REQUESTED, EXPIRED, ORDER_EXPIRED)],
)
def test_an_expired_order_can_not_be_placed_again(history: tuple[Event, ...]) -> None:
    order.given(PLACED, *history).when(PLACE).refused("order_expired")


@pytest.mark.parametrize(
    "history",
    [(CANCELLED,), (ORDER_EXPIRED, CANCELLED), (REQUESTED, CANCELLED), (REQUESTED, ORDER_EXPIRED, CANCELLED)],
)
def test_a_cancelled_order_can_not_be_placed_again(history: tuple[Event, ...]) -> None:
    order.given(PLACED, *history).when(PLACE).refused("order_cancelled")


def test_a_duplicate_of_an_order_that_was_paid_late_is_not_refused_as_expired() -> None:
    order.given(PLACED, REQUESTED, ORDER_EXPIRED, FINISHED).when(PLACE).then()


def test_a_plan_is_sold_while_its_sessions_are_in_stock() -> None:
    two = BRONZE.model_copy(update={"sessions": 2})
    for available in (None, 2, 3):
        order.when(replace(PLACE, plan=two, available=available)).then(
            PLACED.model_copy(update={"plan": two})
        )
    for available in (1, 0, -4):
        order.when(replace(PLACE, plan=two, available=available)).refused("insufficient_stock")


LIMITS = Limits(per_account=15, per_address=15, share=0.5)


@pytest.mark.parametrize(
    ("sessions", "available", "unpaid", "placed"),
    [
        (15, 15, Unpaid(together=200), True),
        (20, 20, Unpaid(), True),
        (14, 100, Unpaid(account=1, together=1), True),
        (15, 100, Unpaid(account=1, together=1), False),
        (14, 100, Unpaid(address=1, together=1), True),
        (15, 100, Unpaid(address=1, together=1), False),
        (1, 5, Unpaid(address=4, together=4), False),
        (1, 6, Unpaid(address=4, together=4), True),
        (1, 100, Unpaid(account=1, together=101), False),
    ],
)
def test_a_first_unpaid_order_needs_only_stock_and_further_ones_are_limited(
    sessions: int, available: int, unpaid: Unpaid, *, placed: bool
) -> None:
    plan = BRONZE.model_copy(update={"sessions": sessions})
    wanted = order.when(replace(PLACE, plan=plan, available=available, unpaid=unpaid, limits=LIMITS))
    if placed:
        wanted.then(PLACED.model_copy(update={"plan": plan}))
    else:
        wanted.refused("too_many_unpaid_orders")


def test_insufficient_stock_is_refused_before_too_many_unpaid_orders() -> None:
    unpaid = Unpaid(account=99, address=99, together=99)
    order.when(replace(PLACE, available=0, unpaid=unpaid, limits=LIMITS)).refused("insufficient_stock")


def test_unpaid_orders_do_not_limit_renewals() -> None:
    renewal = replace(PLACE, renews=ADBOT, available=0, unpaid=Unpaid(account=99, together=99), limits=LIMITS)
    order.when(renewal).then(PLACED.model_copy(update={"renews": ADBOT}))


def test_an_order_records_its_origin_as_a_digest() -> None:
    order.when(replace(PLACE, origin="ab" * 16)).then(PLACED.model_copy(update={"origin": "ab" * 16}))


def test_a_renewal_needs_no_stock() -> None:
    renewal = replace(PLACE, renews=ADBOT, available=0)
    order.when(renewal).then(PLACED.model_copy(update={"renews": ADBOT}))


def test_a_price_below_the_coins_minimum_is_refused() -> None:
    for minimum in (None, Decimal("29.99"), Decimal(30)):
        order.when(replace(PLACE, minimum_usd=minimum)).then(PLACED)
    order.when(replace(PLACE, minimum_usd=Decimal("30.01"))).refused("below_minimum")


def test_a_duplicate_order_is_checked_neither_for_stock_nor_for_a_minimum() -> None:
    order.given(PLACED).when(replace(PLACE, minimum_usd=Decimal(31), available=0)).then()


# -- the payment request


def test_the_payment_of_a_placed_order_is_recorded() -> None:
    order.given(PLACED).when(REQUEST).then(REQUESTED)


def test_a_second_payment_of_the_same_order_is_not_recorded() -> None:
    order.given(PLACED, REQUESTED).when(replace(REQUEST, payment="7")).then()


@pytest.mark.parametrize(
    "history", [(ORDER_EXPIRED,), (CANCELLED,), (MARKED_PAID, by_hand(NOTHING, payment=None))]
)
def test_a_payment_requested_for_a_closed_order_is_not_recorded(history: tuple[Event, ...]) -> None:
    order.given(PLACED, *history).when(REQUEST).then()


def test_commands_for_an_unknown_order_are_refused() -> None:
    for command in (REQUEST, PAID, MarkFulfilled(ADBOT), Expire(PAY_BY), MARK_PAID, REFUND, CANCEL, REVIEW):
        order.when(command).refused("unknown_order")


# -- time


@pytest.mark.parametrize("history", [(), (REQUESTED,), (REQUESTED, HALF_PAID), (REQUESTED, FAILED)])
def test_an_order_that_is_not_paid_in_time_expires_once(history: tuple[Event, ...]) -> None:
    late = order.given(PLACED, *history)
    late.when(Expire(NOON)).then()
    late.when(Expire(PAY_BY), Expire(PAY_BY)).then(ORDER_EXPIRED)


@pytest.mark.parametrize(
    "history", [(CONFIRMING,), (CONFIRMED,), (SENDING,), (FINISHED,), (FINISHED, FULFILLED), (REFUNDED,)]
)
def test_an_order_with_a_detected_payment_does_not_expire(history: tuple[Event, ...]) -> None:
    order.given(PLACED, REQUESTED, *history).when(Expire(PAY_BY)).then()


def test_a_deposit_does_not_expire_an_order_with_a_payment_in_progress() -> None:
    order.given(PLACED, REQUESTED, SENDING, deposited(HALF)).when(Expire(PAY_BY)).then()


def test_an_order_that_is_paid_late_is_delivered() -> None:
    order.given(PLACED, REQUESTED, ORDER_EXPIRED).when(PAID).then(FINISHED)
    order.given(PLACED, REQUESTED, ORDER_EXPIRED).when(reported(PaymentState.EXPIRED, NOTHING)).then(EXPIRED)


# -- delivery


def test_a_delivered_order_is_fulfilled_once() -> None:
    order.given(PLACED, REQUESTED, FINISHED).when(MarkFulfilled(ADBOT), MarkFulfilled(ADBOT)).then(FULFILLED)


def test_a_delivery_after_a_refund_changes_nothing() -> None:
    order.given(PLACED, REQUESTED, FINISHED, REFUNDED).when(MarkFulfilled(ADBOT)).then()


@pytest.mark.parametrize("history", [(), (ORDER_EXPIRED,), (REQUESTED,), (REQUESTED, HALF_PAID)])
def test_an_unpaid_order_is_never_fulfilled(history: tuple[Event, ...]) -> None:
    order.given(PLACED, *history).when(MarkFulfilled(ADBOT)).refused("order_unpaid")


def test_a_finished_payment_names_the_adbot_that_it_renews() -> None:
    renewal = PLACED.model_copy(update={"renews": ADBOT})
    order.given(renewal, REQUESTED).when(PAID).then(FINISHED.model_copy(update={"renews": ADBOT}))


@pytest.mark.parametrize(
    "history",
    [
        (REQUESTED,),
        (PLACED, PLACED),
        (PLACED, FINISHED),
        (PLACED, deposited(HALF)),
        (PLACED, REQUESTED, REQUESTED),
        (PLACED, REQUESTED, FULFILLED),
        (PLACED, REQUESTED, overpaid(AMOUNT * 2)),
        (PLACED, REQUESTED, FINISHED, FINISHED),
        (PLACED, REQUESTED, FINISHED, CONFIRMING),
        (PLACED, REQUESTED, FINISHED, HALF_PAID),
        (PLACED, REQUESTED, FINISHED, CANCELLED),
        (PLACED, REQUESTED, FINISHED, ORDER_EXPIRED),
        (PLACED, REQUESTED, FINISHED, FULFILLED, FULFILLED),
        (PLACED, REQUESTED, REFUNDED, REFUNDED),
        (PLACED, REQUESTED, REFUNDED, FINISHED),
        (PLACED, REQUESTED, REFUNDED, FULFILLED),
    ],
)
def test_an_impossible_history_is_an_error(history: tuple[Event, ...]) -> None:
    with pytest.raises(ImpossibleEvent):
        ORDER.fold(history)
