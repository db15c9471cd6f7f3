"""Properties of every sequence of reports and commands: delivered at most once, the money adds up."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.events.billing import (
    DepositReceived,
    OrderCancelled,
    OrderExpired,
    OrderFulfilled,
    OrderMarkedPaid,
    OrderPlaced,
    OrderReviewed,
    PaymentFinished,
    PaymentOverpaid,
    PaymentPartiallyPaid,
    PaymentRefunded,
    PaymentRequested,
    UncountedMoneyReported,
    UnknownStatusReported,
    UnmatchedPaymentReported,
    WrongCoinReceived,
)
from libs.eventsourcing import Refused
from services.billing.order.commands import (
    Cancel,
    Command,
    Expire,
    MarkFulfilled,
    MarkPaid,
    RecordStatus,
    Refund,
    Review,
)
from services.billing.order.domain import ORDER
from services.billing.order.matching import MOST_UNMATCHED
from services.billing.order.payment_report import PaymentReport
from services.billing.order.payment_state import ON_THE_WAY, STEP, PaymentState
from services.billing.order.settling import NO_TOLERANCE, Tolerance
from services.billing.order.state import Awaiting, Event, Fulfilled, Lapsed, Order, Paid, Pending, Refunded
from tests.unit.billing.facts import (
    ADBOT,
    AMOUNT,
    HALF,
    NOON,
    PAY_BY,
    PAYMENT,
    PLACE,
    PLACED,
    REQUEST,
    REQUESTED,
    REST,
    changed,
    reported,
    reported_deposit,
)

ONCE = (
    OrderPlaced,
    PaymentRequested,
    PaymentFinished,
    PaymentRefunded,
    OrderFulfilled,
    OrderExpired,
    OrderCancelled,
    OrderMarkedPaid,
)
AFTER_FINISHED = (
    DepositReceived,
    PaymentOverpaid,
    WrongCoinReceived,
    UncountedMoneyReported,
    UnknownStatusReported,
    UnmatchedPaymentReported,
    OrderReviewed,
    OrderFulfilled,
    PaymentRefunded,
)
AFTER_REFUNDED = (
    DepositReceived,
    WrongCoinReceived,
    UncountedMoneyReported,
    UnknownStatusReported,
    UnmatchedPaymentReported,
    OrderReviewed,
)

# -- what may come

_STATUSES = st.sampled_from([*PaymentState, "cancelled", "hacked"])
_SUMS = st.sampled_from([Decimal(0), HALF / 2, HALF, REST, AMOUNT, AMOUNT + HALF, AMOUNT * 2])
_COINS = st.sampled_from(["BTC"] * 6 + ["ETH"])
OWN_REPORTS: st.SearchStrategy[RecordStatus] = st.builds(reported, _STATUSES, _SUMS, coin=_COINS)
DEPOSIT_REPORTS: st.SearchStrategy[RecordStatus] = st.builds(
    reported_deposit, _STATUSES, _SUMS, st.sampled_from(["6", "7", "8"]), coin=_COINS
)
OTHER_REPORTS: st.SearchStrategy[RecordStatus] = (
    OWN_REPORTS.map(lambda report: changed(report, payment="9"))
    | OWN_REPORTS.map(lambda report: changed(report, price=Decimal(29)))
    | OWN_REPORTS.map(lambda report: changed(report, amount=HALF))
)
REPORTS = OWN_REPORTS | DEPOSIT_REPORTS | OTHER_REPORTS
TOLERATED = st.builds(
    replace,
    REPORTS,
    tolerance=st.sampled_from([NO_TOLERANCE, Tolerance(percent=Decimal(50)), Tolerance(usd=Decimal(7))]),
)
SPARSE = st.builds(
    changed,
    REPORTS,
    paid=st.none() | _SUMS,
    amount=st.just(None),
    price=st.just(None),
    currency=st.sampled_from([None, "btc"]),
    parent=st.sampled_from([None, PAYMENT]),
)
"""Reports with missing fields."""
REFUNDS = st.builds(
    changed,
    OWN_REPORTS | DEPOSIT_REPORTS,
    status=st.just(PaymentState.REFUNDED),
    status_text=st.just("refunded"),
    paid=st.none() | _SUMS,
)
"""Refunds with a larger, a smaller and a missing amount."""
ANYTHING = TOLERATED | SPARSE | REFUNDS
_HANDS: list[Command] = [MarkPaid("cash"), Refund("asked for"), Cancel("ordered twice"), Review("seen")]
ACTS: st.SearchStrategy[Command] = st.sampled_from(
    [PLACE, REQUEST, *_HANDS, MarkFulfilled(ADBOT), Expire(NOON), Expire(PAY_BY)]
)


def _rank(order: Order | None) -> tuple[int, int]:
    """Return the order's progress, which never decreases."""
    match order:
        case Pending():
            return 1, 0
        case Lapsed(cancelled=cancelled):
            return 2, int(cancelled)
        case Awaiting(state=state):
            return 2, STEP[state]
        case _:
            return (None, Pending, Awaiting, Paid, Fulfilled, Refunded).index(order and type(order)), 0


