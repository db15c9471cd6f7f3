"""A made-up history of all five services: orders, adbots and cycles, with causes and effects."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from random import Random

from bench.cycles import Cycles, Schedule
from bench.orders import (
    DAY,
    EVENTS_CYCLE,
    EVENTS_PAID,
    EVENTS_UNPAID,
    SECOND,
    STARTED_AFTER,
    Order,
    Row,
)
from libs.events.billing import (
    OrderExpired,
    OrderFulfilled,
    OrderPlaced,
    PaymentConfirmed,
    PaymentConfirming,
    PaymentFinished,
    PaymentRequested,
    PaymentSending,
)
from libs.events.gateway import AccountRegistered, Role
from libs.events.provisioning import AdbotProvisioned
from libs.events.values import Plan, PlanKind

PLANS = (  # clients in percent, code, sessions, seconds between cycles, price
    (40, "bronze", 1, 3600, 30),
    (25, "silver", 2, 1800, 55),
    (15, "gold", 3, 1200, 80),
    (8, "diamond", 6, 600, 160),
    (6, "basic", 3, 900, 199),
    (4, "pro", 7, 420, 450),
    (2, "elite", 15, 120, 899),
)
MONTH_DAYS = 30
WINDOW = DAY // 24


@dataclass(frozen=True)
class History:
    """The orders of the last month and all their events."""

    orders: tuple[Order, ...]

    @classmethod
    def of(cls, events: int, *, now: datetime, seed: int = 7) -> "History":
        """Return a history of about this many events: adbots of all ages, then unpaid orders."""
        draw = Random(seed)
        end = int(now.timestamp() * 1000)
        orders: list[Order] = []
        left = events
        weights = [plan[0] for plan in PLANS]
        while left >= events // 25:
            _, code, sessions, interval, price = draw.choices(PLANS, weights)[0]
            plan = plan_of(code, sessions, interval, price)
            age = draw.uniform(0.1, MONTH_DAYS) * DAY
            most = (left - EVENTS_PAID) // EVENTS_CYCLE
            cycles = min(most, int((age - STARTED_AFTER) / (interval * SECOND)))
            orders.append(Order(len(orders) + 1, end - int(age), plan, cycles))
            left -= orders[-1].events
        plan = orders[0].plan
        while left >= EVENTS_UNPAID:
            begin = end - int(draw.uniform(0.1, MONTH_DAYS) * DAY)
            orders.append(Order(len(orders) + 1, begin, plan, None))
            left -= EVENTS_UNPAID
        return cls(tuple(orders))

    @classmethod
    def of_orders(cls, count: int, *, now: datetime) -> "History":
        """Return a history of this many orders, half of them paid, whose adbots were never started."""
        begin = int(now.timestamp() * 1000) - MONTH_DAYS * DAY
        plan = plan_of("bronze", 1, 3600, 30)
        return cls(
            tuple(
                Order(number, begin + number * SECOND, plan, 0 if number % 2 else None)
                for number in range(1, count + 1)
            )
        )

    @property
    def events(self) -> int:
        """The number of events."""
        return sum(order.events for order in self.orders)

    @property
    def paid(self) -> list[Order]:
        """The orders with an adbot, by the size of their correlated trees."""
        return sorted(
            (order for order in self.orders if order.cycles is not None), key=lambda one: one.events
        )

    def rows(self, service: str) -> Iterator[str]:
        """Return a service's events as lines for `COPY`, ordered by time."""
        match service:
            case "billing":
                return _in_order(row for order in self.orders for row in billing_rows(order))
            case "gateway":
                return _in_order(account_row(order) for order in self.orders)
            case "provisioning":
                return _in_order(adbot_row(order) for order in self.paid)
            case "scheduler":
                return _windows([Schedule(order) for order in self.paid])
            case _:
                return _windows([Cycles(order) for order in self.paid])


def plan_of(code: str, sessions: int, interval: int, price: int) -> Plan:
    """Return a plan for a month."""
    return Plan(
        code=code,
        name=code.title(),
        kind=PlanKind.STARTER,
        sessions=sessions,
        interval_seconds=interval,
        price_usd=Decimal(price),
        validity_days=MONTH_DAYS,
    )


def _in_order(rows: Iterable[Row]) -> Iterator[str]:
    return (line for _, line in sorted(rows))


def _windows(parts: Sequence[Schedule] | Sequence[Cycles]) -> Iterator[str]:
    """Return the rows of all adbots, ordered by time, in chunks of an hour."""
    begin = min(part.order.begin for part in parts)
    end = max(part.end for part in parts) + 1
    for start in range(begin, end, WINDOW):
        yield from _in_order(row for part in parts for row in part.between(start, start + WINDOW))


def account_row(order: Order) -> Row:
    """Return the gateway's event of an order."""
    event = AccountRegistered(
        account=order.account,
        role=Role.CLIENT,
        code_digest=f"{order.number:064x}",
        licence=f"LIC-{order.number:08d}",
    )
    return order.row_of(1, event, 60, f"account-{order.account}")


def billing_rows(order: Order) -> Iterator[Row]:
    """Return billing's events of an order."""
    number, payment, coin = order.order, f"5{order.number:09d}", "USDT"
    stream, paid = f"order-{number}", Decimal("49.9")
    placed = OrderPlaced(
        order=number, account=order.account, plan=order.plan,
        coin=coin, pay_by=datetime.fromtimestamp(order.begin / 1000 + 86_400, UTC),
    )  # fmt: skip
    requested = PaymentRequested(
        order=number, provider="nowpayments", payment=payment, address="TXyz1TXyz1TXyz1TXyz1TXyz1TXyz1TX12",
        amount=paid, coin=coin,
    )  # fmt: skip
    yield order.row_of(1, placed, 0, stream)
    yield order.row_of(2, requested, 400, stream)
    if order.cycles is None:
        yield order.row_of(3, OrderExpired(order=number), DAY, stream)
        return
    yield order.row_of(3, PaymentConfirming(order=number, payment=payment), 300_000, stream)
    yield order.row_of(4, PaymentConfirmed(order=number, payment=payment), 600_000, stream)
    yield order.row_of(5, PaymentSending(order=number, payment=payment), 610_000, stream)
    finished = PaymentFinished(
        order=number,
        account=order.account,
        plan=order.plan,
        payment=payment,
        paid=paid,
        coin=coin,
        by_hand=False,
    )
    yield order.row_of(6, finished, 620_000, stream)
    fulfilled = OrderFulfilled(order=number, account=order.account, adbot=order.adbot)
    cause = order.id_of("AdbotProvisioned", 620_015)
    yield order.row_of(7, fulfilled, 620_050, stream, cause)


def adbot_row(order: Order) -> Row:
    """Return provisioning's event of an order's adbot."""
    event = AdbotProvisioned(
        adbot=order.adbot,
        order=order.order,
        account=order.account,
        plan=order.plan,
        seats=order.seats,
        valid_from=datetime.fromtimestamp(order.begin / 1000, UTC),
        valid_until=datetime.fromtimestamp(order.begin / 1000 + MONTH_DAYS * 86_400, UTC),
    )
    cause = order.id_of("PaymentFinished", 620_000)
    return order.row_of(1, event, 620_015, f"adbot-{order.adbot}", cause)
