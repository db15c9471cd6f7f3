"""The route of the catalogue."""

from fastapi import APIRouter

from services.gateway.api.desk import DeskDep
from services.gateway.api.openapi import problems
from services.gateway.api.requests.shapes import Listing
from services.gateway.tables.products import PlanOnSale, plans_on_sale

router = APIRouter(tags=["catalogue"])


@router.get("/catalogue", summary="List the plans on sale", responses=problems())
async def list_catalogue(desk: DeskDep) -> Listing[PlanOnSale]:
    """Return every plan on sale. Prices are in US dollars. Needs no token."""
    return Listing(items=await desk.ask(plans_on_sale))
