"""Billing's command handlers."""

import asyncio
import logging
from decimal import Decimal

import structlog
from prometheus_client import Counter

from libs.chassis.sampling import SampledLog
from libs.events.commands.billing import (
    CancelOrder,
    ListProduct,
    MarkPaid,
    PlaceOrder,
    RecordNotification,
    Refund,
    RepriceProduct,
    RetireProduct,
    ReviewOrder,
)
from libs.events.values import Coin, OrderNumber, Plan, PlanCode
from libs.eventsourcing import CommandHandlers, Refused, Scope, UnitOfWork
from services.billing.context import Context
from services.billing.order import commands as order_commands
from services.billing.order.commands import ByHand, Place
from services.billing.order.domain import ORDER
from services.billing.order.payment_report import PaymentReport
from services.billing.payments.recording import record_report
from services.billing.ports import PaymentProvider, ProviderUnavailable
from services.billing.product import commands as product_commands
from services.billing.product.domain import PRODUCT, OnSale
from services.billing.stock.tables import lock_stock, stock_for

log = structlog.stdlib.get_logger()
forgeries = SampledLog(__name__)

NOTIFICATIONS = Counter(
    "adrelay_billing_notifications_total",
    "Notifications by outcome: recorded, repeated, adopted, deposit, uncounted, wrong_coin, "
    "unknown_status, or the code of the refusal.",
    ["outcome"],
)
_EXPECTED = frozenset({"recorded", "repeated", "adopted", "deposit"})
_MINIMUM_SECONDS = 2.0
"""The timeout of a minimum price that is not cached, in seconds; a checkout can do without it."""


commands = CommandHandlers[Context]()

# -- clients


@commands.outside(PlaceOrder, context=True)
async def place_order(command: PlaceOrder, scope: Scope, context: Context) -> None:
    """Place an order, and return once it has its payment."""
    if command.coin not in context.provider.coins:
        raise Refused("unsupported_coin", f"payment in {command.coin} is not possible")
    minimum = await _minimum_usd(command.coin, context.provider)

    async def place(unit: UnitOfWork) -> None:
        await lock_stock(unit.flushed)
        stock = await stock_for(unit.flushed, command.account, command.origin, unit.at, context.promised)
        placing = Place(
            order=command.order,
            account=command.account,
            code=command.plan,
            plan=await _on_sale(command.plan, unit),
            coin=command.coin,
            renews=command.renews,
            pay_by=unit.at + context.order_valid,
            minimum_usd=minimum,
            available=stock.available,
            origin=command.origin,
            unpaid=stock.unpaid,
            limits=context.limits,
        )
        await unit.execute(ORDER, command.order, placing)

    await context.requests.fulfil(command.order, scope, place)


async def _minimum_usd(coin: Coin, provider: PaymentProvider) -> Decimal | None:
    """Return the minimum price for a coin, None if the provider does not answer.

    A failure stops no order: the provider declines its payment later if the price is too low.
    """
    try:
        async with asyncio.timeout(_MINIMUM_SECONDS):
            return await provider.minimum_usd(coin)
    except (ProviderUnavailable, TimeoutError) as error:
        log.warning("minimum.unknown", coin=coin, error=repr(error))
        return None


async def _on_sale(code: PlanCode, unit: UnitOfWork) -> Plan | None:
    product = await unit.load(PRODUCT, code)
    return product.plan if isinstance(product, OnSale) else None


# -- the provider


@commands.outside(RecordNotification, context=True)
async def record_notification(command: RecordNotification, scope: Scope, context: Context) -> None:
    """Record a notification of the provider."""
    report: PaymentReport | None = None
    try:
        report = _read(command, context.provider)
        outcome = await record_report(report, context.provider, context.tolerance, scope)
    except Refused as refusal:
        NOTIFICATIONS.labels(refusal.code).inc()
        _note_refusal(refusal.code, report)
        raise
    NOTIFICATIONS.labels(outcome).inc()
    level = logging.INFO if outcome in _EXPECTED else logging.WARNING
    log.log(level, "notification.taken", outcome=outcome, **_about(report))


def _note_refusal(code: str, report: PaymentReport | None) -> None:
    """Log every refusal of a genuine notification, and a sample of those that anyone may have sent."""
    if report is None:
        forgeries.write(logging.WARNING, "notification.refused", code=code)
    else:
        log.warning("notification.refused", code=code, **_about(report))


def _read(command: RecordNotification, provider: PaymentProvider) -> PaymentReport:
    if command.provider != provider.name:
        raise Refused("bad_signature", f"{command.provider} is no provider of ours")
    return provider.read_notification(command.body, command.signature)


def _about(report: PaymentReport | None) -> dict[str, str | None]:
    """Return the fields of a report for log lines."""
    if report is None:
        return {}
    return {
        "order": report.order,
        "payment": report.payment,
        "parent": report.parent,
        "status": report.status_text,
    }


# -- operators


@commands.on(MarkPaid)
async def mark_paid(command: MarkPaid, unit: UnitOfWork) -> None:
    """Mark an order as paid, by an operator, whatever the provider reports."""
    await _by_hand(command.order, order_commands.MarkPaid(command.reason), unit)


@commands.on(Refund)
async def refund(command: Refund, unit: UnitOfWork) -> None:
    """Record that an order is refunded."""
    await _by_hand(command.order, order_commands.Refund(command.reason, command.keep_sessions), unit)


@commands.on(CancelOrder)
async def cancel(command: CancelOrder, unit: UnitOfWork) -> None:
    """Cancel an unpaid order."""
    await _by_hand(command.order, order_commands.Cancel(command.reason), unit)


@commands.on(ReviewOrder)
async def review(command: ReviewOrder, unit: UnitOfWork) -> None:
    """Record that an operator reviewed an order."""
    await _by_hand(command.order, order_commands.Review(command.note), unit)


async def _by_hand(order: OrderNumber, act: ByHand, unit: UnitOfWork) -> None:
    await unit.execute(ORDER, order, act)


@commands.on(ListProduct)
async def list_product(command: ListProduct, unit: UnitOfWork) -> None:
    """Put a product on sale."""
    await unit.execute(PRODUCT, command.plan.code, product_commands.ListProduct(command.plan))


@commands.on(RepriceProduct)
async def reprice(command: RepriceProduct, unit: UnitOfWork) -> None:
    """Change the price of a product on sale."""
    await unit.execute(PRODUCT, command.code, product_commands.RepriceProduct(command.price_usd))


@commands.on(RetireProduct)
async def retire(command: RetireProduct, unit: UnitOfWork) -> None:
    """Take a product off sale."""
    await unit.execute(PRODUCT, command.code, product_commands.RetireProduct())
