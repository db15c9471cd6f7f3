"""Decisions on the provider's reports: every kind of report in every state of the order."""

from dataclasses import replace
from decimal import Decimal

import pytest

from libs.eventsourcing.testing import scenarios
from services.billing.order.commands import RecordStatus
from services.billing.order.domain import ORDER
from services.billing.order.payment_state import PaymentState
from services.billing.order.settling import NO_TOLERANCE, Tolerance
from services.billing.order.state import Event
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
    NUMBER,
    ORDER_EXPIRED,
    PAYMENT,
    PLACED,
    REFUNDED,
    REQUESTED,
    REST,
    SENDING,
    by_hand,
    changed,
    deposited,
    finished,
    in_ether,
    overpaid,
    part_paid,
    reported,
    reported_deposit,
    uncounted,
    unknown,
    unmatched,
)

order = scenarios(ORDER)

PAID = reported(PaymentState.FINISHED)
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
NONE = Decimal(0)
SEEN = reported(PaymentState.CONFIRMING)
FAILED_WITH_MONEY = reported(PaymentState.FAILED, HALF)
EXPIRED_WITH_MONEY = reported(PaymentState.EXPIRED, HALF)
ODD = reported("cancelled", HALF)
REFUND_REPORTED = reported(PaymentState.REFUNDED)
DEPOSIT_SEEN = reported_deposit(PaymentState.CONFIRMING, REST)
DEPOSIT_FAILED = reported_deposit(PaymentState.FAILED, REST)
DEPOSIT_BACK = reported_deposit(PaymentState.REFUNDED, REST)
DEPOSIT_ODD = reported_deposit("cancelled", REST)
ETHER_SEEN = reported(PaymentState.CONFIRMING, ETHER, coin="ETH")
REPORTS: list[tuple[str, RecordStatus]] = [
    ("waiting", reported(PaymentState.WAITING, NONE)),
    ("confirming", SEEN),
    ("confirmed", reported(PaymentState.CONFIRMED)),
    ("sending", reported(PaymentState.SENDING)),
    ("a half", reported(PaymentState.PARTIALLY_PAID, HALF)),
    ("failed", reported(PaymentState.FAILED, NONE)),
    ("expired", reported(PaymentState.EXPIRED, NONE)),
    ("failed with a half", FAILED_WITH_MONEY),
    ("expired with a half", EXPIRED_WITH_MONEY),
    ("finished", PAID),
    ("finished with a half", reported(PaymentState.FINISHED, HALF)),
    ("finished with twice as much", reported(PaymentState.FINISHED, TWICE)),
    ("refunded", REFUND_REPORTED),
    ("an unknown status", reported("cancelled", NONE)),
    ("an unknown status with a half", ODD),
    ("finished in another coin", reported(PaymentState.FINISHED, ETHER, coin="ETH")),
    ("a part in another coin", reported(PaymentState.PARTIALLY_PAID, ETHER, coin="ETH")),
    ("confirming in another coin", ETHER_SEEN),
    ("a deposit on its way", DEPOSIT_SEEN),
    ("a deposit of the rest", reported_deposit(PaymentState.FINISHED, REST)),
    ("a deposit of the rest, called a part", reported_deposit(PaymentState.PARTIALLY_PAID, REST)),
    ("a deposit that failed", DEPOSIT_FAILED),
    ("a deposit that was given back", DEPOSIT_BACK),
    ("a deposit in another coin", reported_deposit(PaymentState.FINISHED, ETHER, coin="ETH")),
    ("a deposit of unknown status", DEPOSIT_ODD),
]
EVENTS: dict[str, tuple[Event, ...]] = {
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
    "a": (deposited(HALF, PAYMENT),),
    "A": (deposited(AMOUNT, PAYMENT),),
    "t": (uncounted(reported(PaymentState.FINISHED, TWICE), AMOUNT),),
    "1": (uncounted(SEEN),),
    "2": (uncounted(reported(PaymentState.CONFIRMED)),),
    "3": (uncounted(reported(PaymentState.SENDING)),),
    "4": (uncounted(SEEN, REST),),
    "5": (uncounted(reported(PaymentState.CONFIRMED), REST),),
    "6": (uncounted(reported(PaymentState.SENDING), REST),),
    "x": (uncounted(FAILED_WITH_MONEY), FAILED),
    "X": (uncounted(FAILED_WITH_MONEY),),
    "y": (uncounted(EXPIRED_WITH_MONEY), EXPIRED, ORDER_EXPIRED),
    "z": (uncounted(EXPIRED_WITH_MONEY), EXPIRED),
    "Z": (uncounted(EXPIRED_WITH_MONEY),),
    "r": (uncounted(REFUND_REPORTED), REFUNDED),
    "q": (uncounted(REFUND_REPORTED, REST), REFUNDED),
    "B": (uncounted(REFUND_REPORTED),),
    "v": (uncounted(ODD), unknown()),
    "V": (uncounted(DEPOSIT_ODD), unknown(DEPOSIT)),
    "i": (uncounted(ETHER_SEEN),),
    "j": (uncounted(DEPOSIT_SEEN),),
    "k": (uncounted(DEPOSIT_FAILED),),
    "b": (uncounted(DEPOSIT_BACK),),
}
EXPECTED = {  # columns: REPORTS, in their order
    "waiting": ".cCshfexyFhTruvwwijppkbWV",
    "confirming": "..CshfexyFhTruvwwijddkbWV",
    "confirmed": "...shfexyFhTruvwwijddkbWV",
    "sending": "....hfexyFhTruvwwijddkbWV",
    "half paid": ".456.fefeF.TquuwwijPPkbWV",
    "failed": ".123h..XZFhTruvwwijppkbWV",
    "expired": ".123h..XZFhTruvwwijppkbWV",
    "not paid in time": ".cCshfExzFhTruvwwijppkbWV",
    "cancelled": ".cCshfExzFhTruvwwijppkbWV",
    "paid": "...........ORuuwwijookbWV",
    "fulfilled": "...........ORuuwwijookbWV",
    "called paid": ".123a..XZAaOBuvwwijddkbWV",
    "refunded": "...........t.uuwwijddkbWV",
}


