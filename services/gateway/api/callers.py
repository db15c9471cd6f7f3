"""The caller of a request, and the causes of its events. Every route declares its scope by one of these."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, cast
from uuid import UUID

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes
from starlette.datastructures import Headers
from starlette.types import Scope as ASGIScope

from libs.chassis.command_client import RepeatableCauses
from libs.events.gateway import Scope
from libs.eventsourcing import Causes
from services.gateway.account.tables import account_by_email
from services.gateway.activity.log import DONE
from services.gateway.api.desk import Desk, DeskDep
from services.gateway.api.identity.principal import Caller, CredentialKind, Principal
from services.gateway.api.requests.addresses import address_of
from services.gateway.api.requests.idempotency import PRINCIPAL, seed_of
from services.gateway.api.requests.problems import EXPECTED, denied_of, forbidden, unauthorized

_BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="bearer",
    description="An access token from `POST /auth/sign-in`, an API key, or the operator's token.",
)
_LOOKS = frozenset({"GET", "HEAD", "OPTIONS"})
_Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]


async def principal_of(
    request: Request, needed: SecurityScopes, desk: DeskDep, credentials: _Credentials
) -> Principal:
    """Return the principal of a request; raise `Denied` unless it has the route's scope."""
    if credentials is None:
        raise unauthorized("token_missing", "send `Authorization: Bearer <token>`; sign in to get one")
    return await _permitted(request, desk, credentials.credentials, needed.scopes)


async def _permitted(request: Request, desk: Desk, credential: str, scopes: Sequence[str]) -> Principal:
    """Return the principal of a request's credential; raise `Denied` unless it has these scopes."""
    principal = await _principal(request, desk, credential)
    missing = [scope for scope in scopes if scope not in principal.scopes]
    if missing:
        detail = f"this needs the scope `{missing[0]}`"
        if missing == [Scope.ADMIN] and principal.kind is CredentialKind.TOKEN:
            detail = "this is for operators: sign in with an admin's account that has a second factor"
        raise forbidden("insufficient_scope", detail)
    return principal


async def _principal(request: Request, desk: Desk, credential: str) -> Principal:
    """Return the principal of a request, which is asked for once."""
    found = getattr(request.state, PRINCIPAL, None)
    if found is None:
        found = await desk.door.principal(credential, address_of(request))
        setattr(request.state, PRINCIPAL, found)
    return cast("Principal", found)


def with_account(principal: Principal) -> Caller:
    """Return the caller; raise `Denied` for the operator's token, which has no account."""
    if principal.account is None:
        raise forbidden("account_needed", "the operator's token has no account; use the routes of /admin")
    return Caller(principal.account, principal)


async def reader_of(principal: Annotated[Principal, Security(principal_of, scopes=[Scope.READ])]) -> Caller:
    """Return the caller of a route that shows something."""
    return with_account(principal)


async def marker_of(
    desk: DeskDep, principal: Annotated[Principal, Security(principal_of, scopes=[Scope.CONTROL])]
) -> Caller:
    """Return the caller; raise `Denied` if the limit of marks of its account is reached."""
    caller = with_account(principal)
    await desk.marks.take(str(caller.account))
    return caller


async def reader_with(request: Request, desk: Desk, credential: str) -> Caller:
    """Return the caller of a route that shows something, by its bearer credential."""
    return with_account(await _permitted(request, desk, credential, (Scope.READ,)))


def bearer_in(scope: ASGIScope) -> str | None:
    """Return the bearer credential of a request, None without one."""
    authorization = Headers(scope=scope).get("authorization", "")
    scheme, _, credential = authorization.partition(" ")
    return credential if scheme.lower() == "bearer" and credential else None


async def writer_of(
    desk: DeskDep, principal: Annotated[Principal, Security(principal_of, scopes=[Scope.CONTROL])]
) -> Caller:
    """Return the caller; raise `Denied` if the limit of writes of its account is reached."""
    return await counted(desk, with_account(principal))


async def buyer_of(
    desk: DeskDep, principal: Annotated[Principal, Security(principal_of, scopes=[Scope.BILLING])]
) -> Caller:
    """Return the caller; raise `Denied` if the limit of writes of its account is reached."""
    return await counted(desk, with_account(principal))


