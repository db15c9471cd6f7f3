"""The operator's routes of the group lists of any account."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from libs.events.scheduler import GroupListId
from services.gateway.api.adbots.group_files import FILE_DESCRIPTION
from services.gateway.api.adbots.group_lists import (
    GroupListBody,
    GroupListsQuery,
    Name,
    command_of,
    command_of_file,
    delete_list,
    new_list,
    shown_list,
    write_list,
    write_option,
    writing,
)
from services.gateway.api.adbots.options import GroupOptionBody
from services.gateway.api.admin.private_ids import AccountDep
from services.gateway.api.callers import FOR_OPERATORS
from services.gateway.api.desk import DeskDep
from services.gateway.api.listings import answer_page
from services.gateway.api.openapi import problems
from services.gateway.api.requests.shapes import Page
from services.gateway.tables.group_lists import GROUP_LIST_LINES, GroupListLine, GroupListView

router = APIRouter(
    prefix="/admin/accounts/{account}/group-lists", tags=["admin"], dependencies=[FOR_OPERATORS]
)


@router.get(
    "",
    summary="List an account's group lists",
    responses=problems(401, 404),
    response_model=Page[GroupListLine],
)
async def list_group_lists_of_account(
    account: AccountDep, desk: DeskDep, request: Request, asked: Annotated[GroupListsQuery, Query()]
) -> Response:
    """Return the group lists of an account without their groups, the oldest first."""
    return await answer_page(request, desk, GROUP_LIST_LINES, asked, account)


@router.post(
    "", summary="Make a group list of an account", status_code=HTTPStatus.CREATED, responses=writing(404)
)
async def make_group_list_of_account(
    body: GroupListBody, account: AccountDep, request: Request, response: Response, desk: DeskDep
) -> GroupListView:
    """Make a group list of an account; the rules of the account hold."""
    command = command_of(new_list(request), account, body, new=True)
    return await write_list(command, request, response, desk)


@router.post(
    "/import",
    summary="Make a group list of an account of a file",
    status_code=HTTPStatus.CREATED,
    responses=writing(404, 415),
    openapi_extra={"requestBody": FILE_DESCRIPTION},
)
async def import_group_list_of_account(
    account: AccountDep,
    request: Request,
    response: Response,
    desk: DeskDep,
    name: Annotated[Name | None, Query(description="The list's name.")] = None,
) -> GroupListView:
    """Make a group list of an account of a text or CSV file, whose first column has the groups."""
    command = await command_of_file(new_list(request), account, request, name=name, new=True)
    return await write_list(command, request, response, desk)


@router.get("/{list_id}", summary="Show an account's group list", responses=problems(401, 404))
async def get_group_list_of_account(list_id: UUID, account: AccountDep, desk: DeskDep) -> GroupListView:
    """Return a group list of an account with its groups and their options."""
    return await shown_list(GroupListId(list_id), account, desk)


@router.put("/{list_id}", summary="Change an account's group list", responses=writing(404))
async def set_group_list_of_account(
    list_id: UUID,
    body: GroupListBody,
    account: AccountDep,
    request: Request,
    response: Response,
    desk: DeskDep,
) -> GroupListView:
    """Set a group list as a whole. Adbots that use it send to its groups from their next cycle on."""
    command = command_of(GroupListId(list_id), account, body)
    return await write_list(command, request, response, desk)


@router.put(
    "/{list_id}/import",
    summary="Change an account's group list by a file",
    responses=writing(404, 415),
    openapi_extra={"requestBody": FILE_DESCRIPTION},
)
async def import_into_group_list_of_account(
    list_id: UUID, account: AccountDep, request: Request, response: Response, desk: DeskDep
) -> GroupListView:
    """Set the groups of a list by a file; groups that stay keep their options, and the list its name."""
    command = await command_of_file(GroupListId(list_id), account, request)
    return await write_list(command, request, response, desk)


@router.put(
    "/{list_id}/groups/options",
    summary="Set what differs for one group of an account's list",
    responses=writing(404),
)
async def set_option_in_group_list_of_account(
    list_id: UUID,
    body: GroupOptionBody,
    account: AccountDep,
    request: Request,
    response: Response,
    desk: DeskDep,
) -> GroupListView:
    """Pause one group for all adbots that use the list, or let it take part less often."""
    return await write_option(GroupListId(list_id), account, body, request, response, desk)


@router.delete(
    "/{list_id}",
    summary="Delete an account's group list",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(401, 404),
)
async def delete_group_list_of_account(
    list_id: UUID, account: AccountDep, request: Request, desk: DeskDep
) -> None:
    """Delete a group list. Adbots that use it no longer send to its groups; without any other, they stop."""
    await delete_list(GroupListId(list_id), account, request, desk)