@pytest.mark.parametrize(
    ("history", "report", "expected"),
    [
        pytest.param(history, report, expected, id=f"{name} while {history}")
        for history, row in EXPECTED.items()
        for (name, report), expected in zip(REPORTS, row, strict=True)
    ],
)
def test_every_report_in_every_state_and_its_duplicate(
    history: str, report: RecordStatus, expected: str
) -> None:
    known = order.given(PLACED, REQUESTED, *HISTORIES[history])
    known.when(report).then(*EVENTS[expected])
    known.when(report, report).then(*EVENTS[expected])


# -- money


def test_a_larger_partial_payment_is_recorded_and_a_smaller_one_ignored() -> None:
    more, less = Decimal("0.0004"), Decimal("0.0001")
    half_paid = order.given(PLACED, REQUESTED, HALF_PAID)
    half_paid.when(reported(PaymentState.PARTIALLY_PAID, less)).then()
    half_paid.when(reported(PaymentState.PARTIALLY_PAID, more)).then(part_paid(more))


def test_deposits_are_added_up_until_they_pay_the_order() -> None:
    tenth = AMOUNT / 10
    order.given(PLACED, REQUESTED, HALF_PAID).when(
        reported_deposit(PaymentState.FINISHED, tenth, "6"),
        reported_deposit(PaymentState.FINISHED, REST - tenth, "7"),
    ).then(deposited(tenth, "6"), part_paid(HALF + tenth), deposited(REST - tenth, "7"), FINISHED)


