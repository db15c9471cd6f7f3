"""The routes of what is sold, and what can be paid with."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from libs.events.values import Coin
from services.gateway.api.desk import DeskDep
from services.gateway.api.openapi import problems
from services.gateway.api.requests.shapes import Listing
from services.gateway.tables.products import PlanOnSale, plans_on_sale
from services.gateway.tables.values import View

router = APIRouter(tags=["catalogue"])


@router.get("/catalogue", summary="List the plans on sale", responses=problems())
async def list_catalogue(desk: DeskDep) -> Listing[PlanOnSale]:
    """Return every plan on sale. Prices are in US dollars. Needs no token."""
    return Listing(items=await desk.ask(plans_on_sale))


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
