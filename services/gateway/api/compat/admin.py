"""The operator's routes: figures, accounts, adbots and plans."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field, StringConstraints

from services.gateway.account.listing import AccountLine
from services.gateway.api.admin.accounts import (
    AccessCodeView,
    issued_code,
    list_accounts,
    open_account,
    suspend_account,
)
from services.gateway.api.admin.adbots import ExtensionBody, extend_adbot, list_all_adbots
from services.gateway.api.admin.plans import add_plan, list_plans
from services.gateway.api.admin.private_ids import AccountDep
from services.gateway.api.callers import FOR_OPERATORS
from services.gateway.api.compat.shapes import TAG, Stats, TheirBody, stats_of
from services.gateway.api.desk import DeskDep
from services.gateway.api.openapi import problems
from services.gateway.api.requests.shapes import Filled, Page, ReasonBody
from services.gateway.api.requests.tags import tagged_model
from services.gateway.tables.adbot_states import AdminAdbot
from services.gateway.tables.products import CataloguePlan
from services.gateway.tables.totals import Inventory, inventory_of, totals_of

router = APIRouter(prefix="/admin", tags=[TAG], deprecated=True, dependencies=[FOR_OPERATORS])

_Reason = Annotated[
    str,
    StringConstraints(min_length=1, max_length=500, strip_whitespace=True),
    Filled,
    Field(description="Why; the owner of a suspended account sees it.", examples=["asked by the client"]),
]
_NO_REASON = "by the operator"
"""The reason where a front end asks for none."""


class SuspensionReasonBody(TheirBody):
    """Why an account is suspended."""

    reason: _Reason = _NO_REASON


class DaysBody(TheirBody):
    """The number of days to add, and why."""

    days: Annotated[int, Field(ge=1, le=3660)]
    reason: _Reason = _NO_REASON


@router.get("/dashboard", summary="Show how much there is", responses=problems(401), response_model=Inventory)
async def get_dashboard(desk: DeskDep, request: Request) -> Response:
    """Return the numbers of accounts, orders, adbots and sessions, and the sum of paid prices."""
    return tagged_model(request, await desk.view(inventory_of))


@router.get("/stats", summary="Show figures of all adbots", responses=problems(401), response_model=Stats)
async def get_all_stats(desk: DeskDep, request: Request) -> Response:
    """Return the sums of the figures of all adbots."""
    return tagged_model(request, stats_of(await desk.view(lambda sql: totals_of(sql, None))))


router.add_api_route(
    "/users",
    list_accounts,
    name="list_users",
    summary="List accounts, as version 1 does",
    responses=problems(401, 403),
    response_model=Page[AccountLine],
)
router.add_api_route(
    "/users",
    open_account,
    methods=["POST"],
    name="open_user",
    summary="Open an account, as version 1 does",
    status_code=HTTPStatus.CREATED,
    responses=problems(401, 403, 409, 413),
)
router.add_api_route(
    "/adbots",
    list_all_adbots,
    name="list_adbots_of_users",
    summary="List all adbots, as version 1 does",
    responses=problems(401),
    response_model=Page[AdminAdbot],
)
router.add_api_route(
    "/products",
    list_plans,
    name="list_products",
    summary="List all plans, as version 1 does",
    responses=problems(401),
    response_model=Page[CataloguePlan],
)
router.add_api_route(
    "/products",
    add_plan,
    methods=["POST"],
    name="add_product",
    summary="Put a plan on sale, as version 1 does",
    status_code=HTTPStatus.CREATED,
    responses=problems(401, 409, 413)
    | {
        200: {"model": CataloguePlan, "description": "The same plan is on sale already."},
        202: {"model": CataloguePlan, "description": "It is committed; reads will include it soon."},
    },
)


@router.post("/users/{account}/suspend", summary="Suspend a user", responses=problems(401, 403, 404, 413))
async def suspend_user(
    account: AccountDep, request: Request, desk: DeskDep, body: SuspensionReasonBody | None = None
) -> AccountLine:
    """Suspend an account: nobody can use it, its tokens are refused, and its adbots stop in seconds."""
    reason = body.reason if body else _NO_REASON
    return await suspend_account(account, ReasonBody(reason=reason), request, desk)


@router.post(
    "/users/{account}/reset-code",
    summary="Issue an access code for a user",
    responses=problems(401, 403, 404),
)
async def reset_code_of_user(account: AccountDep, request: Request, desk: DeskDep) -> AccessCodeView:
    """Issue an access code; an earlier one, tokens and API keys stop working. It is shown once."""
    return await issued_code(account, request, desk)


@router.post(
    "/adbots/{adbot_id}/extend",
    summary="Extend an adbot by days",
    responses=problems(401, 404, 409, 413)
    | {202: {"model": AdminAdbot, "description": "It is committed; reads will include it soon."}},
)
async def extend_adbot_by_days(
    adbot_id: UUID, body: DaysBody, request: Request, response: Response, desk: DeskDep
) -> AdminAdbot:
    """Extend an adbot's validity; each call adds the days again."""
    wanted = ExtensionBody(days=body.days, reason=body.reason)
    return await extend_adbot(adbot_id, wanted, request, response, desk)