def test_deposits_beyond_the_amount_pay_the_order_and_each_overpayment_is_reported() -> None:
    order.given(PLACED, REQUESTED, HALF_PAID).when(
        reported_deposit(PaymentState.FINISHED, AMOUNT, "6"),
        reported_deposit(PaymentState.FINISHED, HALF, "7"),
    ).then(
        deposited(AMOUNT, "6"),
        finished(AMOUNT + HALF),
        overpaid(AMOUNT + HALF),
        deposited(HALF, "7"),
        overpaid(AMOUNT + HALF * 2),
    )


def test_a_sufficient_deposit_alone_pays_an_order() -> None:
    order.given(PLACED, REQUESTED, EXPIRED, ORDER_EXPIRED).when(
        reported_deposit(PaymentState.FINISHED, AMOUNT)
    ).then(deposited(AMOUNT), FINISHED)


def test_a_deposit_reported_before_the_part_that_it_completes_pays_the_order() -> None:
    order.given(PLACED, REQUESTED).when(
        reported_deposit(PaymentState.FINISHED, REST), reported(PaymentState.PARTIALLY_PAID, HALF)
    ).then(deposited(REST), part_paid(REST), FINISHED)


def test_a_deposit_is_no_partial_payment_while_the_payment_is_in_progress() -> None:
    on_the_way = order.given(PLACED, REQUESTED, SENDING).when(reported_deposit(PaymentState.FINISHED, REST))
    on_the_way.then(deposited(REST))
    on_the_way.when(PAID).then(deposited(REST), finished(AMOUNT + REST), overpaid(AMOUNT + REST))
    on_the_way.when(reported(PaymentState.FAILED, NONE)).then(deposited(REST), part_paid(REST), FAILED)
    on_the_way.when(reported(PaymentState.PARTIALLY_PAID, HALF)).then(deposited(REST), FINISHED)


def test_a_finished_payment_of_too_little_is_partial_and_may_be_completed() -> None:
    order.given(PLACED, REQUESTED).when(
        reported(PaymentState.FINISHED, HALF), reported_deposit(PaymentState.FINISHED, REST)
    ).then(HALF_PAID, deposited(REST), FINISHED)


def test_the_rest_of_an_order_marked_paid_is_no_overpayment_and_more_than_that_is() -> None:
    marked_paid = order.given(PLACED, REQUESTED, HALF_PAID, MARKED_PAID, by_hand(HALF))
    marked_paid.when(reported_deposit(PaymentState.FINISHED, REST, "6")).then(deposited(REST, "6"))
    marked_paid.when(
        reported_deposit(PaymentState.FINISHED, REST, "6"), reported_deposit(PaymentState.FINISHED, HALF, "7")
    ).then(deposited(REST, "6"), deposited(HALF, "7"), overpaid(AMOUNT + HALF))


def test_the_received_amount_of_a_deposit_counts_whatever_its_status_and_each_part_once() -> None:
    part = reported_deposit(PaymentState.PARTIALLY_PAID, REST / 2)
    asks_for_more = changed(part, amount=REST, price=Decimal(30))
    whole = changed(reported_deposit(PaymentState.FINISHED, REST), price=NONE, amount=NONE)
    order.given(PLACED, REQUESTED, HALF_PAID).when(asks_for_more, part, whole, part, whole).then(
        deposited(REST / 2), part_paid(HALF + REST / 2), deposited(REST / 2), FINISHED
    )


# -- money that does not count


def test_money_in_progress_is_reported_again_once_its_payment_fails() -> None:
    half_seen = reported(PaymentState.CONFIRMING, HALF)
    order.given(PLACED, REQUESTED).when(half_seen, FAILED_WITH_MONEY, half_seen, FAILED_WITH_MONEY).then(
        CONFIRMING, uncounted(FAILED_WITH_MONEY), FAILED
    )
    order.given(PLACED, REQUESTED).when(DEPOSIT_SEEN, DEPOSIT_FAILED, DEPOSIT_SEEN, DEPOSIT_FAILED).then(
        uncounted(DEPOSIT_SEEN), uncounted(DEPOSIT_FAILED)
    )


