"""The caller of a request, and the causes of its events. Every route declares its scope by one of these."""

from collections.abc import AsyncIterator
from typing import Annotated, cast
from uuid import UUID

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

from libs.chassis.command_client import RepeatableCauses
from libs.events.gateway import Scope
from libs.eventsourcing import Causes
from services.gateway.activity.log import DONE
from services.gateway.api.desk import DeskDep
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
    principal = await _principal(request, desk, credentials.credentials)
    missing = [scope for scope in needed.scopes if scope not in principal.scopes]
    if missing:
        detail = f"this needs the scope `{missing[0]}`"
        if missing == [Scope.ADMIN] and principal.kind is CredentialKind.TOKEN:
            detail = "this is for operators: sign in with an admin's account that has a second factor"
        raise forbidden("insufficient_scope", detail)
    return principal


async def _principal(request: Request, desk: DeskDep, credential: str) -> Principal:
    """Return the principal of a request, which is asked for once."""
    found = getattr(request.state, PRINCIPAL, None)
    if found is None:
        found = await desk.door.principal(credential, address_of(request))
        setattr(request.state, PRINCIPAL, found)
    return cast("Principal", found)


def _with_account(principal: Principal) -> Caller:
    if principal.account is None:
        raise forbidden("account_needed", "the operator's token has no account; use the routes of /admin")
    return Caller(principal.account, principal)


async def reader_of(principal: Annotated[Principal, Security(principal_of, scopes=[Scope.READ])]) -> Caller:
    """Return the caller of a route that shows something."""
    return _with_account(principal)


async def marker_of(
    desk: DeskDep, principal: Annotated[Principal, Security(principal_of, scopes=[Scope.CONTROL])]
) -> Caller:
    """Return the caller; raise `Denied` if the limit of marks of its account is reached."""
    caller = _with_account(principal)
    await desk.marks.take(str(caller.account))
    return caller


async def writer_of(
    desk: DeskDep, principal: Annotated[Principal, Security(principal_of, scopes=[Scope.CONTROL])]
) -> Caller:
    """Return the caller; raise `Denied` if the limit of writes of its account is reached."""
    return await _counted(desk, _with_account(principal))


async def buyer_of(
    desk: DeskDep, principal: Annotated[Principal, Security(principal_of, scopes=[Scope.BILLING])]
) -> Caller:
    """Return the caller; raise `Denied` if the limit of writes of its account is reached."""
    return await _counted(desk, _with_account(principal))


async def _counted(desk: DeskDep, caller: Caller) -> Caller:
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
    return _with_account(principal)


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
    if request.method in _LOOKS:
        yield principal
        return
    act = cast("UUID", request.state.correlation_id)
    await desk.activity.note(
        act,
        actor=principal.actor,
        address=principal.address,
        operation=request.scope["route"].name,
        path=request.url.path,
    )
    outcome = DONE
    try:
        yield principal
    except EXPECTED as error:
        outcome = denied_of(error).code
        raise
    except BaseException:
        outcome = "internal_error"
        raise
    finally:
        await desk.activity.conclude(act, outcome)


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
