"""Checking out and paying."""

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Cookie, Path, Request, Response
from pydantic import Field, SecretStr

from libs.events.values import Coin, EmailAddress, OrderNumber, PlanCode
from libs.eventsourcing import Causes
from libs.eventsourcing.values import utc_now
from services.gateway.api.callers import CallerDep, causes_of
from services.gateway.api.checkout.ordering import CheckoutView, checking_out, checkout_view, order
from services.gateway.api.checkout.paying import payment_uri
from services.gateway.api.desk import Desk, DeskDep
from services.gateway.api.openapi import problems
from services.gateway.api.requests.addresses import address_of
from services.gateway.api.requests.problems import EXPECTED, Denied, denied_of
from services.gateway.api.requests.shapes import Body, Lower, Mailbox, Printable, Upper
from services.gateway.checkout.claims import KEPT, CheckoutToken, checkout_token_in, new_checkout_token
from services.gateway.tables.order_lines import PaymentState, Wish, payment_of

router = APIRouter(tags=["payments"])

_COOKIE = "checkout_token"


class CheckoutBody(Body):
    """Who buys what, and pays in which coin."""

    email: Annotated[EmailAddress, Lower, Printable, Mailbox, Field(examples=["client@example.com"])]
    plan: Annotated[PlanCode, Lower, Field(examples=["bronze"])]
    pay_currency: Annotated[Coin, Upper, Field(examples=["BTC"])]
    checkout_token: Annotated[
        CheckoutToken | None,
        Field(
            description="Of an earlier answer, or made by the client from at least 128 random bits: then a "
            "second click means the same order. Left out, the cookie's is taken, or a new one is made."
        ),
    ] = None


class PaymentView(PaymentState):
    """How far a payment is, and how to make it."""

    payment_uri: Annotated[str | None, Field(description="For what is still to be paid; null if nothing is.")]


@router.post(
    "/checkout",
    summary="Order a plan",
    status_code=HTTPStatus.CREATED,
    response_description="The order was placed and can be paid.",
    responses=checking_out(401),
    openapi_extra={"security": [{}, {"client": []}]},
)
async def check_out(
    body: CheckoutBody,
    caller: CallerDep,
    request: Request,
    response: Response,
    desk: DeskDep,
    cookie: Annotated[str | None, Cookie(alias=_COOKIE, include_in_schema=False)] = None,
) -> CheckoutView:
    """Place an order and return where to pay how much.

    While an order waits to be paid, checking out again for the same e-mail, plan and coin returns it, also
    where the first try was answered with 503: with the token of its checkout, which a cookie holds too, or
    signed in as whose it is. The first order with an e-mail address opens an account. Its access code is
    mailed there once a payment has arrived, or the operator gives it.

    Sessions are kept for an unpaid order for half an hour, if the operator set nothing else; it can be paid
    for longer. Refused with `insufficient_stock`, and with `too_many_unpaid_orders` where an unpaid order of
    the same e-mail address or network keeps sessions and a further one would keep too many: pay or cancel
    one, or try later.
    """
    address = address_of(request)
    desk.checkouts.take(f"address {address}")
    desk.checkouts_hourly.take(f"address {address}")
    account = await desk.accounts.of(body.email)
    own = caller is not None and caller.account == account
    # strangers who name an address must not use its owner's share up
    desk.checkouts.take(f"account {account}" if own else f"email {body.email}")
    wish = Wish(account, body.plan, body.pay_currency)
    origin = desk.codes.origin(address, utc_now())
    if own:
        causes = causes_of(request, f"account:{account}")
        return await _answer(desk, wish, body.email, causes, origin, response)
    token = body.checkout_token or checkout_token_in(cookie) or new_checkout_token()
    kept = {"Set-Cookie": _cookie(request, token)}
    response.headers.update(kept)
    try:
        causes = causes_of(request, "anonymous")
        return await _answer(desk, replace(wish, token=token), body.email, causes, origin, response)
    except EXPECTED as error:  # the next try is to go on with the same order
        denied = denied_of(error)
        denied.headers.update(kept)
        raise denied from error


async def _answer(
    desk: Desk, wish: Wish, email: EmailAddress, causes: Causes, origin: str, response: Response
) -> CheckoutView:
    async with desk.turns.of(wish):
        ordered = await order(desk, wish, email, causes, origin)
        return await checkout_view(desk, wish, ordered, response)


def _cookie(request: Request, token: SecretStr) -> str:
    """Return the header that has a browser send the token with its next checkouts, and with nothing else."""
    secure = "; Secure" if request.url.scheme == "https" else ""
    age = int(KEPT.total_seconds())
    return (
        f"{_COOKIE}={token.get_secret_value()}; Path={request.url.path}; Max-Age={age}; "
        f"HttpOnly; SameSite=Strict{secure}"
    )


@router.get(
    "/payments/{order_number}",
    summary="See how far a payment is",
    responses=problems(404, 429),
)
async def payment_status(
    order_number: Annotated[OrderNumber, Path()], request: Request, desk: DeskDep
) -> PaymentView:
    """Return the state of an order's payment. Made to be polled; the order's number is the key to it."""
    desk.payment_looks.take(address_of(request))
    payment = await desk.ask(lambda sql: payment_of(sql, order_number))
    if payment is None:
        raise Denied(HTTPStatus.NOT_FOUND, "unknown_order")
    return PaymentView(**payment.model_dump(), payment_uri=payment_uri(payment))
