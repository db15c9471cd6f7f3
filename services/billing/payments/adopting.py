"""Adopts payments that the provider reports before they are recorded."""

from libs.events.billing import OrderPlaced
from libs.eventsourcing import UnitOfWork
from services.billing.order.commands import RecordPaymentRequest
from services.billing.order.domain import ORDER
from services.billing.order.matching import PRICE_CURRENCY
from services.billing.order.payment_report import PaymentReport
from services.billing.order.payment_state import PaymentState
from services.billing.order.state import Pending


async def adopt(report: PaymentReport, provider: str, unit: UnitOfWork) -> bool:
    """Attach an orphan payment, which the provider reports, to its order; return whether it was done.

    The payment was created for the order by a process that died, or whose answer was lost, before it was
    recorded. The report stands in for that answer: it comes from the provider, names the order, and has the
    order's price and coin. Nobody was shown the address, so the payment must not have received anything yet.
    """
    if report.order is None or report.address is None or report.amount is None or not _untouched(report):
        return False
    state = await unit.load(ORDER, report.order)
    if not isinstance(state, Pending) or not _is_the_answer(report, state.placed):
        return False
    request = RecordPaymentRequest(
        provider=provider,
        payment=report.payment,
        address=report.address,
        memo=report.memo,
        amount=report.amount,
        expires_at=report.expires_at,
    )
    return bool(await unit.execute(ORDER, report.order, request))


def _untouched(report: PaymentReport) -> bool:
    return report.status is PaymentState.WAITING and report.parent is None and not report.paid


def _is_the_answer(report: PaymentReport, placed: OrderPlaced) -> bool:
    asked = (placed.coin, placed.plan.price_usd, PRICE_CURRENCY)
    return (report.coin, report.price, report.price_currency) == asked
