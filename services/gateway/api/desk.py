"""What the routes work with, and who is calling."""

import asyncio
import hmac
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, TypeVar, cast
from uuid import UUID
from weakref import WeakValueDictionary

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import SecretStr

from libs.chassis.command_client import CommandClient
from libs.events.results import Written
from libs.eventsourcing import Causes, Cursor, Engine, Reader, Sql
from services.gateway.account.codes import AccessCodes
from services.gateway.account.registering import Accounts
from services.gateway.api.requests.limits import Places, RateLimit
from services.gateway.api.requests.problems import unauthorized
from services.gateway.api.requests.tokens import Identity, Tokens
from services.gateway.api.webhook.proving import Prover
from services.gateway.checkout.claims import Claims
from services.gateway.tables.order_lines import Wish

T = TypeVar("T")

ADMIN = "admin"
"""The operator, as the actor of events."""


class Turns:
    """Lets the checkouts of one wish in this process happen one after another.

    That only saves work: the later ones find the order of the first. What makes them one order is its claim.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[Wish, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, wish: Wish) -> AsyncGenerator[None]:
        """Wait for the wish's turn, and hold it."""
        lock = self._locks.setdefault(wish, asyncio.Lock())
        async with lock:
            yield


@dataclass(frozen=True)
class Desk:
    """What the routes work with. One per process."""

    engine: Engine
    read_models: Reader
    commands: CommandClient
    accounts: Accounts
    codes: AccessCodes
    tokens: Tokens
    admin_token: SecretStr
    sign_ins: RateLimit
    checkouts: RateLimit
    checkouts_hourly: RateLimit
    payment_looks: RateLimit
    prover: Prover
    writes: RateLimit
    """Of one account, to its adbots and orders: each may become an event, and events are kept for ever."""
    writes_a_day: RateLimit
    notifications: Places
    """Of the payment provider, proved, while they are being stored."""
    turns: Turns
    claims: Claims
    patience_seconds: float

    async def ask(self, question: Callable[[Sql], Awaitable[T]]) -> T:
        """Ask the tables something."""
        return await self.engine.query(question)

    async def view(self, question: Callable[[Sql], Awaitable[T]]) -> T:
        """Ask the tables several things, as they stand at one moment."""
        return await self.engine.view(question)

    def check_bearer(self, authorization: str) -> None:
        """Let whoever shows a valid token pass, the operator's or a client's; raise `Denied` otherwise."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise unauthorized("token_missing", "send `Authorization: Bearer <token>`; sign in to get one")
        if not self.is_operators(token):
            self.tokens.read(token)

    def is_operators(self, token: str) -> bool:
        """Say whether this is the operator's token."""
        return hmac.compare_digest(token.encode(), self.admin_token.get_secret_value().encode())

    async def settled(self, written: Sequence[Written]) -> bool:
        """Wait until reads show what was written, for as long as is reasonable; say whether they do."""
        deadline = time.monotonic() + self.patience_seconds
        for place in written:
            cursor = Cursor(place.xid, place.position)
            left = max(0.0, deadline - time.monotonic())
            if not await self.read_models.reached(place.service, cursor, left):
                return False
        return True


async def desk_of(request: Request) -> Desk:
    """Return the app's desk."""
    return cast("Desk", request.app.state.desk)


DeskDep = Annotated[Desk, Depends(desk_of)]

_CLIENT = HTTPBearer(auto_error=False, scheme_name="client", description="A token from `POST /auth/sign-in`.")
_ADMIN = HTTPBearer(auto_error=False, scheme_name="admin", description="The operator's token.")


async def client_of(
    desk: DeskDep, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_CLIENT)]
) -> Identity:
    """Return who is calling, by the token alone."""
    if credentials is None:
        raise unauthorized("token_missing", "send `Authorization: Bearer <token>`; sign in to get one")
    return desk.tokens.read(credentials.credentials)


async def caller_if_any(request: Request, desk: DeskDep) -> Identity | None:
    """Return who is calling, None without a token; one that is no good is refused as anywhere."""
    credentials = await _CLIENT(request)
    return None if credentials is None else desk.tokens.read(credentials.credentials)


async def check_admin(
    desk: DeskDep, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_ADMIN)]
) -> None:
    """Let nobody but the operator pass."""
    if credentials is None:
        raise unauthorized("token_missing", "send `Authorization: Bearer <admin token>`")
    if not desk.is_operators(credentials.credentials):
        raise unauthorized("invalid_token", "this is not the operator's token")


ClientDep = Annotated[Identity, Depends(client_of)]
CallerDep = Annotated[Identity | None, Depends(caller_if_any)]
"""Where a token may be sent, and need not."""


async def writer_of(desk: DeskDep, caller: ClientDep) -> Identity:
    """Return who is calling; raise `Denied` if that account has written too often."""
    desk.writes.take(str(caller.account))
    desk.writes_a_day.take(str(caller.account))
    return caller


WriterDep = Annotated[Identity, Depends(writer_of)]
"""For every route by which a client causes an event."""


def causes_of(request: Request, actor: str) -> Causes:
    """Return the causes of what a request brings about."""
    correlation_id = cast("UUID", request.state.correlation_id)
    return Causes(correlation_id, correlation_id, actor)
