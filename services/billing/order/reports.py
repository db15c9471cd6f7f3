"""Decisions on the provider's reports of a payment; pure functions."""

from decimal import Decimal
from typing import Literal

from libs.events.billing import (
    DepositReceived,
    OrderExpired,
    PaymentConfirmed,
    PaymentConfirming,
    PaymentExpired,
    PaymentFailed,
    PaymentRefunded,
    PaymentRequested,
    PaymentSending,
    UncountedMoneyReported,
    UnknownStatusReported,
    UnmatchedPaymentReported,
    WrongCoinReceived,
)
from libs.eventsourcing import Refused
from services.billing.order.commands import RecordStatus
from services.billing.order.settling import overpaid, settle, short
from services.billing.order.state import (
    ON_THE_WAY,
    STEP,
    Awaiting,
    Event,
    Fulfilled,
    Lapsed,
    Order,
    Paid,
    PaymentState,
    Pending,
    Refunded,
    Requested,
)

PRICE_CURRENCY = "USD"
MOST_UNMATCHED = 20
"""The limit of unmatched reports per order, since anyone may pay to an address repeatedly."""

_NOTHING = Decimal(0)
_SETTLED = frozenset({PaymentState.PARTIALLY_PAID, PaymentState.FINISHED})
"""Statuses with which the received amount is final and counts."""
_UNCERTAIN = ON_THE_WAY | {PaymentState.WAITING}
_SAID: dict[
    PaymentState,
    type[PaymentConfirming | PaymentConfirmed | PaymentSending | PaymentFailed | PaymentExpired],
] = {
    PaymentState.CONFIRMING: PaymentConfirming,
    PaymentState.CONFIRMED: PaymentConfirmed,
    PaymentState.SENDING: PaymentSending,
    PaymentState.FAILED: PaymentFailed,
    PaymentState.EXPIRED: PaymentExpired,
}
Mismatch = Literal["wrong_payment", "wrong_amount"]


def record_status(command: RecordStatus, order: Order) -> list[Event]:
    """Return the events of a report; none for a duplicate and for a step that is past.

    Money that was not reported before is counted, or put into an event for a person. A report that does not
    match the order raises `Refused`; but if it brings money, the only event is `UnmatchedPaymentReported`,
    and `refusal` returns the error for the provider.
    """
    request = None if isinstance(order, Pending | Lapsed) else order.request
    if isinstance(order, Pending | Lapsed) or request is None or not _is_for(command, order, request):
        return _unmatched(command, order, "wrong_payment")
    if not _is_asked(command, order, request):
        return _unmatched(command, order, "wrong_amount")
    if command.status in _SETTLED:
        return _settled(command, order, request)
    return [*_uncounted(command, order, request), *_step(command, order, request)]


def _is_for(command: RecordStatus, order: Requested, request: PaymentRequested) -> bool:
    """Return whether a report is of the order's payment or of a deposit to it, and names no other order."""
    if command.order not in {None, order.placed.order}:
        return False
    if request.payment in {command.payment, command.parent}:
        return True
    return order.money.is_deposit(command.payment)


def _is_asked(command: RecordStatus, order: Requested, request: PaymentRequested) -> bool:
    """Return whether the report has the price and amount that were requested, as far as it has any.

    Deposits and payments in another coin have other amounts. A refund is valid whatever its amounts are.
    """
    if command.payment != request.payment or not _in_its_coin(command, request):
        return True
    if command.status is None or command.status is PaymentState.REFUNDED:
        return True
    asked = (order.placed.plan.price_usd, PRICE_CURRENCY, request.amount)
    told = (command.price, command.price_currency, command.amount)
    return all(said is None or said == meant for said, meant in zip(told, asked, strict=True))


def _in_its_coin(command: RecordStatus, request: PaymentRequested) -> bool:
    """Return whether a report is in the order's coin, or names no coin."""
    return command.currency is None or command.coin == request.coin


# -- what does not match the order


