"""The status of a checkout's answer: whether the order is new, and whether its payment can be shown."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import cast
from uuid import UUID

import pytest
from fastapi import Response

from libs.events.results import Written
from libs.events.values import AccountId
from services.gateway.api.checkout.ordering import Ordered, checkout_view
from services.gateway.api.desk import Desk
from services.gateway.tables.order_lines import PaymentState, Wish
from services.gateway.tables.orders import OrderStatus, PaymentStatus

NUMBER = "HQADZ-AAAAAA-BBBB"
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
WISH = Wish(AccountId(UUID(int=1)), "bronze", "BTC")
WRITTEN = (Written(service="billing", xid=7, position=9),)
PAYMENT = PaymentState(
    order_number=NUMBER,
    status=PaymentStatus.WAITING,
    payment_status=PaymentStatus.WAITING,
    order_status=OrderStatus.PENDING,
    plan="bronze",
    price_usd=Decimal(30),
    pay_currency="BTC",
    pay_address="there",
    memo=None,
    amount=Decimal("0.1"),
    paid=None,
    missing=None,
    expires_at=NOON,
    updated_at=NOON,
)


class ReadModels:
    """Read models that include an order's events, or lag; with its payment, or without."""

    def __init__(self, payment: PaymentState | None, *, lag: bool) -> None:
        self._payment = payment
        self._lag = lag

    async def settled(self, written: Sequence[Written]) -> bool:
        """Return whether the events are included."""
        return not (written and self._lag)

    async def ask(self, question: object) -> PaymentState | None:
        """Return the payment."""
        del question
        return self._payment


@pytest.mark.parametrize(
    ("written", "payment", "lag", "status"),
    [
        (WRITTEN, PAYMENT, False, 201),
        ((), PAYMENT, False, 200),
        (WRITTEN, PAYMENT, True, 202),
        (WRITTEN, None, False, 202),
        (WRITTEN, None, True, 202),
        ((), None, False, 202),
    ],
    ids=["new", "placed before", "lagging", "without a payment", "lagging without a payment", "duplicate"],
)
async def test_a_checkout_is_complete_once_the_order_and_its_payment_can_be_shown(
    written: tuple[Written, ...], payment: PaymentState | None, status: int, *, lag: bool
) -> None:
    desk = cast("Desk", ReadModels(payment, lag=lag))
    response = Response(status_code=201)
    view = await checkout_view(desk, WISH, Ordered(NUMBER, written), response)
    assert response.status_code == status
    assert (view.order_number, view.pay_address) == (NUMBER, payment and payment.pay_address)