@dataclass
class Books:
    """Received money, counted independently of the order's own code."""

    own: Decimal = Decimal(0)
    deposits: dict[str, Decimal] = field(default_factory=dict[str, Decimal])

    @property
    def total(self) -> Decimal:
        return self.own + sum(self.deposits.values())

    def enter(self, report: PaymentReport) -> None:
        settled = report.status in {PaymentState.FINISHED, PaymentState.PARTIALLY_PAID}
        if report.coin != "BTC" or not report.paid or not settled:
            return
        if report.payment != PAYMENT:
            before = self.deposits.get(report.payment, Decimal(0))
            self.deposits[report.payment] = max(before, report.paid)
        else:
            self.own = max(self.own, report.paid)


class CheckedOrder:
    """An order that is checked after each command."""

    def __init__(self, *history: Event) -> None:
        self.events: list[Event] = list(history)
        self.order = ORDER.fold(history)
        self.books = Books()

    @property
    def by_hand(self) -> bool:
        return any(isinstance(event, OrderMarkedPaid) for event in self.events)

    def finishes(self) -> list[PaymentFinished]:
        return [event for event in self.events if isinstance(event, PaymentFinished)]

    def carry_out(self, command: Command) -> None:
        before = self.order
        try:
            events = ORDER.decide(command, before)
        except Refused:
            if isinstance(command, RecordStatus) and before is not None:
                self._check_reported(command.report)
            return
        self.order = ORDER.fold(events, before)
        self.events.extend(events)
        if any(isinstance(event, UnmatchedPaymentReported) for event in events):
            self._check_unmatched(command, events, before)
            return
        if isinstance(command, RecordStatus):
            self._check_refund(command.report, before)
            self.books.enter(command.report)
            self._check_reported(command.report)
        assert _rank(self.order) >= _rank(before), "the order moved backwards"
        if not isinstance(command, Review):
            assert list(ORDER.decide(command, self.order)) == [], "a duplicate command appends events again"
        self._check_money()

    def _check_unmatched(self, command: Command, events: Sequence[Event], before: Order | None) -> None:
        [reported_event] = events
        assert isinstance(reported_event, UnmatchedPaymentReported)
        assert before is not None
        assert self.order is not None
        forgotten = replace(self.order.money, unmatched=before.money.unmatched)
        assert replace(self.order, money=forgotten) == before, "an unmatched payment changed the order"
        with pytest.raises(Refused, match=reported_event.why):
            ORDER.decide(command, self.order)

    def _check_refund(self, report: PaymentReport, before: Order | None) -> None:
        """Check that only a refund of counted money ends a paid order; refunded deposits are reported."""
        if report.status is not PaymentState.REFUNDED or report.currency not in {None, "btc"}:
            assert not isinstance(before, Paid | Fulfilled) or isinstance(self.order, Paid | Fulfilled)
            return
        if report.payment == PAYMENT:
            assert not (isinstance(before, Paid | Fulfilled) and isinstance(self.order, Refunded)) or (
                self.books.own > 0
            ), "a refund of uncounted money refunded the order"
        elif self.books.deposits.get(report.payment):
            reported = [event for event in self.events if isinstance(event, UncountedMoneyReported)]
            assert any((event.payment, event.status) == (report.payment, "refunded") for event in reported)

    def _check_reported(self, report: PaymentReport) -> None:
        """Check that all received money of a report is counted, or reported in an event."""
        assert self.order is not None
        money, received = self.order.money, report.received
        counted = money.own if report.payment == PAYMENT else money.deposits.get(report.payment, Decimal(0))
        named = [
            event.paid
            for event in self.events
            if isinstance(event, UncountedMoneyReported | WrongCoinReceived | UnmatchedPaymentReported)
            and event.payment == report.payment
        ]
        seen = isinstance(self.order, Awaiting) and self.order.state in ON_THE_WAY
        if not (seen and report.payment == PAYMENT and report.status in {*ON_THE_WAY, PaymentState.WAITING}):
            crowded = len(money.unmatched) >= MOST_UNMATCHED
            assert crowded or received <= max([counted, *named]), (
                "received money is neither counted nor reported"
            )

    def _check_money(self) -> None:
        order = self.order
        if isinstance(order, Awaiting | Paid | Fulfilled) or (isinstance(order, Refunded) and order.by_hand):
            assert order.money.total == self.books.total
        if isinstance(order, Awaiting):
            assert self.books.total < AMOUNT, "it is paid, without PaymentFinished"
        if isinstance(order, Paid | Fulfilled):
            tolerated = sum(event.tolerated for event in self.finishes())
            assert self.by_hand or self.books.total >= AMOUNT - tolerated, "it is not paid"
            assert tolerated <= AMOUNT / 2

    def check_events(self) -> None:
        assert ORDER.fold(self.events) == self.order
        kinds = [type(event) for event in self.events]
        for kind in ONCE:
            assert kinds.count(kind) <= 1, f"{kind.__name__} was appended twice"
        assert kinds.count(UnmatchedPaymentReported) <= MOST_UNMATCHED
        if PaymentFinished in kinds:
            assert all(issubclass(kind, AFTER_FINISHED) for kind in kinds[kinds.index(PaymentFinished) + 1 :])
        if PaymentRefunded in kinds:
            assert all(issubclass(kind, AFTER_REFUNDED) for kind in kinds[kinds.index(PaymentRefunded) + 1 :])
        self._check_totals()

    def _check_totals(self) -> None:
        reported = Decimal(0)
        for event in self.events:
            match event:
                case PaymentPartiallyPaid(paid=paid, missing=missing):
                    assert reported < paid == AMOUNT - missing
                    reported = paid
                case PaymentFinished(paid=paid, by_hand=by_hand, tolerated=tolerated):
                    assert (by_hand and paid < AMOUNT) or paid + tolerated >= AMOUNT
                    reported = paid
                case PaymentOverpaid(paid=paid, excess=excess):
                    assert reported <= paid == AMOUNT + excess
                    reported = paid
                case _:
                    pass


