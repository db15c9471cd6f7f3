"""What follows from what the provider reports: every kind of report, whatever became of the order."""

from dataclasses import replace
from decimal import Decimal

import pytest

from libs.eventsourcing.testing import scenarios
from services.billing.order.domain import ORDER
from services.billing.order.reports import RecordStatus
from services.billing.order.state import Event, PaymentState
from tests.unit.billing.facts import (
    AMOUNT,
    CANCELLED,
    CONFIRMED,
    CONFIRMING,
    DEPOSIT,
    ETHER,
    EXPIRED,
    FAILED,
    FINISHED,
    FULFILLED,
    HALF,
    HALF_PAID,
    MARKED_PAID,
    ORDER_EXPIRED,
    PAYMENT,
    PLACED,
    REFUNDED,
    REQUESTED,
    REST,
    SENDING,
    by_hand,
    deposited,
    finished,
    in_ether,
    overpaid,
    part_paid,
    told,
    told_of_deposit,
    unknown,
)

order = scenarios(ORDER)

PAID = told(PaymentState.FINISHED)
TWICE = AMOUNT * 2

# -- every report in every state

HISTORIES: dict[str, tuple[Event, ...]] = {
    "waiting": (),
    "confirming": (CONFIRMING,),
    "confirmed": (CONFIRMING, CONFIRMED),
    "sending": (CONFIRMED, SENDING),
    "half paid": (CONFIRMED, HALF_PAID),
    "failed": (FAILED,),
    "expired": (EXPIRED, ORDER_EXPIRED),
    "not paid in time": (ORDER_EXPIRED,),
    "cancelled": (CANCELLED,),
    "paid": (FINISHED,),
    "fulfilled": (FINISHED, FULFILLED),
    "called paid": (MARKED_PAID, by_hand(Decimal(0))),
    "refunded": (FINISHED, REFUNDED),
}
REPORTS: list[tuple[str, RecordStatus]] = [
    ("waiting", told(PaymentState.WAITING, Decimal(0))),
    ("confirming", told(PaymentState.CONFIRMING)),
    ("confirmed", told(PaymentState.CONFIRMED)),
    ("sending", told(PaymentState.SENDING)),
    ("a half", told(PaymentState.PARTIALLY_PAID, HALF)),
    ("failed", told(PaymentState.FAILED, Decimal(0))),
    ("expired", told(PaymentState.EXPIRED, Decimal(0))),
    ("finished", PAID),
    ("finished with a half", told(PaymentState.FINISHED, HALF)),
    ("finished with twice as much", told(PaymentState.FINISHED, TWICE)),
    ("refunded", told(PaymentState.REFUNDED)),
    ("an unknown status", told("cancelled")),
    ("finished in another coin", told(PaymentState.FINISHED, ETHER, coin="ETH")),
    ("a part in another coin", told(PaymentState.PARTIALLY_PAID, ETHER, coin="ETH")),
    ("confirming in another coin", told(PaymentState.CONFIRMING, ETHER, coin="ETH")),
    ("a deposit on its way", told_of_deposit(PaymentState.CONFIRMING, REST)),
    ("a deposit of the rest", told_of_deposit(PaymentState.FINISHED, REST)),
    ("a deposit in another coin", told_of_deposit(PaymentState.FINISHED, ETHER, coin="ETH")),
    ("a deposit of unknown status", told_of_deposit("cancelled", REST)),
]
SAID: dict[str, tuple[Event, ...]] = {
    ".": (),
    "c": (CONFIRMING,),
    "C": (CONFIRMED,),
    "s": (SENDING,),
    "h": (HALF_PAID,),
    "f": (FAILED,),
    "e": (EXPIRED, ORDER_EXPIRED),
    "E": (EXPIRED,),
    "F": (FINISHED,),
    "T": (finished(TWICE), overpaid(TWICE)),
    "O": (overpaid(TWICE),),
    "R": (REFUNDED,),
    "u": (unknown(),),
    "w": (in_ether(),),
    "d": (deposited(REST),),
    "p": (deposited(REST), part_paid(REST)),
    "P": (deposited(REST), FINISHED),
    "o": (deposited(REST), overpaid(AMOUNT + REST)),
    "W": (in_ether(DEPOSIT),),
    "U": (unknown(DEPOSIT),),
    "a": (deposited(HALF, PAYMENT),),
    "A": (deposited(AMOUNT, PAYMENT),),
}
FOLLOWS = {  # the columns: the reports, in the order above
    "waiting": ".cCshfeFhTRuww..pWU",
    "confirming": "..CshfeFhTRuww..dWU",
    "confirmed": "...shfeFhTRuww..dWU",
    "sending": "....hfeFhTRuww..dWU",
    "half paid": ".....feF.TRuww..PWU",
    "failed": "....h..FhTRuww..pWU",
    "expired": "....h..FhTRuww..pWU",
    "not paid in time": ".cCshfEFhTRuww..pWU",
    "cancelled": ".cCshfEFhTRuww..pWU",
    "paid": ".........ORuww..oWU",
    "fulfilled": ".........ORuww..oWU",
    "called paid": "....a..AaORuww..dWU",
    "refunded": "...........uww..dWU",
}


@pytest.mark.parametrize(
    ("history", "report", "said"),
    [
        pytest.param(history, report, said, id=f"{name} while {history}")
        for history, row in FOLLOWS.items()
        for (name, report), said in zip(REPORTS, row, strict=True)
    ],
)
def test_every_report_in_every_state_and_again(history: str, report: RecordStatus, said: str) -> None:
    known = order.given(PLACED, REQUESTED, *HISTORIES[history])
    known.when(report).then(*SAID[said])
    known.when(report, report).then(*SAID[said])


