"""The operator's routes of the permission to use private ids."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from libs.events.commands.scheduler import AllowPrivateIds, ForbidPrivateIds
from libs.events.values import AccountId
from libs.eventsourcing import Sql
from services.gateway.account.tables import account_by_email, account_by_id, erased_at
from services.gateway.api.callers import FOR_OPERATORS, causes_of
from services.gateway.api.desk import Desk, DeskDep
from services.gateway.api.listings import answer_page
from services.gateway.api.openapi import Responses, problems
from services.gateway.api.requests.problems import Denied
from services.gateway.api.requests.queries import ByAge, PageQuery, Text
from services.gateway.api.requests.shapes import Page, ReasonBody
from services.gateway.tables.private_ids import PERMISSIONS, PrivateIds, private_ids_of

router = APIRouter(prefix="/admin", tags=["admin"], dependencies=[FOR_OPERATORS])


class PrivateIdsView(PrivateIds):
    """The permission of an account to use private ids."""

    account: UUID
    email: str | None
    """Null if it is not known."""


async def any_account_in(
    account: Annotated[str, Path(max_length=254, description="An account's id, or its e-mail address.")],
    desk: DeskDep,
) -> AccountId:
    """Return the account of the path, also an erased one; raise `Denied` if it is unknown."""
    found = await desk.ask(lambda sql: _find(sql, account.strip()))
    if found is None:
        raise Denied(HTTPStatus.NOT_FOUND, "unknown_account", "there is no such account")
    return found


AnyAccountDep = Annotated[AccountId, Depends(any_account_in)]


async def account_in(account: AnyAccountDep, desk: DeskDep) -> AccountId:
    """Return the account of the path; raise `Denied` if it is unknown, or was erased."""
    if await desk.ask(lambda sql: erased_at(sql, account)) is not None:
        raise Denied(HTTPStatus.NOT_FOUND, "account_erased", "this account was erased")
    return account


AccountDep = Annotated[AccountId, Depends(account_in)]


def _writing() -> Responses:
    soon = {"model": PrivateIdsView, "description": "It is committed; reads will include it soon."}
    return problems(401, 404, 413) | {202: soon}


class PermissionsQuery(PageQuery, frozen=True):
    """The page of permissions that is asked for."""

    sort: ByAge = "-created_at"
    text: Text = None


@router.get(
    "/private-ids",
    summary="List the accounts with the permission of private ids",
    responses=problems(401),
    response_model=Page[PrivateIdsView],
)
async def list_private_ids(
    desk: DeskDep, request: Request, asked: Annotated[PermissionsQuery, Query()]
) -> Response:
    """Return the accounts whose adbots may use private ids, the latest permission first."""
    return await answer_page(request, desk, PERMISSIONS, asked)


@router.get(
    "/accounts/{account}/private-ids",
    summary="Show the permission of private ids",
    responses=problems(401, 404),
)
async def get_private_ids(account: AccountDep, desk: DeskDep) -> PrivateIdsView:
    """Return whether an account's adbots may use private ids, the ids of chats without a public name."""
    return await _view(desk, account)


@router.post("/accounts/{account}/private-ids/allow", summary="Allow private ids", responses=_writing())
async def allow_private_ids(
    account: AccountDep, body: ReasonBody, request: Request, response: Response, desk: DeskDep
) -> PrivateIdsView:
    """Allow an account's adbots to use `t.me/c/…` and `-100…`, for any chat that their sessions are in.

    Allow it only to clients who may read and write in every chat that the sessions of their adbots are in.
    """
    return await _act(AllowPrivateIds(account=account, reason=body.reason), request, response, desk)


@router.post("/accounts/{account}/private-ids/forbid", summary="Forbid private ids", responses=_writing())
async def forbid_private_ids(
    account: AccountDep, body: ReasonBody, request: Request, response: Response, desk: DeskDep
) -> PrivateIdsView:
    """Forbid an account's adbots to use private ids; those that use them stop."""
    return await _act(ForbidPrivateIds(account=account, reason=body.reason), request, response, desk)


async def _act(
    command: AllowPrivateIds | ForbidPrivateIds, request: Request, response: Response, desk: Desk
) -> PrivateIdsView:
    accepted = await desk.commands.send(command, causes_of(request))
    if not await desk.settled(accepted.written):
        response.status_code = HTTPStatus.ACCEPTED
    return await _view(desk, command.account)


async def _view(desk: Desk, account: AccountId) -> PrivateIdsView:
    async def view(sql: Sql) -> PrivateIdsView | None:
        known = await account_by_id(sql, account)
        if known is None:
            return None
        allowed = await private_ids_of(sql, account)
        return PrivateIdsView(**allowed.model_dump(), account=account, email=known.email)

    found = await desk.view(view)
    if found is None:
        raise Denied(HTTPStatus.NOT_FOUND, "unknown_account", "there is no such account")
    return found


async def _find(sql: Sql, named: str) -> AccountId | None:
    if "@" in named:
        return await account_by_email(sql, named)
    try:
        account = AccountId(UUID(named))
    except ValueError:
        return None
    known = await account_by_id(sql, account) or await erased_at(sql, account)
    return account if known else None
