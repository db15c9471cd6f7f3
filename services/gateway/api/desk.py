"""The dependencies of the routes: clients, limits and settings."""

import hmac
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, TypeVar, cast

from fastapi import Depends, Request
from pydantic import SecretStr

from libs.chassis.command_client import CommandClient
from libs.events.forwarding import ForwardingFigures
from libs.events.results import Written
from libs.eventsourcing import Engine, Reader, Sql
from libs.eventsourcing.values import Cursor
from services.gateway.account.codes import AccessCodes
from services.gateway.account.registering import Accounts
from services.gateway.api.requests.limits import RateLimit
from services.gateway.api.requests.problems import unauthorized
from services.gateway.api.requests.tokens import Tokens
from services.gateway.checkout.claims import Claims
from services.gateway.checkout.turns import Turns
from services.gateway.live.live_log import LiveLog
from services.gateway.notices.refused_sales import RefusedSales

T = TypeVar("T")


@dataclass(frozen=True)
class Desk:
    """The dependencies of the routes. One per process."""

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
    writes: RateLimit
    """The limit per account for adbots and orders: each write may append an event, stored for ever."""
    writes_a_day: RateLimit
    turns: Turns
    claims: Claims
    timeout_seconds: float
    forwarding: Callable[[], Awaitable[ForwardingFigures | None]]
    """Asks the forwarder for its figures; None if it does not answer."""
    refused_sales: RefusedSales
    attention_share: Decimal
    """The share of the requested amount below which money needs no person."""

    async def ask(self, question: Callable[[Sql], Awaitable[T]]) -> T:
        """Run a query on the tables."""
        return await self.engine.query(question)

    async def view(self, question: Callable[[Sql], Awaitable[T]]) -> T:
        """Run several queries on one snapshot of the tables."""
        return await self.engine.view(question)

    def check_bearer(self, authorization: str) -> None:
        """Raise `Denied` unless this header has a valid token, of the operator or a client."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise unauthorized("token_missing", "send `Authorization: Bearer <token>`; sign in to get one")
        if not self.is_operators(token):
            self.tokens.read(token)

    def is_operators(self, token: str) -> bool:
        """Return whether this is the operator's token."""
        return hmac.compare_digest(token.encode(), self.admin_token.get_secret_value().encode())

    async def settled(self, written: Sequence[Written]) -> bool:
        """Wait within a limit until the read models include these events; return whether they do."""
        deadline = time.monotonic() + self.timeout_seconds
        for written_at in written:
            cursor = Cursor(written_at.xid, written_at.position)
            left = max(0.0, deadline - time.monotonic())
            if not await self.read_models.reached(written_at.service, cursor, left):
                return False
        return True


async def desk_of(request: Request) -> Desk:
    """Return the app's desk."""
    return cast("Desk", request.app.state.desk)


async def live_of(request: Request) -> LiveLog:
    """Return the app's live log."""
    return cast("LiveLog", request.app.state.live)


DeskDep = Annotated[Desk, Depends(desk_of)]
LiveDep = Annotated[LiveLog, Depends(live_of)]