def test_a_larger_amount_of_a_failed_payment_is_reported_and_a_smaller_one_ignored() -> None:
    more = reported(PaymentState.EXPIRED, HALF * 2)
    order.given(PLACED, REQUESTED).when(FAILED_WITH_MONEY, more, FAILED_WITH_MONEY, more).then(
        uncounted(FAILED_WITH_MONEY), FAILED, uncounted(more)
    )


def test_money_of_a_failed_payment_counts_once_it_settles() -> None:
    late = reported_deposit(PaymentState.PARTIALLY_PAID, REST)
    order.given(PLACED, REQUESTED).when(
        FAILED_WITH_MONEY, DEPOSIT_FAILED, reported(PaymentState.PARTIALLY_PAID, HALF), late, DEPOSIT_FAILED
    ).then(
        uncounted(FAILED_WITH_MONEY), FAILED, uncounted(DEPOSIT_FAILED), HALF_PAID, deposited(REST), FINISHED
    )


def test_a_waiting_report_with_money_is_recorded() -> None:
    waiting = reported(PaymentState.WAITING, HALF)
    order.given(PLACED, REQUESTED).when(waiting, waiting).then(uncounted(waiting))


def test_a_refund_of_a_counted_deposit_is_reported_once() -> None:
    order.given(PLACED, REQUESTED, HALF_PAID, deposited(REST), FINISHED).when(
        DEPOSIT_BACK, DEPOSIT_BACK
    ).then(uncounted(DEPOSIT_BACK, NONE))


def test_each_larger_partial_refund_of_a_counted_deposit_is_reported() -> None:
    part = reported_deposit(PaymentState.REFUNDED, HALF)
    whole = reported_deposit(PaymentState.REFUNDED, AMOUNT)
    order.given(PLACED, REQUESTED, deposited(AMOUNT), FINISHED).when(part, part, whole, part, whole).then(
        uncounted(part, NONE), uncounted(whole, NONE)
    )


def test_a_refund_of_a_counted_deposit_that_had_failed_before_is_reported() -> None:
    order.given(PLACED, REQUESTED, HALF_PAID).when(
        DEPOSIT_FAILED, reported_deposit(PaymentState.FINISHED, REST), DEPOSIT_BACK, DEPOSIT_BACK
    ).then(uncounted(DEPOSIT_FAILED), deposited(REST), FINISHED, uncounted(DEPOSIT_BACK, NONE))


@pytest.mark.parametrize("paid", [None, NONE])
def test_a_refund_of_a_counted_deposit_without_an_amount_is_of_all_of_it(
    paid: Decimal | None,
) -> None:
    silent = changed(DEPOSIT_BACK, paid=paid)
    order.given(PLACED, REQUESTED, HALF_PAID, deposited(REST), FINISHED).when(silent, silent).then(
        uncounted(DEPOSIT_BACK, NONE)
    )


@pytest.mark.parametrize("paid", [ETHER, NONE])
def test_a_refund_in_another_coin_does_not_end_an_order_that_deposits_paid(paid: Decimal) -> None:
    back = reported(PaymentState.REFUNDED, paid, coin="ETH")
    told_so = uncounted(changed(back, paid=ETHER), NONE)
    known = order.given(PLACED, REQUESTED, in_ether(), deposited(AMOUNT), FINISHED)
    known.when(back, back).then(told_so)
    order.given(PLACED, REQUESTED, in_ether(), deposited(AMOUNT), FINISHED, FULFILLED).when(back).then(
        told_so
    )


def test_a_refund_of_a_payment_without_money_does_not_end_an_order_that_deposits_paid() -> None:
    paid = order.given(PLACED, REQUESTED, deposited(AMOUNT), FINISHED)
    paid.when(changed(REFUND_REPORTED, paid=None)).then()
    paid.when(REFUND_REPORTED, REFUND_REPORTED).then(uncounted(REFUND_REPORTED))


