"""What the provider says of a payment, noted in the story of its order."""

from dataclasses import replace

from libs.chassis.commands import Scope
from libs.events.billing import (
    DepositReceived,
    UnknownStatusReported,
    UnmatchedPaymentReported,
    WrongCoinReceived,
)
from libs.eventsourcing.decider import Refused
from libs.eventsourcing.unit import UnitOfWork
from services.billing.adopting import adopt
from services.billing.order.domain import ORDER
from services.billing.order.reports import RecordStatus, refusal
from services.billing.order.state import Event
from services.billing.ports import PaymentProvider, PaymentReport


async def record_report(report: PaymentReport, provider: PaymentProvider, scope: Scope) -> str:
    """Note a report, however it came, and return what became of it.

    That is `adopted` if it made the payment the order's own, `repeated` if it says nothing new, `wrong_coin`,
    `unknown_status` or `deposit` if it says such a thing, and else `recorded`. The same report may be
    recorded any number of times. Raises `Refused`: `unknown_order`, and `wrong_payment` or `wrong_amount`
    after it was noted, for a person, if money came.
    """
    order = report.order
    if order is None:
        raise Refused("unknown_order", "the report names no order of ours")
    command = RecordStatus(
        payment=report.payment,
        parent=report.parent,
        status=report.status,
        status_text=report.status_text,
        price=report.price,
        price_currency=report.price_currency,
        amount=report.amount,
        paid=report.paid,
        coin=report.coin,
        currency=report.currency,
    )

    async def record(unit: UnitOfWork) -> list[Event] | None:
        unit.causes = replace(unit.causes, actor=f"provider:{provider.name}")
        await unit.follow_stream(ORDER.stream(order))
        if await adopt(report, provider.name, unit):
            return None
        return await unit.execute(ORDER, order, command)

    events = await scope.run(record, grouped=True)
    return "adopted" if events is None else _outcome(events)


def _outcome(events: list[Event]) -> str:
    if not events:
        return "repeated"
    match events[0]:
        case UnmatchedPaymentReported() as said:
            raise refusal(said)
        case WrongCoinReceived():
            return "wrong_coin"
        case UnknownStatusReported():
            return "unknown_status"
        case DepositReceived():
            return "deposit"
        case _:
            return "recorded"
