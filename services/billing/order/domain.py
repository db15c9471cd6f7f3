"""The order aggregate: decisions on an order and its payment."""

from datetime import datetime
from typing import assert_never

from libs.events.billing import (
    OrderCancelled,
    OrderExpired,
    OrderFulfilled,
    OrderMarkedPaid,
    OrderPlaced,
    OrderReviewed,
    PaymentRefunded,
    PaymentRequested,
)
from libs.events.values import AdbotId
from libs.eventsourcing import Decider, Refused
from services.billing.order.commands import (
    ByHand,
    Cancel,
    Command,
    Expire,
    MarkFulfilled,
    MarkPaid,
    Place,
    RecordPaymentRequest,
    RecordStatus,
    Refund,
    Review,
)
from services.billing.order.payment_state import ON_THE_WAY
from services.billing.order.reports import record_status
from services.billing.order.settling import finished
from services.billing.order.state import (
    Awaiting,
    Event,
    Fulfilled,
    Lapsed,
    Order,
    Paid,
    Pending,
    Refunded,
    evolve,
)
from services.billing.stock.limits import check_stock

# -- deciding


def decide(command: Command, order: Order | None) -> list[Event]:
    """Return the events of ``command``; none if it has been carried out before."""
    if isinstance(command, Place):
        return [_placed(command)] if order is None else _place_again(command, order)
    if order is None:
        raise Refused("unknown_order", "there is no such order")
    match command:
        case RecordPaymentRequest():
            return [_requested(command, order.placed)] if isinstance(order, Pending) else []
        case RecordStatus():
            return record_status(command, order)
        case MarkPaid() | Refund() | Cancel() | Review():
            return _by_hand(command, order)
        case MarkFulfilled(adbot):
            return _fulfil(adbot, order)
        case Expire(at):
            return _expire(at, order)
        case _:
            assert_never(command)


# -- placing


def _placed(command: Place) -> Event:
    plan = command.plan
    if plan is None:
        raise Refused("unknown_plan", f"no plan {command.code} is on sale")
    if command.minimum_usd is not None and plan.price_usd < command.minimum_usd:
        raise Refused("below_minimum", f"less than {command.minimum_usd} USD can't be paid in {command.coin}")
    if command.renews is None and command.available is not None:
        check_stock(plan, command.available, command.unpaid, command.limits)
    return OrderPlaced(
        order=command.order,
        account=command.account,
        plan=plan,
        coin=command.coin,
        renews=command.renews,
        pay_by=command.pay_by,
        origin=command.origin,
    )


def _place_again(command: Place, order: Order) -> list[Event]:
    placed = order.placed
    known = (placed.account, placed.plan.code, placed.coin, placed.renews)
    if known != (command.account, command.code, command.coin, command.renews):
        raise Refused("order_exists_differently", f"{command.order} is another order")
    match order:
        case Lapsed(cancelled=True) | Awaiting(cancelled=True):
            raise Refused("order_cancelled", f"{command.order} was called off")
        case Lapsed() | Awaiting(expired=True):
            raise Refused("order_expired", f"{command.order} was not paid in time")
        case _:
            return []


def _requested(command: RecordPaymentRequest, placed: OrderPlaced) -> Event:
    return PaymentRequested(
        order=placed.order,
        provider=command.provider,
        payment=command.payment,
        address=command.address,
        memo=command.memo,
        amount=command.amount,
        coin=placed.coin,
        expires_at=command.expires_at,
    )


# -- by hand


def _by_hand(command: ByHand, order: Order) -> list[Event]:
    match command:
        case MarkPaid(reason):
            return _mark_paid(reason, order)
        case Refund():
            return _refund(command, order)
        case Cancel(reason):
            return _cancel(reason, order)
        case Review(note):
            return [OrderReviewed(order=order.placed.order, note=note)]
        case _:
            assert_never(command)


def _mark_paid(reason: str, order: Order) -> list[Event]:
    match order:
        case Paid() | Fulfilled():
            return []
        case Refunded(placed):
            raise Refused("order_refunded", f"the money for {placed.order} went back")
        case Pending(placed) | Lapsed(placed) | Awaiting(placed):
            vouched = OrderMarkedPaid(order=placed.order, reason=reason)
            return [vouched, finished(order, order.money.total, by_hand=True)]
        case _:
            assert_never(order)


def _refund(command: Refund, order: Order) -> list[Event]:
    """Refund the order, also if nothing was received for it; its delivery ends too."""
    match order:
        case Refunded():
            return []
        case Pending(placed) | Lapsed(placed) | Awaiting(placed) if order.money.none_came:
            raise Refused("nothing_received", f"no money came for {placed.order}")
        case Pending() | Lapsed():
            return [_refunded(order, None, command)]
        case Awaiting() | Paid() | Fulfilled():
            return [_refunded(order, order.request, command)]
        case _:
            assert_never(order)


def _refunded(order: Order, request: PaymentRequested | None, command: Refund) -> Event:
    return PaymentRefunded(
        order=order.placed.order,
        payment=request.payment if request else None,
        reason=command.reason,
        by_hand=True,
        keep_sessions=command.keep_sessions,
    )


def _cancel(reason: str, order: Order) -> list[Event]:
    match order:
        case Paid(placed) | Fulfilled(placed):
            raise Refused("order_paid", f"{placed.order} is paid")
        case Awaiting(placed, state=state) if state in ON_THE_WAY:
            raise Refused("money_on_the_way", f"the money for {placed.order} was seen on its way")
        case Refunded() | Lapsed(cancelled=True) | Awaiting(cancelled=True):
            return []
        case Pending(placed) | Lapsed(placed) | Awaiting(placed):
            return [OrderCancelled(order=placed.order, reason=reason)]
        case _:
            assert_never(order)


# -- delivery and time


def _fulfil(adbot: AdbotId, order: Order) -> list[Event]:
    match order:
        case Paid(placed):
            return [OrderFulfilled(order=placed.order, account=placed.account, adbot=adbot)]
        case Fulfilled() | Refunded():
            return []
        case Pending() | Lapsed() | Awaiting():
            raise Refused("order_unpaid", f"{order.placed.order} was not paid")
        case _:
            assert_never(order)


def _expire(at: datetime, order: Order) -> list[Event]:
    if at < order.placed.pay_by:
        return []
    match order:
        case Pending(placed):
            return [OrderExpired(order=placed.order)]
        case Awaiting(placed, state=state, expired=False, cancelled=False) if state not in ON_THE_WAY:
            return [OrderExpired(order=placed.order)]
        case _:
            return []


ORDER: Decider[Command, Order, Event] = Decider("order", decide, evolve, continues=True)
