"""The operator's routes of orders and payments."""

from dataclasses import replace
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from libs.events.commands.billing import CancelOrder, MarkPaid, Refund, ReviewOrder
from libs.events.values import OrderNumber, PaymentId
from libs.eventsourcing import Sql
from services.gateway.api.account.orders import OrdersQuery
from services.gateway.api.callers import FOR_OPERATORS, causes_of
from services.gateway.api.desk import Desk, DeskDep
from services.gateway.api.listings import answer_page, rendered_page
from services.gateway.api.openapi import Responses, problems
from services.gateway.api.requests.cursors import continued
from services.gateway.api.requests.problems import Denied
from services.gateway.api.requests.queries import LONGEST_PAGE, ByAge, PageQuery, Text
from services.gateway.api.requests.shapes import Lower, OrderNumberPath, Page, ReasonBody, Upper, WithoutNul
from services.gateway.api.requests.tags import tagged, tagged_model
from services.gateway.mail.addresses import canonical_or_same
from services.gateway.tables.attention_kinds import AttentionKind
from services.gateway.tables.attention_lines import ATTENTION_LINES, Attention, attention_of
from services.gateway.tables.order_history import AdminHappening, whole_history_of
from services.gateway.tables.order_lines import ALL_ORDERS, AdminOrderLine, any_order
from services.gateway.tables.paging import PageRequest

router = APIRouter(prefix="/admin/orders", tags=["admin"], dependencies=[FOR_OPERATORS])

_MOST_ATTENTION = 50
"""The limit for one order: there are far fewer kinds."""


class AdminOrder(AdminOrderLine):
    """An order with its history and the reasons why it needs a person."""

    history: list[AdminHappening]
    attention: list[Attention]


class AllOrdersQuery(OrdersQuery, frozen=True):
    """The page of all orders that is asked for."""

    account: Annotated[UUID | None, Field(description="Only of this account.")] = None
    email: Annotated[
        Annotated[str, Field(max_length=254)] | None,
        Lower,
        WithoutNul,
        Field(description="A part of the e-mail address."),
    ] = None
    payment: Annotated[
        PaymentId | None, Field(description="The payment's id, or that of a further deposit.")
    ] = None

    def of(self, *scope: object) -> PageRequest:
        """Return the request; an address is also found in its canonical form."""
        wanted = super().of(*scope)
        if self.email is None:
            return wanted
        spellings = (self.email, canonical_or_same(self.email))
        return replace(wanted, filters={**wanted.filters, "email": spellings})


class AttentionQuery(PageQuery, frozen=True):
    """The page of orders that need a person that is asked for."""

    limit: Annotated[int, Field(ge=1, le=LONGEST_PAGE, description="The maximum of items.")] = LONGEST_PAGE
    sort: ByAge = "created_at"
    number: Annotated[OrderNumber | None, Upper, Field(description="The order's number.")] = None
    kind: Annotated[AttentionKind | None, Field(description="Only for this reason.")] = None
    text: Text = None


@router.get("", summary="Search all orders", responses=problems(401), response_model=Page[AdminOrderLine])
async def list_all_orders(
    desk: DeskDep, request: Request, asked: Annotated[AllOrdersQuery, Query()]
) -> Response:
    """Return orders and their payments, the latest first."""
    return await answer_page(request, desk, ALL_ORDERS, asked)


@router.get(
    "/attention",
    summary="List the orders that need a person",
    responses=problems(401),
    response_model=Page[Attention],
)
async def list_attention(
    desk: DeskDep, request: Request, asked: Annotated[AttentionQuery, Query()]
) -> Response:
    """Return what needs a person until it is reviewed, refunded or settled; the oldest first."""
    wanted = asked.of()
    wanted = replace(wanted, filters={**wanted.filters, "share": desk.attention_share})
    wanted = continued(ATTENTION_LINES, wanted, asked.cursor)
    page = await desk.ask(lambda sql: rendered_page(sql, ATTENTION_LINES, wanted))
    return tagged(request, page.json())


@router.get(
    "/{order_number}", summary="Show an order", responses=problems(401, 404), response_model=AdminOrder
)
async def get_any_order(order_number: OrderNumberPath, desk: DeskDep, request: Request) -> Response:
    """Return an order with its whole history and the reasons why it needs a person."""
    return tagged_model(request, await _order(desk, order_number))


def _writing() -> Responses:
    soon = {"model": AdminOrder, "description": "It is committed; reads will include it soon."}
    return problems(401, 404, 409, 413) | {202: soon}


@router.post("/{order_number}/mark-paid", summary="Mark an order as paid", responses=_writing())
async def mark_order_paid(
    order_number: OrderNumberPath, body: ReasonBody, request: Request, response: Response, desk: DeskDep
) -> AdminOrder:
    """Mark an order as paid that the provider does not report as paid; it is delivered."""
    return await _act(MarkPaid(order=order_number, reason=body.reason), request, response, desk)


class RefundBody(ReasonBody):
    """Why the payment is refunded, and whether the adbot keeps its sessions."""

    keep_sessions: Annotated[
        bool, Field(description="If false, the adbot's sessions are released to stock at once.")
    ] = False


@router.post("/{order_number}/refund", summary="Record a refund", responses=_writing())
async def refund_order(
    order_number: OrderNumberPath, body: RefundBody, request: Request, response: Response, desk: DeskDep
) -> AdminOrder:
    """Record that an order is refunded, and suspend its adbot. This transfers no money.

    The adbot's sessions are released to stock at once, unless it keeps them.
    """
    command = Refund(order=order_number, reason=body.reason, keep_sessions=body.keep_sessions)
    return await _act(command, request, response, desk)


@router.post("/{order_number}/cancel", summary="Cancel any order", responses=_writing())
async def cancel_any_order(
    order_number: OrderNumberPath, body: ReasonBody, request: Request, response: Response, desk: DeskDep
) -> AdminOrder:
    """Cancel an unpaid order. A payment that arrives later is still delivered."""
    return await _act(CancelOrder(order=order_number, reason=body.reason), request, response, desk)


@router.post("/{order_number}/review", summary="Mark an order as reviewed", responses=_writing())
async def review_order(
    order_number: OrderNumberPath, body: ReasonBody, request: Request, response: Response, desk: DeskDep
) -> AdminOrder:
    """Mark an order as reviewed: it needs no person until a new reason arises."""
    return await _act(ReviewOrder(order=order_number, note=body.reason), request, response, desk)


async def _act(
    command: MarkPaid | Refund | CancelOrder | ReviewOrder, request: Request, response: Response, desk: Desk
) -> AdminOrder:
    await _order(desk, command.order)
    accepted = await desk.commands.send(command, causes_of(request))
    if not await desk.settled(accepted.written):
        response.status_code = HTTPStatus.ACCEPTED
    return await _order(desk, command.order)


async def _order(desk: Desk, number: OrderNumber) -> AdminOrder:
    order = await desk.view(lambda sql: _order_in(sql, number, desk.attention_share))
    if order is None:
        raise Denied(HTTPStatus.NOT_FOUND, "unknown_order", "there is no such order")
    return order


async def _order_in(sql: Sql, number: OrderNumber, share: Decimal) -> AdminOrder | None:
    line = await any_order(sql, number)
    if line is None:
        return None
    return AdminOrder(
        **line.model_dump(),
        history=await whole_history_of(sql, number),
        attention=await attention_of(sql, number, _MOST_ATTENTION, share=share),
    )