def _unmatched(command: RecordStatus, order: Order, why: Mismatch) -> list[Event]:
    """Return an event for new unmatched money, once and within a limit; raise `Refused` otherwise."""
    said = UnmatchedPaymentReported(
        order=order.placed.order,
        payment=command.payment,
        parent=command.parent,
        why=why,
        status=command.status_text,
        paid=command.came,
        amount=command.amount or _NOTHING,
        currency=command.currency or "",
        price=command.price or _NOTHING,
        price_currency=command.price_currency or "",
    )
    known = order.money.unmatched
    before = max((told.paid for told in known if told.payment == said.payment), default=_NOTHING)
    is_money = command.status in _SETTLED or command.came > before
    again = any(told.model_copy(update={"status": said.status}) == said for told in known)
    if not is_money or again or len(known) >= MOST_UNMATCHED:
        raise refusal(said)
    return [said]


def refusal(said: UnmatchedPaymentReported) -> Refused:
    """Return the error for an unmatched report."""
    match said.why:
        case "wrong_payment":
            return Refused(said.why, f"payment {said.payment} is not that of {said.order}")
        case "wrong_amount":
            return Refused(said.why, "the price, the amount or what was received is not what was asked for")


# -- money that does not count: not settled, or in another coin


def _uncounted(command: RecordStatus, order: Requested, request: PaymentRequested) -> list[Event]:
    """Return an event for money whose status is not final, if it exceeds what was reported before.

    A refund of counted money is reported separately; without a sum, it is of all that is counted.

    While the order's own payment is on its way to an unpaid order, the events of its steps report it.
    """
    on_the_way = command.status in _UNCERTAIN
    own, in_its_coin = command.payment == request.payment, _in_its_coin(command, request)
    if own and on_the_way and in_its_coin and _is_on_its_way(command, order):
        return []
    key, money = (command.payment, command.currency or ""), order.money
    counted = _counted(command, order, request)
    known = max(counted, money.given_up.get(key, _NOTHING))
    if on_the_way:
        known = max(known, money.on_the_way.get(key, _NOTHING))
    paid = command.came
    if _takes_back(command, order, request) and counted:
        paid, known = paid or counted, money.refunded.get(key, _NOTHING)
    if paid <= known:
        return []
    return [
        UncountedMoneyReported(
            order=order.placed.order,
            payment=command.payment,
            status=command.status_text,
            on_the_way=on_the_way,
            paid=paid,
            uncounted=max(_NOTHING, paid - counted),
            currency=command.currency or "",
            coin=request.coin if in_its_coin else None,
        )
    ]


def _takes_back(command: RecordStatus, order: Requested, request: PaymentRequested) -> bool:
    """Return whether a refund leaves the order as it is, so that a person must act."""
    if command.status is not PaymentState.REFUNDED:
        return False
    return command.payment != request.payment or not (
        isinstance(order, Refunded) or _ends(command, order, request)
    )


def _is_on_its_way(command: RecordStatus, order: Requested) -> bool:
    """Return whether an unpaid order's own payment is on its way, including this report."""
    if not isinstance(order, Awaiting) or command.status is None:
        return False
    return max(order.state, command.status, key=STEP.__getitem__) in ON_THE_WAY


def _counted(command: RecordStatus, order: Requested, request: PaymentRequested) -> Decimal:
    """Return how much of a payment is counted, or was reported as another coin, so far."""
    money = order.money
    if not _in_its_coin(command, request):
        return money.in_another_coin.get((command.payment, command.currency or ""), _NOTHING)
    return money.own if command.payment == request.payment else money.deposits.get(command.payment, _NOTHING)


def _in_another_coin(command: RecordStatus, order: Requested, request: PaymentRequested) -> list[Event]:
    if command.came <= _counted(command, order, request):
        return []
    return [
        WrongCoinReceived(
            order=order.placed.order,
            payment=command.payment,
            paid=command.came,
            currency=command.currency or "",
        )
    ]


def _unknown(command: RecordStatus, order: Requested) -> list[Event]:
    if (command.payment, command.status_text) in order.money.unknown:
        return []
    return [
        UnknownStatusReported(order=order.placed.order, payment=command.payment, status=command.status_text)
    ]


