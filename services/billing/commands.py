"""What billing does when it is told to."""

import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

import structlog
from prometheus_client import Counter
from pydantic import TypeAdapter, ValidationError

from libs.chassis.commands import CommandHandlers, Scope
from libs.events.billing import PlaceOrder, RecordNotification
from libs.events.values import OrderNumber, Plan, PlanCode
from libs.eventsourcing.decider import Refused
from libs.eventsourcing.unit import UnitOfWork
from services.billing.notification import Notification, read_notification
from services.billing.order.domain import ORDER, Place, RecordStatus, is_repeated_deposit
from services.billing.order.state import PaymentState
from services.billing.ports import PaymentProvider
from services.billing.product.domain import PRODUCT, OnSale
from services.billing.requesting import PaymentRequests
from services.billing.signature import SignatureChecker

_ORDER_NUMBER: TypeAdapter[OrderNumber] = TypeAdapter(OrderNumber)
log = structlog.stdlib.get_logger()

NOTIFICATIONS = Counter(
    "adrelay_billing_notifications_total",
    "Notifications by what became of them: recorded, repeated, unknown_status, repeated_deposit, or why "
    "they were refused.",
    ["outcome"],
)


@dataclass(frozen=True, slots=True)
class Billing:
    """What the commands work with."""

    provider: PaymentProvider
    requests: PaymentRequests
    signature: SignatureChecker
    order_valid: timedelta


def handlers(billing: Billing) -> CommandHandlers:
    """Return billing's command handlers."""
    commands = CommandHandlers()

    @commands.outside(PlaceOrder)
    async def place_order(command: PlaceOrder, scope: Scope) -> None:
        if command.coin not in billing.provider.coins:
            raise Refused("unsupported_coin", f"payment in {command.coin} is not possible")

        async def place(unit: UnitOfWork) -> None:
            plan = await _on_sale(command.plan, unit)
            await unit.execute(ORDER, command.order, _placing(command, plan, unit, billing.order_valid))

        await billing.requests.fulfil(command.order, scope, place)

    @commands.outside(RecordNotification)
    async def record_notification(command: RecordNotification, scope: Scope) -> None:
        notification: Notification | None = None
        try:
            _check_signature(command, billing.signature)
            notification = read_notification(command.body)
            outcome = await _record(notification, billing.provider, scope)
        except Refused as refusal:
            NOTIFICATIONS.labels(refusal.code).inc()
            log.warning("notification.refused", code=refusal.code, **_about(notification))
            raise
        NOTIFICATIONS.labels(outcome).inc()
        level = logging.INFO if outcome in {"recorded", "repeated"} else logging.WARNING
        log.log(level, "notification.taken", outcome=outcome, **_about(notification))

    del place_order, record_notification
    return commands


def _check_signature(command: RecordNotification, checker: SignatureChecker) -> None:
    if not checker.holds(command.body, command.signature):
        raise Refused("bad_signature", "the signature is not the provider's")


async def _on_sale(code: PlanCode, unit: UnitOfWork) -> Plan | None:
    product = await unit.load(PRODUCT, code)
    return product.plan if isinstance(product, OnSale) else None


def _placing(command: PlaceOrder, plan: Plan | None, unit: UnitOfWork, valid: timedelta) -> Place:
    return Place(
        order=command.order,
        account=command.account,
        email=command.email,
        code=command.plan,
        plan=plan,
        coin=command.coin,
        renews=command.renews,
        pay_by=unit.at + valid,
    )


async def _record(notification: Notification, provider: PaymentProvider, scope: Scope) -> str:
    """Note a well-signed notification in the story of its order; return what became of it."""
    try:
        order = _ORDER_NUMBER.validate_python(notification.order_id)
    except ValidationError:
        raise Refused("unknown_order", "the notification names no order of ours") from None
    command = _recording(notification, provider)

    async def record(unit: UnitOfWork) -> str:
        unit.causes = replace(unit.causes, actor=f"provider:{provider.name}")
        await unit.follow_stream(ORDER.stream(order))
        events = await unit.execute(ORDER, order, command)
        state = await unit.load(ORDER, order)
        if is_repeated_deposit(command, state):
            return "repeated_deposit"
        if command.status is None:
            return "unknown_status"
        return "recorded" if events else "repeated"

    return await scope.run(record) or "repeated"


def _recording(notification: Notification, provider: PaymentProvider) -> RecordStatus:
    status = notification.payment_status.upper()
    return RecordStatus(
        payment=notification.payment_id,
        parent=notification.parent_payment_id,
        status=PaymentState(status) if status in PaymentState.__members__ else None,
        price=notification.price_amount,
        price_currency=notification.price_currency.upper(),
        amount=notification.pay_amount,
        paid=notification.actually_paid or Decimal(0),
        coin=provider.coin(notification.pay_currency),
    )


def _about(notification: Notification | None) -> dict[str, str | None]:
    """Return what a log line may say of a notification."""
    if notification is None:
        return {}
    return {
        "order": notification.order_id,
        "payment": notification.payment_id,
        "parent": notification.parent_payment_id,
        "status": notification.payment_status,
    }
