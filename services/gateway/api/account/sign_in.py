"""Routes to sign in, and the caller's account."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from prometheus_client import Counter
from pydantic import BaseModel, Field, SecretStr

from libs.events.gateway import Role
from libs.eventsourcing.values import utc_now
from services.gateway.account.tables import KnownAccount, account_by_digest, account_by_id
from services.gateway.api.callers import ClientDep
from services.gateway.api.desk import Desk, DeskDep
from services.gateway.api.openapi import problems
from services.gateway.api.requests.addresses import address_of
from services.gateway.api.requests.problems import unauthorized
from services.gateway.api.requests.shapes import Body
from services.gateway.api.requests.tokens import Identity
from services.gateway.tables.adbot_states import PlanStatus, plan_status_of

router = APIRouter(prefix="/auth", tags=["account"])

_SIGN_INS = Counter("adrelay_gateway_sign_ins_total", "Attempts to sign in, by outcome.", ["outcome"])


class SignInBody(Body):
    """The access code, from a mail or from the operator."""

    access_code: Annotated[SecretStr, Field(min_length=1, max_length=64, examples=["USER-…"])]


class AccountView(BaseModel):
    """An account, as its owner sees it."""

    id: UUID
    email: str
    role: Role
    licence: str
    plan_status: PlanStatus
    registered_at: datetime


class SignedIn(BaseModel):
    """A token to send as `Authorization: Bearer <token>`."""

    token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the name of a scheme
    expires_in: Annotated[int, Field(description="Seconds.")]
    account: AccountView


@router.post("/sign-in", summary="Exchange an access code for a token", responses=problems(401, 413, 429))
async def sign_in(body: SignInBody, request: Request, desk: DeskDep) -> SignedIn:
    """Return a token. Case, spaces and dashes in the code make no difference."""
    await desk.sign_ins.take(address_of(request))
    digest = desk.codes.digest(body.access_code.get_secret_value())
    account = await desk.ask(lambda sql: account_by_digest(sql, digest))
    if account is None:
        _SIGN_INS.labels("wrong_access_code").inc()
        raise unauthorized("wrong_access_code", "this code opens no account")
    _SIGN_INS.labels("signed_in").inc()
    view = await _view(desk, account)
    token = desk.tokens.issue(Identity(account.account, account.role), view.plan_status, utc_now())
    return SignedIn(token=token, expires_in=desk.tokens.seconds, account=view)


@router.get("/me", summary="Show the caller's account", responses=problems(401))
async def me(caller: ClientDep, desk: DeskDep) -> AccountView:
    """Return the caller's account."""
    account = await desk.ask(lambda sql: account_by_id(sql, caller.account))
    if account is None:
        raise unauthorized("invalid_token", "this token's account does not exist")
    return await _view(desk, account)


async def _view(desk: Desk, account: KnownAccount) -> AccountView:
    return AccountView(
        id=account.account,
        email=account.email,
        role=account.role,
        licence=account.licence,
        plan_status=await desk.ask(lambda sql: plan_status_of(sql, account.account)),
        registered_at=account.registered_at,
    )
