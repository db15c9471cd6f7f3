"""The routes of group lists, which several adbots of an account share.

What they do is shared with the operator's routes.
"""

from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, StringConstraints

from libs.events.commands.scheduler import DeleteGroupList, SetGroupList, SetGroupOption
from libs.events.scheduler import GroupListId
from libs.events.values import AccountId
from libs.eventsourcing.values import utc_now
from services.gateway.api.adbots.group_files import FILE_DESCRIPTION, read_file
from services.gateway.api.adbots.marking import marking
from services.gateway.api.adbots.options import GroupOptionBody, Written, written_options
from services.gateway.api.callers import ReaderDep, WriterDep, causes_of
from services.gateway.api.desk import Desk, DeskDep
from services.gateway.api.listings import answer_page
from services.gateway.api.openapi import Responses, problems
from services.gateway.api.requests.idempotency import id_for
from services.gateway.api.requests.problems import Denied
from services.gateway.api.requests.queries import LONGEST_PAGE, PageQuery, Sort, Text
from services.gateway.api.requests.shapes import Body, Filled, Page, Printable
from services.gateway.tables.group_lists import (
    GROUP_LIST_LINES,
    GroupListLine,
    GroupListView,
    group_list_of,
)

router = APIRouter(prefix="/group-lists", tags=["group lists"])

Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100, strip_whitespace=True),
    Filled,
    Printable,
    Field(examples=["Flats in Berlin"]),
]


class GroupListBody(Body):
    """A group list."""

    name: Name
    groups: Annotated[
        list[Written],
        Field(min_length=1, max_length=10_000, description="As in an advertisement.", examples=[["@group"]]),
    ]
    group_options: Annotated[
        tuple[GroupOptionBody, ...],
        Field(max_length=10_000, description="What differs for single groups."),
    ] = ()


def writing(*statuses: int) -> Responses:
    """Return the responses of a route that changes a group list."""
    soon = {"model": GroupListView, "description": "It is committed; reads will include it soon."}
    return problems(401, 409, 413, 429, *statuses) | {202: soon}


class GroupListsQuery(PageQuery, frozen=True):
    """The page of group lists that is asked for."""

    limit: Annotated[int, Field(ge=1, le=LONGEST_PAGE, description="The maximum of items.")] = LONGEST_PAGE
    sort: Annotated[Literal["created_at", "-created_at", "name", "-name"], Sort] = "created_at"
    adbot: Annotated[UUID | None, Field(description="Only lists that this adbot uses.")] = None
    text: Text = None


@router.get("", summary="List your group lists", responses=problems(401), response_model=Page[GroupListLine])
async def list_group_lists(
    caller: ReaderDep, desk: DeskDep, request: Request, asked: Annotated[GroupListsQuery, Query()]
) -> Response:
    """Return the caller's group lists without their groups, the oldest first."""
    return await answer_page(request, desk, GROUP_LIST_LINES, asked, caller.account)


@router.post("", summary="Make a group list", status_code=HTTPStatus.CREATED, responses=writing())
async def make_group_list(
    body: GroupListBody, caller: WriterDep, request: Request, response: Response, desk: DeskDep
) -> GroupListView:
    """Make a group list. Adbots use it once their advertisements name it."""
    command = command_of(new_list(request), caller.account, body, new=True)
    return await write_list(command, request, response, desk)


@router.post(
    "/import",
    summary="Make a group list of a file",
    status_code=HTTPStatus.CREATED,
    responses=writing(415),
    openapi_extra={"requestBody": FILE_DESCRIPTION},
)
async def import_group_list(
    caller: WriterDep,
    request: Request,
    response: Response,
    desk: DeskDep,
    name: Annotated[Name | None, Query(description="The list's name.")] = None,
) -> GroupListView:
    """Make a group list of a text or CSV file, whose first column has the groups.

    Malformed lines are refused as in a list that is written out, with their numbers: `errors` has a field
    such as `line 4` for each.
    """
    command = await command_of_file(new_list(request), caller.account, request, name=name, new=True)
    return await write_list(command, request, response, desk)


@router.get("/{list_id}", summary="Show a group list", responses=problems(401, 404))
async def get_group_list(list_id: UUID, caller: ReaderDep, desk: DeskDep) -> GroupListView:
    """Return a group list with its groups and their options."""
    return await shown_list(GroupListId(list_id), caller.account, desk)


