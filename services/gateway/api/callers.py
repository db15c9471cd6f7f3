"""The caller of a request: a client, the operator, or anyone; and the causes of its events."""

from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from libs.eventsourcing import Causes
from services.gateway.api.desk import DeskDep
from services.gateway.api.requests.problems import unauthorized
from services.gateway.api.requests.tokens import Identity

ADMIN = "admin"
"""The operator, as the actor of events."""
_CLIENT = HTTPBearer(auto_error=False, scheme_name="client", description="A token from `POST /auth/sign-in`.")
_ADMIN = HTTPBearer(auto_error=False, scheme_name="admin", description="The operator's token.")


async def client_of(
    desk: DeskDep, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_CLIENT)]
) -> Identity:
    """Return the caller from the token; raise `Denied` without a valid one."""
    if credentials is None:
        raise unauthorized("token_missing", "send `Authorization: Bearer <token>`; sign in to get one")
    return desk.tokens.read(credentials.credentials)


async def expiry_of(
    desk: DeskDep, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_CLIENT)]
) -> datetime:
    """Return when the caller's token expires; raise `Denied` without a valid one."""
    return desk.tokens.expires_at(credentials.credentials if credentials is not None else "")


async def caller_if_any(request: Request, desk: DeskDep) -> Identity | None:
    """Return the caller, None without a token; raise `Denied` for an invalid one."""
    credentials = await _CLIENT(request)
    return None if credentials is None else desk.tokens.read(credentials.credentials)


async def check_admin(
    desk: DeskDep, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_ADMIN)]
) -> None:
    """Raise `Denied` unless the caller is the operator."""
    if credentials is None:
        raise unauthorized("token_missing", "send `Authorization: Bearer <admin token>`")
    if not desk.is_operators(credentials.credentials):
        raise unauthorized("invalid_token", "this is not the operator's token")


ClientDep = Annotated[Identity, Depends(client_of)]
ExpiryDep = Annotated[datetime, Depends(expiry_of)]
"""When the token of a client expires, for answers that outlast it."""
CallerDep = Annotated[Identity | None, Depends(caller_if_any)]
"""The caller for routes where a token is optional."""


async def writer_of(desk: DeskDep, caller: ClientDep) -> Identity:
    """Return the caller; raise `Denied` if the limit of writes of its account is reached."""
    await desk.writes.take(str(caller.account))
    await desk.writes_a_day.take(str(caller.account))
    return caller


WriterDep = Annotated[Identity, Depends(writer_of)]
"""The caller for every route by which a client causes an event."""


def causes_of(request: Request, actor: str) -> Causes:
    """Return the causes of a request's events."""
    correlation_id = cast("UUID", request.state.correlation_id)
    return Causes(correlation_id, correlation_id, actor)