@settings(deadline=None, max_examples=120)
@given(st.lists(ANYTHING | ACTS, max_size=40))
def test_no_sequence_moves_an_order_backwards_or_delivers_it_twice(
    commands: list[Command],
) -> None:
    order = CheckedOrder()
    for command in commands:
        order.carry_out(command)
    order.check_events()


@settings(deadline=None, max_examples=120)
@given(st.lists(ANYTHING | ACTS, max_size=40))
def test_the_money_of_a_pending_order_adds_up_after_every_sequence(commands: list[Command]) -> None:
    order = CheckedOrder(PLACED, REQUESTED)
    for command in commands:
        order.carry_out(command)
    order.check_events()


@settings(deadline=None, max_examples=100)
@given(st.lists(ANYTHING | ACTS, max_size=25), st.lists(ANYTHING | ACTS, max_size=25))
def test_a_finished_payment_is_never_lost_unless_the_money_was_refunded_before(
    before: list[Command], after: list[Command]
) -> None:
    order = CheckedOrder(PLACED, REQUESTED)
    for command in [*before, reported(PaymentState.FINISHED), *after]:
        was_refunded = isinstance(order.order, Refunded)
        order.carry_out(command)
        if command == reported(PaymentState.FINISHED) and not was_refunded:
            assert len(order.finishes()) == 1
    order.check_events()


def _subject(command: RecordStatus) -> tuple[str, str]:
    return command.report.payment, command.report.status_text


@st.composite
def _orders(draw: st.DrawFn) -> tuple[Sequence[RecordStatus], Sequence[RecordStatus]]:
    """Draw the same reports in two sequences, without refunds: nothing is delivered after one."""
    kept = REPORTS.filter(lambda one: one.report.status is not PaymentState.REFUNDED)
    reports = draw(st.lists(kept, max_size=12, unique_by=_subject))
    return reports, draw(st.permutations(reports))


@settings(deadline=None, max_examples=120)
@given(_orders())
def test_an_order_ends_the_same_for_every_sequence_of_the_same_reports(
    orders: tuple[Sequence[RecordStatus], Sequence[RecordStatus]],
) -> None:
    ends: list[tuple[bool, Decimal]] = []
    for reports in orders:
        order = CheckedOrder(PLACED, REQUESTED)
        for report in reports:
            order.carry_out(report)
        assert isinstance(order.order, Awaiting | Paid)
        ends.append((bool(order.finishes()), order.order.money.total))
    assert ends[0] == ends[1]
