"""The orders of an account."""

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from libs.events.commands.billing import CancelOrder
from libs.events.values import AccountId, OrderNumber
from libs.eventsourcing import Sql
from services.gateway.api.callers import BuyerDep, ReaderDep, causes_of
from services.gateway.api.desk import Desk, DeskDep
from services.gateway.api.openapi import problems
from services.gateway.api.requests.pages import CursorDep, page
from services.gateway.api.requests.problems import Denied
from services.gateway.api.requests.shapes import Limit, OrderNumberPath, Page
from services.gateway.tables.order_history import Happening, history_of
from services.gateway.tables.order_lines import OrderLine, order_of, orders_of

router = APIRouter(tags=["account"])


class OwnOrder(OrderLine):
    """An order with its history."""

    history: list[Happening]


@router.get("/orders", summary="List your orders", responses=problems(401))
async def list_orders(
    caller: ReaderDep, desk: DeskDep, after: CursorDep, limit: Limit = 100
) -> Page[OrderLine]:
    """Return the caller's orders and their payments, the latest first."""
    return page(await desk.ask(lambda sql: orders_of(sql, caller.account, after, limit + 1)), limit)


@router.get("/orders/{order_number}", summary="Show an order", responses=problems(401, 404))
async def get_order(order_number: OrderNumberPath, caller: ReaderDep, desk: DeskDep) -> OwnOrder:
    """Return one of the caller's orders with its payment and history."""
    return await _order(desk, caller.account, order_number)


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