def test_money_beyond_the_providers_refund_is_reported_once() -> None:
    more = reported(PaymentState.FINISHED, TWICE)
    order.given(PLACED, REQUESTED).when(REFUND_REPORTED, PAID, more, more, PAID).then(
        uncounted(REFUND_REPORTED), REFUNDED, uncounted(more)
    )


# -- what a report leaves out


def bare(report: RecordStatus, paid: Decimal | None = None, *, coin: str | None = None) -> RecordStatus:
    """Return the report with no fields about its money but these."""
    currency = coin and coin.lower()
    return changed(
        report, price=None, price_currency=None, amount=None, paid=paid, coin=coin, currency=currency
    )


def test_missing_fields_of_a_report_are_taken_from_the_payment_request() -> None:
    order.given(PLACED, REQUESTED).when(bare(SEEN), bare(PAID, paid=AMOUNT, coin="BTC")).then(
        CONFIRMING, FINISHED
    )
    deposit = reported_deposit(PaymentState.FINISHED, REST)
    order.given(PLACED, REQUESTED, HALF_PAID).when(bare(deposit, paid=REST, coin="BTC")).then(
        deposited(REST), FINISHED
    )


@pytest.mark.parametrize("status", [PaymentState.FINISHED, PaymentState.PARTIALLY_PAID])
def test_a_report_without_amount_or_coin_is_not_counted_but_reported(
    status: PaymentState,
) -> None:
    for report in (bare(reported(status), coin="BTC"), bare(reported(status), paid=HALF)):
        known = order.given(PLACED, REQUESTED)
        known.when(report).then(unmatched(report, "wrong_amount"))
        known.when(report, report).refused("wrong_amount")


def test_a_report_without_coin_that_does_not_settle_is_progress_and_its_money_is_reported() -> None:
    failed = bare(FAILED_WITH_MONEY, paid=HALF)
    order.given(PLACED, REQUESTED).when(failed, failed).then(uncounted(failed), FAILED)


def test_a_known_deposit_is_recognised_without_its_parent() -> None:
    orphan = changed(reported_deposit(PaymentState.FINISHED, REST), parent=None)
    order.given(PLACED, REQUESTED, HALF_PAID).when(DEPOSIT_SEEN, orphan).then(
        uncounted(DEPOSIT_SEEN), deposited(REST), FINISHED
    )
    order.given(PLACED, REQUESTED, HALF_PAID).when(orphan).then(unmatched(orphan, "wrong_payment"))


def test_a_known_deposit_is_recognised_whatever_parent_is_reported() -> None:
    elsewhere = changed(reported_deposit(PaymentState.FINISHED, REST), parent="77")
    order.given(PLACED, REQUESTED, HALF_PAID).when(DEPOSIT_SEEN, elsewhere).then(
        uncounted(DEPOSIT_SEEN), deposited(REST), FINISHED
    )


def test_the_orders_own_payment_under_another_orders_number_is_not_counted() -> None:
    elsewhere = changed(PAID, order="HQADZ-ABC123-OTHER")
    known = order.given(PLACED, REQUESTED)
    known.when(elsewhere, changed(PAID, order=NUMBER)).then(unmatched(elsewhere, "wrong_payment"), FINISHED)
    known.when(elsewhere, elsewhere).refused("wrong_payment")


# -- the operator's tolerance

ONE_PERCENT = Tolerance(percent=Decimal(1))
ONE_DOLLAR = Tolerance(usd=Decimal(1))
DOLLAR_SHORT = Decimal("0.00045137")
"""29 of 30 USD are paid: 0.00045136… is the limit of the tolerance."""


@pytest.mark.parametrize("status", [PaymentState.FINISHED, PaymentState.PARTIALLY_PAID])
@pytest.mark.parametrize(
    ("tolerance", "enough"),
    [(ONE_PERCENT, Decimal("0.0004622607")), (ONE_DOLLAR, DOLLAR_SHORT), (NO_TOLERANCE, AMOUNT)],
)
def test_a_shortfall_within_the_tolerance_delivers_and_is_recorded(
    tolerance: Tolerance, enough: Decimal, status: PaymentState
) -> None:
    known, less = order.given(PLACED, REQUESTED), enough - Decimal("0.0000001")
    if enough < AMOUNT:
        known.when(replace(reported(status, enough), tolerance=tolerance)).then(
            finished(enough, tolerated=AMOUNT - enough)
        )
    known.when(replace(reported(status, less), tolerance=tolerance)).then(part_paid(less))


