"""Routes to order a plan and to watch its payment.

What they call `paymentId` is the order's number. The provider's number of a payment is short and counts up,
so anybody could look at the payments of others by it.
"""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import Field, StringConstraints, WithJsonSchema

from libs.events.values import Coin, EmailAddress, OrderNumber, PlanKind
from libs.eventsourcing import Refused
from services.gateway.api.callers import CallerDep
from services.gateway.api.checkout.ordering import checking_out
from services.gateway.api.checkout.routes import CheckoutBody, count_checkout, looked_at, place_order
from services.gateway.api.compat.shapes import TAG, TheirBody
from services.gateway.api.desk import Desk, DeskDep
from services.gateway.api.openapi import problems
from services.gateway.api.requests.shapes import Lower, Mailbox, Printable, WithoutNul
from services.gateway.api.requests.tags import tagged
from services.gateway.api.webhook import notification
from services.gateway.checkout.claims import CheckoutToken
from services.gateway.tables.order_lines import PaymentState, payment_of
from services.gateway.tables.orders import OrderStatus, PaymentStatus
from services.gateway.tables.products import CataloguePlan, plan_named
from services.gateway.tables.values import Money, View, plain

router = APIRouter(prefix="/payment", tags=[TAG], deprecated=True)

WEBHOOK = replace(notification.ROUTE, path="/api/payment/webhook", name="record_payment_notification")
"""The same handler as that of version 1, under the path that the provider may have been told before."""


class TheirPaymentStatus(StrEnum):
    """The status of a payment, in the words of existing front ends."""

    PENDING = "pending"
    CONFIRMING = "confirming"
    """It is on its way."""
    PAID = "paid"
    PARTIAL = "partial"
    """A part is missing."""
    FAILED = "failed"
    EXPIRED = "expired"
    """It was not made in time, or the order was cancelled."""
    REFUNDED = "refunded"


_STATUSES = {
    PaymentStatus.REQUESTED: TheirPaymentStatus.PENDING,
    PaymentStatus.WAITING: TheirPaymentStatus.PENDING,
    PaymentStatus.CONFIRMING: TheirPaymentStatus.CONFIRMING,
    PaymentStatus.CONFIRMED: TheirPaymentStatus.CONFIRMING,
    PaymentStatus.SENDING: TheirPaymentStatus.CONFIRMING,
    PaymentStatus.PARTIALLY_PAID: TheirPaymentStatus.PARTIAL,
    PaymentStatus.FINISHED: TheirPaymentStatus.PAID,
    PaymentStatus.FAILED: TheirPaymentStatus.FAILED,
    PaymentStatus.REFUNDED: TheirPaymentStatus.REFUNDED,
    PaymentStatus.EXPIRED: TheirPaymentStatus.EXPIRED,
}
_OPEN = {TheirPaymentStatus.PENDING, TheirPaymentStatus.PARTIAL}
"""What a payment of an order that is over can't be: nobody should go on paying it."""


_Amount = Annotated[
    Decimal,
    Field(allow_inf_nan=False),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}]}),
]


class PaymentBody(TheirBody):
    """Who buys which plan, and with which coin."""

    email: Annotated[EmailAddress, Lower, Printable, Mailbox, Field(examples=["client@example.com"])]
    """The address that the access code is sent to."""
    plan_name: Annotated[
        str,
        StringConstraints(min_length=1, max_length=60),
        WithoutNul,
        Field(alias="planName", description="The name or the code of a plan on sale.", examples=["Bronze"]),
    ]
    plan_type: Annotated[
        PlanKind | None,
        Lower,
        Field(alias="planType", description="The kind of the plan; without it, any.", examples=["starter"]),
    ] = None
    amount: Annotated[
        _Amount | None,
        Field(
            description="What the front end shows as the price in US dollars; refused if the catalogue has "
            "another.",
            examples=["30"],
        ),
    ] = None
    currency: Annotated[
        str,
        StringConstraints(min_length=1, max_length=20),
        WithoutNul,
        Field(
            description="The code of a coin of `GET /api/v1/coins`, or the provider's code of it.",
            examples=["BTC"],
        ),
    ]
    checkout_token: CheckoutToken | None = None


class TheirPayment(View):
    """An order and its payment."""

    payment_id: OrderNumber = Field(
        serialization_alias="paymentId",
        description="The same as `orderId`; whoever knows it may see the payment.",
        examples=["HQADZ-MWPM0SFH-9J8ZHS6IAHLL"],
    )
    order_id: OrderNumber = Field(
        serialization_alias="orderId",
        description="The order's number.",
        examples=["HQADZ-MWPM0SFH-9J8ZHS6IAHLL"],
    )
    status: TheirPaymentStatus
    pay_address: str | None = Field(
        serialization_alias="payAddress",
        description="Where to pay; null until the provider gave an address.",
        examples=["bc1q9h7garjlz5ydrmd6ag2rzv4mm8f8dwrx"],
    )
    pay_amount: Money | None = Field(
        serialization_alias="payAmount", description="In units of `payCurrency`.", examples=["0.000456"]
    )
    pay_currency: Coin = Field(serialization_alias="payCurrency", examples=["BTC"])
    memo: Annotated[str | None, Field(description="If given, the payment must contain it.")]
    price_usd: Annotated[Money | None, Field(description="The price in US dollars.")]
    expires_at: Annotated[datetime | None, Field(description="Until when it can be paid.")]


