"""Checking out and paying."""

import secrets
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from libs.events.billing import PlaceOrder
from libs.events.results import Written
from libs.events.values import AccountId, Coin, EmailAddress, OrderNumber, PlanCode
from libs.eventsourcing.record import Causes, utc_now
from services.gateway.api.desk import Desk, DeskDep, causes_of
from services.gateway.api.limits import address_of
from services.gateway.api.openapi import problems
from services.gateway.api.paying import payment_uri, qr_picture
from services.gateway.api.problems import Denied
from services.gateway.api.shapes import Body, Lower, Printable, Upper
from services.gateway.tables.orders import PaymentState, payment_of, pending_order
from services.gateway.tables.values import Money

router = APIRouter(tags=["payments"])

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_RANDOM_DIGITS = 12
"""62 bits: an order's number opens the view of its payment, so it must not be guessed."""


class CheckoutBody(Body):
    """Who buys what, and pays in which coin."""

    email: Annotated[EmailAddress, Lower, Printable, Field(examples=["client@example.com"])]
    plan: Annotated[PlanCode, Lower, Field(examples=["bronze"])]
    pay_currency: Annotated[Coin, Upper, Field(examples=["BTC"])]


class PaymentView(PaymentState):
    """How far a payment is, and how to make it."""

    payment_uri: str | None


class CheckoutView(BaseModel):
    """An order, how to pay it, and for a new account the code that opens it."""

    order_number: OrderNumber
    pay_address: str | None
    memo: Annotated[str | None, Field(description="Must be sent along where it is given.")]
    amount: Annotated[Money | None, Field(description="In units of `pay_currency`.")]
    pay_currency: Coin
    price_usd: Money | None
    expires_at: datetime | None
    payment_uri: str | None
    qr_svg: Annotated[str | None, Field(description="The payment URI as a picture, a data URI.")]
    access_code: Annotated[
        str | None,
        Field(description="Signs a new account in. It is shown this once; null if the account existed."),
    ]


@router.post(
    "/checkout",
    summary="Order a plan",
    status_code=HTTPStatus.CREATED,
    response_description="The order was placed and can be paid.",
    responses=problems(404, 409, 413, 429)
    | {
        200: {"model": CheckoutView, "description": "The same order is still waiting to be paid."},
        202: {
            "model": CheckoutView,
            "description": "The order was placed; `GET /payments/{order_number}` will show how to pay it.",
        },
    },
)
async def check_out(body: CheckoutBody, request: Request, response: Response, desk: DeskDep) -> CheckoutView:
    """Place an order and return where to pay how much.

    While an order waits to be paid, checking out again for the same plan and coin returns it. The first
    checkout with an e-mail address opens an account, whose access code only this answer shows.
    """
    desk.checkouts.take(f"address {address_of(request)}")
    desk.checkouts.take(f"email {body.email}")
    account = await desk.accounts.of(body.email)
    causes = causes_of(request, "anonymous")
    async with desk.turns.of(account):
        number, written = await _order(desk, account, body, causes)
        # only now: whoever gets an error instead of an order would never see the code
        registered = await desk.accounts.register(account, body.email, causes)
        settled = await desk.settled([*written, *registered.written])
        payment = await desk.ask(lambda sql: payment_of(sql, number))
    if not written:
        response.status_code = HTTPStatus.OK
    if not settled or payment is None:
        response.status_code = HTTPStatus.ACCEPTED
    return _checkout_view(number, body, payment, registered.access_code)


@router.get(
    "/payments/{order_number}",
    summary="See how far a payment is",
    responses=problems(404),
)
async def payment_status(order_number: Annotated[OrderNumber, Path()], desk: DeskDep) -> PaymentView:
    """Return the state of an order's payment. Made to be polled; the order's number is the key to it."""
    payment = await desk.ask(lambda sql: payment_of(sql, order_number))
    if payment is None:
        raise Denied(HTTPStatus.NOT_FOUND, "unknown_order")
    return PaymentView(**payment.model_dump(), payment_uri=payment_uri(payment))


async def _order(
    desk: Desk, account: AccountId, body: CheckoutBody, causes: Causes
) -> tuple[OrderNumber, tuple[Written, ...]]:
    """Return the order that is to be paid, and what was written for it."""
    now = utc_now()
    pending = await desk.ask(lambda sql: pending_order(sql, account, body.plan, body.pay_currency, now))
    if pending is not None and pending.pay_address is not None:
        return pending.order_number, ()
    # an order that got no address yet goes on where it stopped
    number = pending.order_number if pending is not None else new_order_number(now)
    order = PlaceOrder(
        order=number, account=account, email=body.email, plan=body.plan, coin=body.pay_currency
    )
    accepted = await desk.commands.send(order, causes)
    return number, accepted.written


def _checkout_view(
    number: OrderNumber, body: CheckoutBody, payment: PaymentState | None, access_code: str | None
) -> CheckoutView:
    uri = payment_uri(payment) if payment else None
    return CheckoutView(
        order_number=number,
        pay_address=payment.pay_address if payment else None,
        memo=payment.memo if payment else None,
        amount=payment.amount if payment else None,
        pay_currency=body.pay_currency,
        price_usd=payment.price_usd if payment else None,
        expires_at=payment.expires_at if payment else None,
        payment_uri=uri,
        qr_svg=qr_picture(uri) if uri else None,
        access_code=access_code,
    )


def new_order_number(at: datetime) -> OrderNumber:
    """Return a fresh order number, `HQADZ-<time>-<random>`."""
    rest, time = int(at.timestamp() * 1000), ""
    while rest:
        rest, digit = divmod(rest, len(_DIGITS))
        time = _DIGITS[digit] + time
    return f"HQADZ-{time}-{''.join(secrets.choice(_DIGITS) for _ in range(_RANDOM_DIGITS))}"
