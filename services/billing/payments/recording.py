"""Record the provider's reports of payments with their orders."""

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
from services.billing.order.payment_report import PaymentReport
from services.billing.order.reports import refusal
from services.billing.order.settling import Tolerance
from services.billing.order.state import Event, Lapsed, Order, Pending
from services.billing.order.tables import whose_payment
from services.billing.payments.adopting import adopt
from services.billing.ports import PaymentProvider


async def record_report(
    report: PaymentReport, provider: PaymentProvider, tolerance: Tolerance, scope: Scope
) -> str:
    """Note a report, however it came, and return what became of it.

    That is `adopted` if it made the payment the order's own, `repeated` if it says nothing new, `wrong_coin`,
    `unknown_status`, `uncounted` or `deposit` if it says such a thing, and else `recorded`. The same report
    may be recorded any number of times. Raises `Refused`: `unknown_order`, and `wrong_payment` or
    `wrong_amount` after it was noted, for a person, if money came.
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
        raise contradiction  # it is committed, for a person; the provider hears of it all the same
    return _outcome(events)


async def _whose(report: PaymentReport, unit: UnitOfWork) -> tuple[OrderNumber, OrderNumber | None]:
    """Return the order that a report is of, and the one of ours that it names, None if it names none.

    The one that it names, if the payment is that order's or nobody's; else the one whose payment it is. What
    names an order of ours by a payment that is another one's is the other's: it was paid to the address of
    that one. The order refuses it, and appends an event for the operator.
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
    """Return what the provider is to hear where its report contradicts the order, as was just noted."""
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