async def counted(desk: Desk, caller: Caller) -> Caller:
    """Count a write of a caller; raise `Denied` at a limit."""
    await desk.writes.take(str(caller.account))
    await desk.writes_a_day.take(str(caller.account))
    return caller


async def caller_if_any(request: Request, desk: DeskDep) -> Caller | None:
    """Return the caller, None without a token; raise `Denied` for an invalid one."""
    return await _if_any(request, desk, Scope.BILLING)


async def reader_if_any(request: Request, desk: DeskDep) -> Caller | None:
    """Return the caller, None without a token; raise `Denied` for an invalid one."""
    return await _if_any(request, desk, Scope.READ)


async def _if_any(request: Request, desk: DeskDep, needed: Scope) -> Caller | None:
    credentials = await _BEARER(request)
    if credentials is None:
        return None
    principal = await _principal(request, desk, credentials.credentials)
    if needed not in principal.scopes:
        raise forbidden("insufficient_scope", f"this needs the scope `{needed}`, or no token at all")
    return with_account(principal)


ReaderDep = Annotated[Caller, Depends(reader_of)]
WriterDep = Annotated[Caller, Depends(writer_of)]
"""The caller of every route by which a client changes something."""
MarkerDep = Annotated[Caller, Depends(marker_of)]
"""The caller of a route that marks what was sent to it: events of it are as few as those."""
BuyerDep = Annotated[Caller, Depends(buyer_of)]
"""The caller of every route by which a client causes a payment, or calls it off."""
CallerDep = Annotated[Caller | None, Depends(caller_if_any)]
"""The caller of a checkout, which needs no token."""
ReaderOrCookieDep = Annotated[Caller | None, Depends(reader_if_any)]
"""The caller of a route that takes the refresh cookie of a browser instead of a token."""


async def operator_of(
    request: Request,
    desk: DeskDep,
    principal: Annotated[Principal, Security(principal_of, scopes=[Scope.ADMIN])],
) -> AsyncIterator[Principal]:
    """Yield the operator; note in the activity log what is asked for, and what came of it."""
    async with noted(request, desk, principal):
        yield principal


@asynccontextmanager
async def noted(request: Request, desk: Desk, operator: Principal) -> AsyncGenerator[None]:
    """Note in the activity log what an operator's request asks for, and what came of it."""
    if request.method in _LOOKS:
        yield
        return
    act = cast("UUID", request.state.correlation_id)
    await desk.activity.note(
        act,
        actor=operator.actor,
        address=operator.address,
        operation=request.scope["route"].name,
        path=await _noted_path(request, desk),
    )
    outcome = DONE
    try:
        yield
    except EXPECTED as error:
        outcome = denied_of(error).code
        raise
    except BaseException:
        outcome = "internal_error"
        raise
    finally:
        await desk.activity.conclude(act, outcome)


async def describe_act(request: Request, desk: Desk, what: str, reason: str) -> None:
    """Store in the activity log what exactly a request of an operator does, and the reason that it gives."""
    await desk.activity.describe(cast("UUID", request.state.correlation_id), f"{what}: {reason}")


async def _noted_path(request: Request, desk: Desk) -> str:
    """Return the path of a request; an account that it names by e-mail address is named by its id."""
    path, named = str(request.scope["path"]), str(request.path_params.get("account", ""))
    if "@" not in named:
        return path
    account = await desk.ask(lambda sql: account_by_email(sql, named.strip()))
    return path.replace(named, str(account or "unknown"))


OperatorDep = Annotated[Principal, Depends(operator_of)]
FOR_OPERATORS = Depends(operator_of)
"""The dependency of all routes for operators."""


def causes_of(request: Request, actor: str | None = None) -> Causes:
    """Return the causes of a request's events, by default with its principal as the actor.

    A repetition under an idempotency key repeats no command.
    """
    correlation_id = cast("UUID", request.state.correlation_id)
    if actor is None:
        actor = cast("Principal", getattr(request.state, PRINCIPAL)).actor
    seed = seed_of(request)
    if seed is not None:
        return RepeatableCauses(correlation_id, correlation_id, actor, seed=seed)
    return Causes(correlation_id, correlation_id, actor)
