"""Records the provider's reports of payments with their orders."""

from dataclasses import replace

from libs.events.billing import (
    DepositReceived,
    UncountedMoneyReported,
    UnknownStatusReported,
    UnmatchedPaymentReported,
    WrongCoinReceived,
)
from libs.events.values import OrderNumber, PaymentId
from libs.eventsourcing import Refused, Scope, UnitOfWork
from services.billing.order.commands import RecordStatus
from services.billing.order.domain import ORDER
from services.billing.order.matching import refusal
from services.billing.order.payment_report import PaymentReport
from services.billing.order.settling import Tolerance
from services.billing.order.state import Event, Lapsed, Order, Pending
from services.billing.order.tables import whose_payment
from services.billing.payments.adopting import adopt
from services.billing.ports import PaymentProvider


async def record_report(
    report: PaymentReport, provider: PaymentProvider, tolerance: Tolerance, scope: Scope
) -> str:
    """Record a report, from any source, and return the outcome; it may be repeated.

    The outcome is `adopted` if the payment was attached to its order, `repeated` if the report has nothing
    new, `wrong_coin`, `unknown_status`, `uncounted` or `deposit` if its first event is such, else `recorded`.
    Raise `Refused`: `unknown_order`, and `wrong_payment` or `wrong_amount`, after money was recorded for a
    person.
    """

    async def record(unit: UnitOfWork) -> list[Event] | None:
        order, named = await _whose(report, unit)
        if order == named and await adopt(report, provider.name, unit):
            return None
        return await unit.execute(ORDER, order, RecordStatus(replace(report, order=named), tolerance))

    events = await scope.run(record, grouped=True, actor=f"provider:{provider.name}")
    if events is None:
        return "adopted"
    contradiction = _contradiction_in(events)
    if contradiction is not None:
        raise contradiction  # committed for a person; the provider gets the error nevertheless
    return _outcome(events)


async def _whose(report: PaymentReport, unit: UnitOfWork) -> tuple[OrderNumber, OrderNumber | None]:
    """Return the order that a report is of, and our order that it names, None if it names none.

    It is the named one, if the payment is that order's or of no order; else the order whose payment it is. A
    report that names one of our orders for another order's payment is of the other: the money was paid to its
    address. That order refuses the report, and an event reports it for a person.
    """
    payments = [payment for payment in (report.payment, report.parent) if payment is not None]
    named: OrderNumber | None = None
    if report.order is not None and (order := await unit.load(ORDER, report.order)) is not None:
        named = report.order
        if _payment_of(order) in payments:
            return named, named
    found = (
        await whose_payment(unit.unflushed, payments) or await whose_payment(unit.flushed, payments) or named
    )
    if found is None:
        raise Refused("unknown_order", "neither the order nor the payment of the report is one of ours")
    return found, named


def _payment_of(order: Order) -> PaymentId | None:
    if isinstance(order, Pending | Lapsed) or order.request is None:
        return None
    return order.request.payment


def _contradiction_in(events: list[Event]) -> Refused | None:
    """Return the error for the provider if its report contradicts the order, as just recorded."""
    match events:
        case [UnmatchedPaymentReported() as reported, *_]:
            return refusal(reported)
        case _:
            return None


def _outcome(events: list[Event]) -> str:
    if not events:
        return "repeated"
    match events[0]:
        case WrongCoinReceived():
            return "wrong_coin"
        case UncountedMoneyReported():
            return "uncounted"
        case UnknownStatusReported():
            return "unknown_status"
        case DepositReceived():
            return "deposit"
        case _:
            return "recorded"
