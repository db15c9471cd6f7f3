"""The operator's routes of the catalogue."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from libs.events.commands.billing import ListProduct, RepriceProduct, RetireProduct
from libs.events.values import (
    MAX_GROUPS,
    MAX_INTERVAL_SECONDS,
    MAX_POSTS,
    MAX_VALIDITY_DAYS,
    Plan,
    PlanCode,
    PlanKind,
)
from services.gateway.api.callers import FOR_OPERATORS, causes_of
from services.gateway.api.catalogue import CatalogueQuery
from services.gateway.api.desk import Desk, DeskDep
from services.gateway.api.listings import answer_page
from services.gateway.api.openapi import Responses, problems
from services.gateway.api.requests.problems import unavailable
from services.gateway.api.requests.shapes import Body, Lower, Page, Price, Printable
from services.gateway.tables.products import ALL_PLANS, CataloguePlan, plan_of

router = APIRouter(prefix="/admin/plans", tags=["admin"], dependencies=[FOR_OPERATORS])

_Code = Annotated[PlanCode, Path(description="A plan's code.")]


class PlanBody(Body):
    """A plan to sell."""

    code: Annotated[PlanCode, Lower, Field(examples=["bronze"])]
    name: Annotated[str, Field(min_length=1, max_length=60, examples=["Bronze"]), Printable]
    kind: PlanKind
    sessions: Annotated[int, Field(ge=1, le=1000, examples=[1])]
    interval_seconds: Annotated[int, Field(ge=1, le=MAX_INTERVAL_SECONDS, examples=[3600])]
    price_usd: Price
    validity_days: Annotated[int, Field(ge=1, le=MAX_VALIDITY_DAYS, examples=[30])]
    max_groups: Annotated[
        Annotated[int, Field(ge=1, le=MAX_GROUPS)] | None,
        Field(description="How many groups an adbot may have; null: as this service is configured."),
    ] = None
    max_posts: Annotated[
        Annotated[int, Field(ge=1, le=MAX_POSTS)] | None,
        Field(description="How many posts an adbot may have; null: likewise."),
    ] = None


class PriceBody(Body):
    """The new price of a plan."""

    price_usd: Price


def _writing(*statuses: int) -> Responses:
    soon = {"model": CataloguePlan, "description": "It is committed; reads will include it soon."}
    return problems(401, 413, *statuses) | {202: soon}


class PlansQuery(CatalogueQuery, frozen=True):
    """The page of all plans that is asked for."""

    on_sale: Annotated[bool | None, Field(description="Only those on sale, or only those that are not.")] = (
        None
    )


@router.get("", summary="List all plans", responses=problems(401), response_model=Page[CataloguePlan])
async def list_plans(desk: DeskDep, request: Request, asked: Annotated[PlansQuery, Query()]) -> Response:
    """Return every plan that was ever on sale, those still on sale first."""
    return await answer_page(request, desk, ALL_PLANS, asked)


@router.post(
    "",
    summary="Put a plan on sale",
    status_code=HTTPStatus.CREATED,
    responses=_writing(409)
    | {200: {"model": CataloguePlan, "description": "The same plan is on sale already."}},
)
async def add_plan(body: PlanBody, request: Request, response: Response, desk: DeskDep) -> CataloguePlan:
    """Sell a new plan, or a retired one again, with these terms."""
    plan = Plan(**body.model_dump())
    accepted = await desk.commands.send(ListProduct(plan=plan), causes_of(request))
    if not accepted.written:
        response.status_code = HTTPStatus.OK
    if not await desk.settled(accepted.written):
        response.status_code = HTTPStatus.ACCEPTED
        return CataloguePlan(**plan.model_dump(), on_sale=True)
    return await _shown(desk, plan.code)


@router.patch("/{code}", summary="Change a plan's price", responses=_writing(404))
async def reprice_plan(
    code: _Code, body: PriceBody, request: Request, response: Response, desk: DeskDep
) -> CataloguePlan:
    """Change the price of a plan on sale. Earlier orders keep their price."""
    command = RepriceProduct(code=code, price_usd=body.price_usd)
    return await _change(command, request, response, desk)


@router.delete("/{code}", summary="Take a plan off sale", responses=_writing(404))
async def retire_plan(code: _Code, request: Request, response: Response, desk: DeskDep) -> CataloguePlan:
    """Retire a plan from sale. Earlier orders, and adbots, keep it."""
    return await _change(RetireProduct(code=code), request, response, desk)


async def _change(
    command: RepriceProduct | RetireProduct, request: Request, response: Response, desk: Desk
) -> CataloguePlan:
    accepted = await desk.commands.send(command, causes_of(request))
    if not await desk.settled(accepted.written):
        response.status_code = HTTPStatus.ACCEPTED
    return await _shown(desk, command.code)


async def _shown(desk: Desk, code: PlanCode) -> CataloguePlan:
    plan = await desk.ask(lambda sql: plan_of(sql, code))
    if plan is None:
        raise unavailable("service_unavailable", "it is done; reads have yet to show this plan")
    return plan