# -- money that is certain


def _settled(command: RecordStatus, order: Requested, request: PaymentRequested) -> list[Event]:
    """Count a final amount; the status does not say how much of a deposit counts."""
    if command.came <= 0 or command.currency is None:  # the report contradicts itself, or lacks the amount
        return _unmatched(command, order, "wrong_amount")
    if not _in_its_coin(command, request):
        return _in_another_coin(command, order, request)
    if command.payment != request.payment:
        return _deposit(command, order, request)
    if command.came >= request.amount and command.status is PaymentState.PARTIALLY_PAID:
        return _unmatched(command, order, "wrong_amount")
    if isinstance(order, Refunded) and not order.by_hand:
        return _uncounted(command, order, request)
    return _count(command, order, request)


def _deposit(command: RecordStatus, order: Requested, request: PaymentRequested) -> list[Event]:
    """Add the new part of a deposit to the order's sum."""
    more = command.came - order.money.deposits.get(command.payment, _NOTHING)
    if more <= 0:
        return []
    received = DepositReceived(
        order=order.placed.order, deposit=command.payment, paid=more, coin=request.coin
    )
    total = order.money.total + more
    if isinstance(order, Awaiting):
        still_coming = order.state in ON_THE_WAY
        return [received, *settle(total, order, command.tolerance, still_coming=still_coming)]
    return [received, *overpaid(total, order, request)]


def _count(command: RecordStatus, order: Requested, request: PaymentRequested) -> list[Event]:
    """Count the order's own payment; its reports are totals, so the largest one counts."""
    total = max(order.money.own, command.came) + order.money.deposited
    if isinstance(order, Awaiting):
        return settle(total, order, command.tolerance)
    return overpaid(total, order, request) or _after_all(command, order, request)


def _after_all(
    command: RecordStatus, order: Paid | Fulfilled | Refunded, request: PaymentRequested
) -> list[Event]:
    """Return an event for money that the order's own payment received after the order was closed with less.

    It was closed by an operator, or within the tolerance. The money is in addition to the order's sum, like a
    further deposit, and is reported as one.
    """
    more = command.came - order.money.own
    if more <= 0:
        return []
    return [DepositReceived(order=order.placed.order, deposit=command.payment, paid=more, coin=request.coin)]


# -- steps


def _step(command: RecordStatus, order: Requested, request: PaymentRequested) -> list[Event]:
    """Return the events of a status besides its amounts: a step of the own payment, or an unknown status."""
    if command.status is None:
        return _unknown(command, order)
    if command.payment != request.payment:
        return []
    if command.status is PaymentState.REFUNDED:
        return _given_back(order, request) if _ends(command, order, request) else []
    if isinstance(order, Awaiting) and _in_its_coin(command, request):
        return _move(command.status, order)
    return []


def _move(status: PaymentState, order: Awaiting) -> list[Event]:
    """Return the step that the status means; none for a duplicate or an earlier step."""
    if STEP[status] <= STEP[order.state]:
        return []
    number = order.placed.order
    events: list[Event] = [_SAID[status](order=number, payment=order.request.payment)]
    if status in ON_THE_WAY:
        return events
    events = [
        *short(order.money.total, order),
        *events,
    ]  # deposits arrived while the whole payment was expected
    if status is PaymentState.EXPIRED and not (order.expired or order.cancelled):
        events.append(OrderExpired(order=number))
    return events


def _ends(command: RecordStatus, order: Requested, request: PaymentRequested) -> bool:
    """Return whether a refund of the order's own payment refunds the order.

    A paid order was not paid by money that does not count, so a refund of such money does not end it.
    """
    if isinstance(order, Paid | Fulfilled):
        return order.money.own > 0 and _in_its_coin(command, request)
    return isinstance(order, Awaiting)


def _given_back(order: Requested, request: PaymentRequested) -> list[Event]:
    return [
        PaymentRefunded(
            order=order.placed.order,
            payment=request.payment,
            reason="the provider gave the money back",
            by_hand=False,
        )
    ]