# -- money


def test_a_larger_part_is_told_and_a_smaller_one_is_old_news() -> None:
    more, less = Decimal("0.0004"), Decimal("0.0001")
    half_paid = order.given(PLACED, REQUESTED, HALF_PAID)
    half_paid.when(told(PaymentState.PARTIALLY_PAID, less)).then()
    half_paid.when(told(PaymentState.PARTIALLY_PAID, more)).then(part_paid(more))


def test_deposits_are_added_up_until_they_pay_the_order() -> None:
    tenth = AMOUNT / 10
    order.given(PLACED, REQUESTED, HALF_PAID).when(
        told_of_deposit(PaymentState.FINISHED, tenth, "6"),
        told_of_deposit(PaymentState.FINISHED, REST - tenth, "7"),
    ).then(deposited(tenth, "6"), part_paid(HALF + tenth), deposited(REST - tenth, "7"), FINISHED)


def test_deposits_that_are_too_much_pay_the_order_and_are_told_of_each_time() -> None:
    order.given(PLACED, REQUESTED, HALF_PAID).when(
        told_of_deposit(PaymentState.FINISHED, AMOUNT, "6"), told_of_deposit(PaymentState.FINISHED, HALF, "7")
    ).then(
        deposited(AMOUNT, "6"),
        finished(AMOUNT + HALF),
        overpaid(AMOUNT + HALF),
        deposited(HALF, "7"),
        overpaid(AMOUNT + HALF * 2),
    )


def test_a_deposit_that_alone_is_enough_pays_an_order_whose_payment_never_came() -> None:
    order.given(PLACED, REQUESTED, EXPIRED, ORDER_EXPIRED).when(
        told_of_deposit(PaymentState.FINISHED, AMOUNT)
    ).then(deposited(AMOUNT), FINISHED)


def test_a_deposit_heard_of_before_the_part_that_it_completes_pays_the_order_all_the_same() -> None:
    order.given(PLACED, REQUESTED).when(
        told_of_deposit(PaymentState.FINISHED, REST), told(PaymentState.PARTIALLY_PAID, HALF)
    ).then(deposited(REST), part_paid(REST), FINISHED)


def test_while_the_payment_is_on_its_way_a_deposit_is_not_called_too_little() -> None:
    on_the_way = order.given(PLACED, REQUESTED, SENDING).when(told_of_deposit(PaymentState.FINISHED, REST))
    on_the_way.then(deposited(REST))
    on_the_way.when(PAID).then(deposited(REST), finished(AMOUNT + REST), overpaid(AMOUNT + REST))
    on_the_way.when(told(PaymentState.FAILED)).then(deposited(REST), part_paid(REST), FAILED)
    on_the_way.when(told(PaymentState.PARTIALLY_PAID, HALF)).then(deposited(REST), FINISHED)


def test_what_is_finished_with_too_little_counts_and_the_rest_may_follow() -> None:
    order.given(PLACED, REQUESTED).when(
        told(PaymentState.FINISHED, HALF), told_of_deposit(PaymentState.FINISHED, REST)
    ).then(HALF_PAID, deposited(REST), FINISHED)


def test_the_rest_of_an_order_called_paid_is_no_overpayment_and_more_than_that_is() -> None:
    called_paid = order.given(PLACED, REQUESTED, HALF_PAID, MARKED_PAID, by_hand(HALF))
    called_paid.when(told_of_deposit(PaymentState.FINISHED, REST, "6")).then(deposited(REST, "6"))
    called_paid.when(
        told_of_deposit(PaymentState.FINISHED, REST, "6"), told_of_deposit(PaymentState.FINISHED, HALF, "7")
    ).then(deposited(REST, "6"), deposited(HALF, "7"), overpaid(AMOUNT + HALF))


# -- what is odd


def test_money_in_another_coin_is_told_of_once_for_each_payment() -> None:
    order.given(PLACED, REQUESTED).when(
        told(PaymentState.PARTIALLY_PAID, ETHER, coin="ETH"),
        told(PaymentState.FINISHED, ETHER * 2, coin="ETH"),
        told_of_deposit(PaymentState.FINISHED, ETHER, "6", coin="ETH"),
    ).then(in_ether(), in_ether("6"))


def test_a_coin_that_is_not_sold_for_is_another_coin() -> None:
    unheard_of = replace(told(PaymentState.FINISHED, ETHER, coin="DOGE"), coin=None)
    said = in_ether().model_copy(update={"currency": "doge"})
    order.given(PLACED, REQUESTED).when(unheard_of).then(said)


def test_money_in_the_right_coin_still_pays_after_some_in_another() -> None:
    order.given(PLACED, REQUESTED, in_ether()).when(PAID).then(FINISHED)


def test_what_came_in_another_coin_may_be_given_back_by_the_provider() -> None:
    order.given(PLACED, REQUESTED, in_ether()).when(told(PaymentState.REFUNDED, ETHER, coin="ETH")).then(
        REFUNDED
    )


def test_each_unknown_status_of_each_payment_is_told_of_once() -> None:
    order.given(PLACED, REQUESTED).when(
        told("cancelled"), told("hacked"), told("cancelled"), told_of_deposit("hacked", HALF)
    ).then(unknown(), unknown(status="hacked"), unknown(DEPOSIT, "hacked"))


def test_a_refund_comes_once_and_nothing_is_delivered_after_it() -> None:
    refund = told(PaymentState.REFUNDED)
    order.given(PLACED, REQUESTED, FINISHED).when(refund, refund, PAID).then(REFUNDED)
    order.given(PLACED, REQUESTED).when(refund, PAID).then(REFUNDED)
