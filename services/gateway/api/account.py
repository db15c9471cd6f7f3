"""What belongs to an account besides its adbots."""

from fastapi import APIRouter

from services.gateway.api.desk import ClientDep, DeskDep
from services.gateway.api.openapi import problems
from services.gateway.api.shapes import Limit, Listing
from services.gateway.tables.orders import OrderLine, orders_of

router = APIRouter(tags=["account"])


@router.get("/orders", summary="List your orders", responses=problems(401))
async def list_orders(caller: ClientDep, desk: DeskDep, limit: Limit = 100) -> Listing[OrderLine]:
    """Return the caller's orders and their payments, the latest first."""
    return Listing(items=await desk.ask(lambda sql: orders_of(sql, caller.account, limit)))