@router.put("/{list_id}", summary="Change a group list", responses=writing(404))
async def set_group_list(
    list_id: UUID,
    body: GroupListBody,
    caller: WriterDep,
    request: Request,
    response: Response,
    desk: DeskDep,
) -> GroupListView:
    """Set a group list as a whole. Adbots that use it send to its groups from their next cycle on."""
    command = command_of(GroupListId(list_id), caller.account, body)
    return await write_list(command, request, response, desk)


@router.put(
    "/{list_id}/import",
    summary="Change a group list by a file",
    responses=writing(404, 415),
    openapi_extra={"requestBody": FILE_DESCRIPTION},
)
async def import_into_group_list(
    list_id: UUID, caller: WriterDep, request: Request, response: Response, desk: DeskDep
) -> GroupListView:
    """Set the groups of a list by a file; groups that stay keep their options, and the list its name."""
    command = await command_of_file(GroupListId(list_id), caller.account, request)
    return await write_list(command, request, response, desk)


@router.put("/{list_id}/groups/options", summary="Set what differs for one group", responses=writing(404))
async def set_option_in_group_list(
    list_id: UUID,
    body: GroupOptionBody,
    caller: WriterDep,
    request: Request,
    response: Response,
    desk: DeskDep,
) -> GroupListView:
    """Pause one group for all adbots that use the list, or let it take part less often."""
    return await write_option(GroupListId(list_id), caller.account, body, request, response, desk)


@router.delete(
    "/{list_id}",
    summary="Delete a group list",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(401, 404, 429),
)
async def delete_group_list(list_id: UUID, caller: WriterDep, request: Request, desk: DeskDep) -> None:
    """Delete a group list. Adbots that use it no longer send to its groups; without any other, they stop."""
    await delete_list(GroupListId(list_id), caller.account, request, desk)


async def delete_list(wanted: GroupListId, account: AccountId, request: Request, desk: Desk) -> None:
    """Delete a list of an account."""
    command = DeleteGroupList(list=wanted, account=account)
    accepted = await desk.commands.send(command, causes_of(request))
    await desk.settled(accepted.written)


def new_list(request: Request) -> GroupListId:
    """Return the id of the list that a request makes."""
    return GroupListId(id_for(request))


def command_of(
    wanted: GroupListId, account: AccountId, body: GroupListBody, *, new: bool = False
) -> SetGroupList:
    """Return the command that sets a list of an account as a whole."""
    return SetGroupList(
        list=wanted,
        account=account,
        name=body.name,
        groups=tuple(body.groups),
        group_options=written_options(body.group_options),
        new=new,
    )


async def command_of_file(
    wanted: GroupListId, account: AccountId, request: Request, *, name: str | None = None, new: bool = False
) -> SetGroupList:
    """Return the command that sets the groups of a list by the file of a request."""
    lines = await read_file(request)
    return SetGroupList(list=wanted, account=account, name=name, groups=lines, new=new, numbered=True)


async def write_list(
    command: SetGroupList, request: Request, response: Response, desk: Desk
) -> GroupListView:
    """Send the command of a list, and return the list after it."""
    async with marking(command, desk):
        accepted = await desk.commands.send(command, causes_of(request))
    if not await desk.settled(accepted.written):
        response.status_code = HTTPStatus.ACCEPTED
        if command.new:
            return _as_sent(command)
    return await shown_list(command.list, command.account, desk)


async def write_option(
    wanted: GroupListId,
    account: AccountId,
    body: GroupOptionBody,
    request: Request,
    response: Response,
    desk: Desk,
) -> GroupListView:
    """Set the option of one group of a list, and return the list after it."""
    command = SetGroupOption(list=wanted, account=account, option=body.written)
    async with marking(command, desk):
        accepted = await desk.commands.send(command, causes_of(request))
    if not await desk.settled(accepted.written):
        response.status_code = HTTPStatus.ACCEPTED
    return await shown_list(wanted, account, desk)


def _as_sent(command: SetGroupList) -> GroupListView:
    """Return a new list that reads have yet to show, with its groups as they were written."""
    groups = list(dict.fromkeys(group.strip() for group in command.groups if group.strip()))
    return GroupListView(
        id=command.list,
        name=command.name or "",
        group_count=len(groups),
        adbots=[],
        made_at=utc_now(),
        changed_at=utc_now(),
        groups=groups,
        group_options=[],
        blocked_groups=[],
    )


async def shown_list(wanted: GroupListId, account: AccountId, desk: Desk) -> GroupListView:
    """Return a list of an account; raise `Denied` if it has none of this id."""
    found = await desk.ask(lambda sql: group_list_of(sql, account, wanted))
    if found is None:
        raise Denied(HTTPStatus.NOT_FOUND, "unknown_group_list", "there is no group list of this id")
    return found
