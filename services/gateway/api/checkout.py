"""Checking out and paying."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from libs.events.values import Coin, EmailAddress, OrderNumber, PlanCode
from libs.eventsourcing.record import utc_now
from services.gateway.api.desk import DeskDep, causes_of
from services.gateway.api.limits import address_of
from services.gateway.api.openapi import problems
from services.gateway.api.ordering import CheckoutView, checking_out, checkout_view, order
from services.gateway.api.paying import payment_uri
from services.gateway.api.problems import Denied
from services.gateway.api.shapes import Body, Lower, Mailable, Printable, Upper
from services.gateway.tables.order_lines import PaymentState, Wish, payment_of

router = APIRouter(tags=["payments"])


class CheckoutBody(Body):
    """Who buys what, and pays in which coin."""

    email: Annotated[EmailAddress, Lower, Printable, Mailable, Field(examples=["client@example.com"])]
    plan: Annotated[PlanCode, Lower, Field(examples=["bronze"])]
    pay_currency: Annotated[Coin, Upper, Field(examples=["BTC"])]


class PaymentView(PaymentState):
    """How far a payment is, and how to make it."""

    payment_uri: Annotated[str | None, Field(description="For what is still to be paid; null if nothing is.")]


@router.post(
    "/checkout",
    summary="Order a plan",
    status_code=HTTPStatus.CREATED,
    response_description="The order was placed and can be paid.",
    responses=checking_out(),
)
async def check_out(body: CheckoutBody, request: Request, response: Response, desk: DeskDep) -> CheckoutView:
    """Place an order and return where to pay how much.

    While an order waits to be paid, checking out again for the same plan and coin returns it, also where the
    first try was answered with 503. The first checkout with an e-mail address opens an account.

    Sessions are kept for an unpaid order for half an hour, if the operator set nothing else; it can be paid
    for longer. Refused with `insufficient_stock`, and with `too_many_unpaid_orders` where an unpaid order of
    the same e-mail address or network keeps sessions and a further one would keep too many: pay or cancel
    one, or try later.
    """
    address = address_of(request)
    desk.checkouts.take(f"address {address}")
    desk.checkouts.take(f"email {body.email}")
    account = await desk.accounts.of(body.email)
    wish = Wish(account, body.plan, body.pay_currency)
    causes = causes_of(request, "anonymous")
    async with desk.turns.of(account):
        origin = desk.codes.origin(address, utc_now())
        ordered = await order(desk, wish, body.email, causes, origin)
        # only now: whoever gets an error instead of an order would never see the code
        registered = await desk.accounts.register(account, body.email, causes)
        code = None if desk.mails else registered.access_code
        return await checkout_view(desk, wish, ordered, registered.written, code, response)


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
