"""The operator's routes of orders and payments."""

from decimal import Decimal
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from libs.events.commands.billing import CancelOrder, MarkPaid, Refund, ReviewOrder
from libs.events.values import OrderNumber, PaymentId
from libs.eventsourcing import Sql
from libs.eventsourcing.values import utc_now
from services.gateway.api.callers import FOR_OPERATORS, causes_of
from services.gateway.api.desk import Desk, DeskDep
from services.gateway.api.openapi import Responses, problems
from services.gateway.api.requests.pages import CursorDep, page
from services.gateway.api.requests.problems import Denied
from services.gateway.api.requests.shapes import (
    Limit,
    Listing,
    Lower,
    OrderNumberPath,
    Page,
    ReasonBody,
    Upper,
    WithoutNul,
)
from services.gateway.tables.attention_lines import Attention, needing_attention
from services.gateway.tables.order_history import AdminHappening, whole_history_of
from services.gateway.tables.order_lines import AdminOrderLine, Search, any_order, find_orders
from services.gateway.tables.orders import OrderStatus, PaymentStatus

router = APIRouter(prefix="/admin/orders", tags=["admin"], dependencies=[FOR_OPERATORS])

_MOST_ATTENTION = 50
"""The limit for one order: there are far fewer kinds."""


class AdminOrder(AdminOrderLine):
    """An order with its history and the reasons why it needs a person."""

    history: list[AdminHappening]
    attention: list[Attention]


def search_of(
    number: Annotated[OrderNumber | None, Upper, Query(description="The order's number.")] = None,
    email: Annotated[
        str | None, Lower, WithoutNul, Query(max_length=254, description="A part of the e-mail address.")
    ] = None,
    payment: Annotated[
        PaymentId | None, Query(description="The payment's id, or that of a further deposit.")
    ] = None,
    order_status: Annotated[OrderStatus | None, Query(description="The order's status.")] = None,
    payment_status: Annotated[PaymentStatus | None, Query(description="Its payment's status.")] = None,
) -> Search:
    """Return the search of the query's parameters, all of which must match."""
    return Search(number, email, payment, order_status, payment_status)


@router.get("", summary="Search all orders", responses=problems(401))
async def list_all_orders(
    desk: DeskDep, search: Annotated[Search, Depends(search_of)], after: CursorDep, limit: Limit = 100
) -> Page[AdminOrderLine]:
    """Return orders and their payments, the latest first."""
    return page(await desk.ask(lambda sql: find_orders(sql, search, after, limit + 1)), limit)


@router.get("/attention", summary="List the orders that need a person", responses=problems(401))
async def list_attention(desk: DeskDep, limit: Limit = 1000) -> Listing[Attention]:
    """Return what needs a person until it is reviewed, refunded or settled; the oldest first."""
    return Listing(
        items=await desk.ask(lambda sql: needing_attention(sql, utc_now(), limit, share=desk.attention_share))
    )


@router.get("/{order_number}", summary="Show an order", responses=problems(401, 404))
async def get_any_order(order_number: OrderNumberPath, desk: DeskDep) -> AdminOrder:
    """Return an order with its whole history and the reasons why it needs a person."""
    return await _order(desk, order_number)


def _writing() -> Responses:
    soon = {"model": AdminOrder, "description": "It is committed; reads will include it soon."}
    return problems(401, 404, 409, 413) | {202: soon}


@router.post("/{order_number}/mark-paid", summary="Mark an order as paid", responses=_writing())
async def mark_paid(
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
        attention=await needing_attention(sql, utc_now(), _MOST_ATTENTION, number, share=share),
    )
