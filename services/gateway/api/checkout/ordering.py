"""Places the order of a checkout, or returns the pending one."""

import asyncio
import secrets
import time
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import Response
from pydantic import Field

from libs.events.commands.billing import PlaceOrder
from libs.events.results import Accepted, Written
from libs.events.values import Coin, EmailAddress, OrderNumber
from libs.eventsourcing import Causes, Refused
from libs.eventsourcing.values import utc_now
from services.gateway.api.checkout.paying import payment_uri, qr_picture
from services.gateway.api.desk import Desk
from services.gateway.api.openapi import Responses, problems
from services.gateway.api.requests.problems import unavailable
from services.gateway.notices.refused_sales import REFUSAL
from services.gateway.tables.order_lines import PaymentState, Wish, payment_of, pending_order
from services.gateway.tables.values import Money, View

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_RANDOM_DIGITS = 12
"""62 bits: the order number gives access to its payment, so it must not be guessable."""
_OVER = {"order_expired", "order_cancelled"}
"""Billing's codes for an order that has ended, which the read models may not show yet."""
_AGAIN_SECONDS = 0.1


class CheckoutView(View):
    """An order and how to pay it. Access codes are sent by mail, or issued by the operator."""

    order_number: OrderNumber
    """`HQADZ-…`; whoever knows it may see the payment."""
    pay_address: str | None
    """Where to pay; null until the provider gave an address."""
    memo: Annotated[str | None, Field(description="If given, the payment must contain it.")]
    amount: Annotated[Money | None, Field(description="In units of `pay_currency`.")]
    pay_currency: Coin
    """The coin to pay in."""
    price_usd: Money | None
    """The price in US dollars."""
    expires_at: datetime | None
    """Until when it can be paid."""
    payment_uri: str | None
    """What a wallet opens; null if it can't say all that is needed."""
    qr_svg: Annotated[str | None, Field(description="The payment URI as a picture, a data URI.")]
    checkout_token: Annotated[
        str | None,
        Field(
            description="Sent with a later checkout, it returns the same order while that awaits payment. "
            "Null for a signed-in client, who needs none."
        ),
    ]


@dataclass(frozen=True, slots=True)
class Ordered:
    """The order to pay, and the cursors of the events appended for it by this request."""

    number: OrderNumber
    written: tuple[Written, ...]


def checking_out(*statuses: int, model: type[View] = CheckoutView) -> Responses:
    """Return the descriptions of a checkout's responses, besides 201."""
    return problems(404, 409, 413, 429, 502, *statuses) | {
        200: {"model": model, "description": "The same order still awaits payment."},
        202: {
            "model": model,
            "description": "The order was placed; `GET /payments/{order_number}` will show how to pay it.",
        },
    }


async def order(
    desk: Desk, wish: Wish, email: EmailAddress | None, causes: Causes, origin: str | None = None
) -> Ordered:
    """Return the pending order of this wish; place it if there is none.

    `email` is the address of an account that the order may open, None if it exists. `origin` is the digest of
    the network address whose limit of unpaid orders applies. Raise `Refused` as billing does. After
    `provider_unavailable`, the same call continues with the same order.
    """
    deadline = time.monotonic() + desk.timeout_seconds
    while True:
        try:
            return await _order_once(desk, wish, email, causes, origin)
        except Refused as refusal:
            if refusal.code == REFUSAL:
                await desk.refused_sales.note(wish.plan, causes)
            if refusal.code not in _OVER:
                raise
            if time.monotonic() > deadline:
                raise unavailable(
                    "service_unavailable", "the last order is just over; try again"
                ) from refusal
        await asyncio.sleep(_AGAIN_SECONDS)


async def _order_once(
    desk: Desk, wish: Wish, email: EmailAddress | None, causes: Causes, origin: str | None
) -> Ordered:
    now = utc_now()
    pending = await _pending(desk, wish, now) if wish.token is None else None
    number = pending.order_number if pending else await desk.claims.claim(wish, new_order_number(now), now)
    pending = pending or await desk.ask(lambda sql: payment_of(sql, number))
    if pending is not None and pending.pay_address is not None:
        return Ordered(number, ())
    if email is not None:
        await desk.accounts.name_address(wish.account, email)
    accepted = await _place_order(desk, number, wish, causes, origin)
    return Ordered(number, accepted.written)


async def _pending(desk: Desk, wish: Wish, at: datetime) -> PaymentState | None:
    return await desk.ask(lambda sql: pending_order(sql, wish, at))


async def _place_order(
    desk: Desk,
    number: OrderNumber,
    wish: Wish,
    causes: Causes,
    origin: str | None,
) -> Accepted:
    command = PlaceOrder(
        order=number,
        account=wish.account,
        plan=wish.plan,
        coin=wish.coin,
        renews=wish.renews,
        origin=origin,
    )
    return await desk.commands.send(command, causes)


async def checkout_view(desk: Desk, wish: Wish, ordered: Ordered, response: Response) -> CheckoutView:
    """Return the answer to a checkout; waits, within a limit, for the read models to include the order."""
    settled = await desk.settled(ordered.written)
    payment = await desk.ask(lambda sql: payment_of(sql, ordered.number))
    if not ordered.written:
        response.status_code = HTTPStatus.OK
    if not settled or payment is None:
        response.status_code = HTTPStatus.ACCEPTED
    return _view(ordered.number, wish, payment)


def _view(number: OrderNumber, wish: Wish, payment: PaymentState | None) -> CheckoutView:
    uri = payment_uri(payment) if payment else None
    return CheckoutView(
        order_number=number,
        pay_address=payment.pay_address if payment else None,
        memo=payment.memo if payment else None,
        amount=payment.amount if payment else None,
        pay_currency=wish.coin,
        price_usd=payment.price_usd if payment else None,
        expires_at=payment.expires_at if payment else None,
        payment_uri=uri,
        qr_svg=qr_picture(uri) if uri else None,
        checkout_token=wish.token.get_secret_value() if wish.token else None,
    )


def new_order_number(at: datetime) -> OrderNumber:
    """Return a new order number, `HQADZ-<time>-<random>`."""
    rest, time_digits = int(at.timestamp() * 1000), ""
    while rest:
        rest, digit = divmod(rest, len(_DIGITS))
        time_digits = _DIGITS[digit] + time_digits
    return f"HQADZ-{time_digits}-{''.join(secrets.choice(_DIGITS) for _ in range(_RANDOM_DIGITS))}"
