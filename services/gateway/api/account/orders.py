"""The orders of an account."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from libs.events.commands.billing import CancelOrder
from libs.events.values import AccountId, OrderNumber, PlanCode
from libs.eventsourcing import Sql
from services.gateway.api.callers import BuyerDep, ReaderDep, causes_of
from services.gateway.api.desk import Desk, DeskDep
from services.gateway.api.direct_reads import direct_read
from services.gateway.api.listings import answer_page
from services.gateway.api.openapi import problems
from services.gateway.api.requests.problems import Denied
from services.gateway.api.requests.queries import ByAge, From, PageQuery, Text, To
from services.gateway.api.requests.shapes import Lower, OrderNumberPath, Page, Upper
from services.gateway.api.requests.tags import tagged_model
from services.gateway.tables.order_history import Happening, history_of
from services.gateway.tables.order_lines import OWN_ORDERS, OrderLine, order_of
from services.gateway.tables.orders import OrderStatus, PaymentStatus

router = APIRouter(tags=["account"])


class OwnOrder(OrderLine):
    """An order with its history."""

    history: list[Happening]


class OrdersQuery(PageQuery, frozen=True):
    """The page of orders that is asked for."""

    sort: ByAge = "-created_at"
    number: Annotated[OrderNumber | None, Upper, Field(description="The order's number.")] = None
    order_status: Annotated[OrderStatus | None, Field(description="The order's status.")] = None
    payment_status: Annotated[PaymentStatus | None, Field(description="Its payment's status.")] = None
    plan: Annotated[PlanCode | None, Lower, Field(description="The code of its plan.")] = None
    text: Text = None
    from_: From = None
    to: To = None


@router.get("/orders", summary="List your orders", responses=problems(401), response_model=Page[OrderLine])
async def list_orders(
    caller: ReaderDep, desk: DeskDep, request: Request, asked: Annotated[OrdersQuery, Query()]
) -> Response:
    """Return the caller's orders and their payments, the latest first."""
    return await answer_page(request, desk, OWN_ORDERS, asked, caller.account)


@router.get(
    "/orders/{order_number}", summary="Show an order", responses=problems(401, 404), response_model=OwnOrder
)
async def get_order(
    order_number: OrderNumberPath, caller: ReaderDep, desk: DeskDep, request: Request
) -> Response:
    """Return one of the caller's orders with its payment and history."""
    return tagged_model(request, await _order(desk, caller.account, order_number))


@router.post(
    "/orders/{order_number}/cancel",
    summary="Cancel an order",
    responses=problems(401, 404, 409, 429)
    | {202: {"model": OwnOrder, "description": "It is committed; reads will include it soon."}},
)
async def cancel_order(
    order_number: OrderNumberPath, caller: BuyerDep, request: Request, response: Response, desk: DeskDep
) -> OwnOrder:
    """Cancel an unpaid order. A payment that arrives later is still delivered."""
    await _order(desk, caller.account, order_number)
    command = CancelOrder(order=order_number, reason="called off by the client")
    accepted = await desk.commands.send(command, causes_of(request))
    if not await desk.settled(accepted.written):
        response.status_code = HTTPStatus.ACCEPTED
    return await _order(desk, caller.account, order_number)


async def _order(desk: Desk, account: AccountId, number: OrderNumber) -> OwnOrder:
    order = await desk.view(lambda sql: _order_in(sql, account, number))
    if order is None:
        raise Denied(HTTPStatus.NOT_FOUND, "unknown_order", "you have no order of this number")
    return order


async def _order_in(sql: Sql, account: AccountId, number: OrderNumber) -> OwnOrder | None:
    line = await order_of(sql, account, number)
    if line is None:
        return None
    return OwnOrder(**line.model_dump(), history=await history_of(sql, number))


DIRECT = (direct_read(router, list_orders, OrdersQuery),)
