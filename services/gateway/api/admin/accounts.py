"""The operator's routes of accounts."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from libs.events.gateway import Role
from libs.events.values import AccountId, EmailAddress
from services.gateway.account.commands import ChangeRole, Command, Restore, SignOutEverywhere, Suspend
from services.gateway.account.listing import ACCOUNT_LINES, AccountLine, AccountStatus, account_line
from services.gateway.api.admin.private_ids import AccountDep, AnyAccountDep
from services.gateway.api.callers import FOR_OPERATORS, causes_of
from services.gateway.api.desk import Desk, DeskDep
from services.gateway.api.listings import answer_page
from services.gateway.api.openapi import problems
from services.gateway.api.requests.problems import Denied
from services.gateway.api.requests.queries import PageQuery, Sort, Text
from services.gateway.api.requests.shapes import (
    Body,
    Lower,
    Mailbox,
    Page,
    Printable,
    ReasonBody,
)
from services.gateway.personal.erasing import ErasedAccount, erase
from services.gateway.tables.values import View

router = APIRouter(prefix="/admin/accounts", tags=["admin"], dependencies=[FOR_OPERATORS])


class AccountBody(Body):
    """The e-mail address of the account."""

    email: Annotated[EmailAddress, Lower, Printable, Field(examples=["client@example.com"])]


class NewAccountBody(Body):
    """An account to open."""

    email: Annotated[EmailAddress, Lower, Printable, Mailbox, Field(examples=["client@example.com"])]
    role: Annotated[
        Role | None, Field(description="By default `CLIENT`, and that of an account that exists.")
    ] = None


class RoleBody(Body):
    """A role."""

    role: Role


class AccessCodeView(View):
    """A new access code."""

    access_code: Annotated[str, Field(description="Shown only once.")]


class ErasedAccountView(View):
    """An account that was erased."""

    account: UUID
    """The id, which its orders and adbots keep."""
    erased_at: datetime
    address_in_events: bool
    """Events of an earlier version still have its address: run `adrelay events strip-addresses`."""


class AccountsQuery(PageQuery, frozen=True):
    """The page of accounts that is asked for."""

    sort: Annotated[Literal["created_at", "-created_at", "email", "-email"], Sort] = "-created_at"
    role: Annotated[Role | None, Field(description="Only accounts with this role.")] = None
    status: Annotated[AccountStatus | None, Field(description="Only accounts in this state.")] = None
    text: Text = None


@router.get("", summary="List accounts", responses=problems(401, 403), response_model=Page[AccountLine])
async def list_accounts(
    desk: DeskDep, request: Request, asked: Annotated[AccountsQuery, Query()]
) -> Response:
    """Return accounts, the latest first; a text is found in e-mail addresses and licences."""
    return await answer_page(request, desk, ACCOUNT_LINES, asked)


@router.post(
    "", summary="Open an account", status_code=HTTPStatus.CREATED, responses=problems(401, 403, 409, 413)
)
async def open_account(body: NewAccountBody, request: Request, desk: DeskDep) -> AccountLine:
    """Open an account, or give one that exists this role. Nobody can sign in until a code is issued.

    An admin's account is as good as a client's until it has a second factor.
    """
    account = await desk.accounts.create(body.email, body.role, causes_of(request))
    return await _line(desk, account)


@router.post("/access-code", summary="Issue an access code", responses=problems(401, 403, 404, 413))
async def reset_access_code(body: AccountBody, request: Request, desk: DeskDep) -> AccessCodeView:
    """Issue an access code for an account; an earlier code, tokens and API keys stop working.

    Give the code to the mailbox's owner only: an order may name an e-mail address of somebody else.
    """
    return await issued_code(await desk.accounts.of(body.email), request, desk)


async def issued_code(account: AccountId, request: Request, desk: Desk) -> AccessCodeView:
    """Issue an access code for an account, and return it."""
    reset = await desk.accounts.reset_code(account, causes_of(request))
    await desk.settled(reset.written)
    return AccessCodeView(access_code=reset.access_code)


@router.get("/{account}", summary="Show an account", responses=problems(401, 403, 404))
async def get_any_account(account: AccountDep, desk: DeskDep) -> AccountLine:
    """Return an account with the number of its adbots and orders."""
    return await _line(desk, account)


@router.post("/{account}/suspend", summary="Suspend an account", responses=problems(401, 403, 404, 413))
async def suspend_account(
    account: AccountDep, body: ReasonBody, request: Request, desk: DeskDep
) -> AccountLine:
    """Suspend an account: nobody can use it, its tokens are refused, and its adbots stop in seconds."""
    return await _act(desk, account, Suspend(account, body.reason), request)


@router.post("/{account}/restore", summary="Restore an account", responses=problems(401, 403, 404))
async def restore_account(account: AccountDep, request: Request, desk: DeskDep) -> AccountLine:
    """End an account's suspension. Its adbots may be started again; nobody does that for the owner."""
    return await _act(desk, account, Restore(account), request)


@router.post("/{account}/sign-out", summary="Sign an account out", responses=problems(401, 403, 404))
async def sign_account_out(account: AccountDep, request: Request, desk: DeskDep) -> AccountLine:
    """Sign all devices of an account out. Its access code and API keys stay valid."""
    return await _act(desk, account, SignOutEverywhere(account), request)


@router.put("/{account}/role", summary="Change an account's role", responses=problems(401, 403, 404, 413))
async def change_role(account: AccountDep, body: RoleBody, request: Request, desk: DeskDep) -> AccountLine:
    """Give an account another role; its devices are signed out."""
    return await _act(desk, account, ChangeRole(account, body.role), request)


@router.delete(
    "/{account}/second-factor", summary="Remove a second factor", responses=problems(401, 403, 404)
)
async def remove_second_factor(account: AccountDep, request: Request, desk: DeskDep) -> AccountLine:
    """Remove an account's second factor, when its owner has lost it. Its devices are signed out."""
    await desk.second_factors.remove(account, causes_of(request))
    return await _line(desk, account)


@router.post(
    "/{account}/erase",
    summary="Erase an account",
    responses=problems(401, 403, 404, 409),
    response_model=ErasedAccountView,
)
async def erase_account(account: AnyAccountDep, request: Request, desk: DeskDep) -> ErasedAccount:
    """Erase an account for ever; its orders and adbots remain, under its id.

    Deleted are its e-mail address, access code, API keys, second factor, devices with their network
    addresses, and webhooks with their messages. Nobody can use the account any more, its waiting mails are
    not sent, and a later order with its e-mail address opens another account. Refused while the time of an
    adbot runs, unless it is suspended, and while an order awaits money or delivery. It may be repeated.
    """
    return await erase(desk.engine, account, causes_of(request))


async def _act(desk: Desk, account: AccountId, command: Command, request: Request) -> AccountLine:
    await desk.settled(await desk.accounts.act(account, command, causes_of(request)))
    return await _line(desk, account)


async def _line(desk: Desk, account: AccountId) -> AccountLine:
    found = await desk.ask(lambda sql: account_line(sql, account))
    if found is None:
        raise Denied(HTTPStatus.NOT_FOUND, "unknown_account", "there is no such account")
    return found
