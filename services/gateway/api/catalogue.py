"""The route of the catalogue."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from libs.events.values import PlanKind
from services.gateway.api.desk import DeskDep
from services.gateway.api.listings import answer_page
from services.gateway.api.openapi import problems
from services.gateway.api.requests.queries import LONGEST_PAGE, PageQuery, Text
from services.gateway.api.requests.shapes import Page
from services.gateway.tables.products import PLANS_ON_SALE, PlanOnSale

router = APIRouter(tags=["catalogue"])


class CatalogueQuery(PageQuery, frozen=True):
    """The page of plans that is asked for."""

    limit: Annotated[int, Field(ge=1, le=LONGEST_PAGE, description="The maximum of items.")] = LONGEST_PAGE
    sort: Annotated[
        Literal["kind", "-kind", "price_usd", "-price_usd", "code", "-code"],
        Field(description="The order of the plans; `kind`: starters first, and of a kind the cheapest."),
    ] = "kind"
    kind: Annotated[PlanKind | None, Field(description="Only plans of this kind.")] = None
    text: Text = None


@router.get(
    "/catalogue", summary="List the plans on sale", responses=problems(), response_model=Page[PlanOnSale]
)
async def list_catalogue(
    desk: DeskDep, request: Request, asked: Annotated[CatalogueQuery, Query()]
) -> Response:
    """Return every plan on sale. Prices are in US dollars. Needs no token."""
    return await answer_page(request, desk, PLANS_ON_SALE, asked)
