"""The routes of what is sold, and what can be paid with."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from libs.events.values import Coin, PlanKind
from services.gateway.api.desk import DeskDep
from services.gateway.api.listings import answer_page
from services.gateway.api.openapi import problems
from services.gateway.api.requests.queries import LONGEST_PAGE, PageQuery, Text
from services.gateway.api.requests.shapes import Listing, Page
from services.gateway.tables.products import PLANS_ON_SALE, PlanOnSale
from services.gateway.tables.values import View

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


class AcceptedCoin(View):
    """A coin that orders can be paid with."""

    code: Annotated[Coin, Field(examples=["USDT"])]
    """What a checkout sends as `pay_currency`."""
    provider_code: Annotated[str, Field(examples=["usdttrc20"])]
    """The payment provider's code. For a coin of several chains it names the one that is accepted."""


@router.get("/coins", summary="List the accepted coins", responses=problems())
async def list_coins(desk: DeskDep) -> Listing[AcceptedCoin]:
    """Return the coins that orders can be paid with, by code. Needs no token.

    The provider may have no payment for a coin at the moment, or the price may be below its minimum: then the
    checkout is refused and says so.
    """
    coins = sorted(desk.coins.items())
    return Listing(items=[AcceptedCoin(code=code, provider_code=of_provider) for code, of_provider in coins])