def test_the_tolerance_applies_to_the_sum_of_settled_money() -> None:
    nearly = replace(reported_deposit(PaymentState.PARTIALLY_PAID, DOLLAR_SHORT - HALF), tolerance=ONE_DOLLAR)
    order.given(PLACED, REQUESTED, HALF_PAID).when(nearly).then(
        deposited(DOLLAR_SHORT - HALF), finished(DOLLAR_SHORT, tolerated=AMOUNT - DOLLAR_SHORT)
    )


def test_no_tolerance_delivers_for_less_than_half() -> None:
    generous = Tolerance(percent=Decimal(50), usd=Decimal(1000))
    half, less = AMOUNT / 2, AMOUNT / 2 - Decimal("0.00000001")
    known = order.given(PLACED, REQUESTED)
    known.when(replace(reported(PaymentState.FINISHED, half), tolerance=generous)).then(finished(half, half))
    known.when(replace(reported(PaymentState.FINISHED, less), tolerance=generous)).then(part_paid(less))


def test_the_rest_of_a_tolerated_shortfall_is_reported_and_is_no_overpayment() -> None:
    short = replace(reported(PaymentState.FINISHED, DOLLAR_SHORT), tolerance=ONE_DOLLAR)
    order.given(PLACED, REQUESTED).when(short, PAID, short, PAID).then(
        finished(DOLLAR_SHORT, tolerated=AMOUNT - DOLLAR_SHORT), deposited(AMOUNT - DOLLAR_SHORT, PAYMENT)
    )


# -- what is odd


def test_money_in_another_coin_is_reported_once_for_each_payment_and_amount() -> None:
    part, whole = (
        reported(PaymentState.PARTIALLY_PAID, ETHER, coin="ETH"),
        reported(PaymentState.FINISHED, ETHER * 2, coin="ETH"),
    )
    order.given(PLACED, REQUESTED).when(
        part, part, whole, part, reported_deposit(PaymentState.FINISHED, ETHER, "6", coin="ETH")
    ).then(in_ether(), in_ether(paid=ETHER * 2), in_ether("6"))


def test_a_coin_that_is_not_sold_for_is_another_coin() -> None:
    unknown_coin = changed(reported(PaymentState.FINISHED, ETHER, coin="DOGE"), coin=None)
    expected = in_ether().model_copy(update={"currency": "doge"})
    order.given(PLACED, REQUESTED).when(unknown_coin).then(expected)


def test_money_in_the_right_coin_still_pays_after_money_in_another() -> None:
    order.given(PLACED, REQUESTED, in_ether()).when(PAID).then(FINISHED)


def test_money_in_another_coin_may_be_refunded_by_the_provider() -> None:
    order.given(PLACED, REQUESTED, in_ether()).when(reported(PaymentState.REFUNDED, ETHER, coin="ETH")).then(
        REFUNDED
    )


def test_each_unknown_status_of_each_payment_is_reported_once() -> None:
    order.given(PLACED, REQUESTED).when(
        reported("cancelled", NONE),
        reported("hacked", NONE),
        reported("cancelled", NONE),
        reported_deposit("hacked", NONE),
    ).then(unknown(), unknown(status="hacked"), unknown(DEPOSIT, "hacked"))


def test_a_refund_is_recorded_once_and_nothing_is_delivered_after_it() -> None:
    refund = reported(PaymentState.REFUNDED)
    order.given(PLACED, REQUESTED, FINISHED).when(refund, refund, PAID).then(REFUNDED)
    order.given(PLACED, REQUESTED).when(refund, PAID).then(uncounted(refund), REFUNDED)