class CreatedPayment(TheirPayment):
    """An order and how to pay it."""

    payment_uri: Annotated[str | None, Field(description="What a wallet opens.")]
    qr_svg: Annotated[str | None, Field(description="The payment URI as a picture, a data URI.")]
    checkout_token: Annotated[
        str | None, Field(description="Sent again, it returns the same order while that awaits payment.")
    ]


class WatchedPayment(TheirPayment):
    """The state of a payment."""

    paid: Annotated[Money | None, Field(description="What was received, in units of `payCurrency`.")]
    missing: Annotated[Money | None, Field(description="What is missing, in units of `payCurrency`.")]


@router.post(
    "/create",
    summary="Order a plan by its name",
    status_code=HTTPStatus.CREATED,
    response_description="The order was placed and can be paid.",
    responses=checking_out(401, model=CreatedPayment),
    openapi_extra={"security": [{}, {"bearer": ["billing"]}]},
)
async def create_payment(
    body: PaymentBody,
    caller: CallerDep,
    request: Request,
    response: Response,
    desk: DeskDep,
) -> CreatedPayment:
    """Place an order and return how to pay it. The price is the catalogue's.

    Refused with `another_price` if the front end shows another `amount`.
    """
    await count_checkout(request, desk)
    plan = await _plan(body, desk)
    wanted = CheckoutBody(
        email=body.email,
        plan=plan.code,
        pay_currency=_coin(body.currency, desk),
        checkout_token=body.checkout_token,
    )
    ordered = await place_order(wanted, caller, request, response, desk)
    payment = await desk.ask(lambda sql: payment_of(sql, ordered.order_number))
    return CreatedPayment(
        payment_id=ordered.order_number,
        order_id=ordered.order_number,
        status=status_of_payment(payment) if payment else TheirPaymentStatus.PENDING,
        pay_address=ordered.pay_address,
        pay_amount=ordered.amount,
        pay_currency=ordered.pay_currency,
        memo=ordered.memo,
        price_usd=ordered.price_usd,
        expires_at=ordered.expires_at,
        payment_uri=ordered.payment_uri,
        qr_svg=ordered.qr_svg,
        checkout_token=ordered.checkout_token,
    )


@router.get(
    "/status",
    summary="Watch a payment",
    responses=problems(404, 429),
    response_model=WatchedPayment,
)
async def get_payment_status(
    payment_id: Annotated[
        OrderNumber,
        Query(
            alias="paymentId",
            description="As the order's answer has it.",
            examples=["HQADZ-MWPM0SFH-9J8ZHS6IAHLL"],
        ),
    ],
    request: Request,
    desk: DeskDep,
) -> Response:
    """Return the state of a payment. It may be polled; who knows the order's number may see it."""
    payment = await looked_at(payment_id, request, desk)
    view = WatchedPayment(
        payment_id=payment.order_number,
        order_id=payment.order_number,
        status=status_of_payment(payment),
        pay_address=payment.pay_address,
        pay_amount=payment.amount,
        pay_currency=payment.pay_currency,
        memo=payment.memo,
        price_usd=payment.price_usd,
        expires_at=payment.expires_at,
        paid=payment.paid,
        missing=payment.missing,
    )
    return tagged(request, view.model_dump_json(by_alias=True).encode())


@router.post(
    "/webhook",
    summary="Notify of a payment's change, as to version 1",
    name=WEBHOOK.name,
    responses=problems(400, 401, 404, 413, 429),
    openapi_extra=notification.DESCRIPTION,
)
async def record_payment_notification(
    x_nowpayments_sig: Annotated[str, Header(description="HMAC-SHA512 of the body with sorted keys.")] = "",
) -> notification.Recorded:
    """Store a notification; the answer is sent after the commit. A duplicate changes nothing."""
    return await notification.record_notification(x_nowpayments_sig)


async def _plan(body: PaymentBody, desk: Desk) -> CataloguePlan:
    """Return the plan on sale that is named; raise `Refused` if there is none, or it has another price."""
    plan = await desk.ask(lambda sql: plan_named(sql, body.plan_name.strip(), body.plan_type))
    if plan is None:
        raise Refused("unknown_plan", "no plan on sale has this name")
    if body.amount is not None and body.amount != plan.price_usd:
        raise Refused("another_price", f"the plan {plan.name} costs {plain(plan.price_usd)} USD")
    return plan


def _coin(currency: str, desk: Desk) -> Coin:
    """Return the accepted coin of this code, ours or the provider's; raise `Refused` if there is none."""
    wanted = currency.strip().lower()
    for coin, of_provider in desk.coins.items():
        if wanted in {coin.lower(), of_provider.lower()}:
            return coin
    raise Refused("unsupported_coin", f"accepted are {', '.join(sorted(desk.coins))}")


def status_of_payment(payment: PaymentState) -> TheirPaymentStatus:
    """Return their one word for the statuses of an order and its payment."""
    status = _STATUSES[payment.payment_status]
    match payment.order_status:
        case OrderStatus.REFUNDED:
            return TheirPaymentStatus.REFUNDED
        case OrderStatus.PAID | OrderStatus.FULFILLED if status is not TheirPaymentStatus.REFUNDED:
            return TheirPaymentStatus.PAID
        case OrderStatus.EXPIRED | OrderStatus.CANCELLED if status in _OPEN:
            return TheirPaymentStatus.EXPIRED
        case _:
            return status
