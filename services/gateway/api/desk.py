"""The dependencies of the routes: clients, limits and settings."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, TypeVar, cast

from fastapi import Depends, FastAPI, Request

from libs.chassis.command_client import CommandClient
from libs.chassis.questions import QuestionClient
from libs.events.results import Written
from libs.events.values import Coin
from libs.eventsourcing import Engine, Reader, Sql
from libs.eventsourcing.values import Cursor
from libs.sealing import PublicKey
from services.gateway.account.codes import AccessCodes
from services.gateway.account.registering import Accounts
from services.gateway.account.second_factor import SecondFactors
from services.gateway.activity.log import ActivityLog
from services.gateway.api.identity.api_keys import ApiKeys
from services.gateway.api.identity.cookies import RefreshCookies
from services.gateway.api.identity.door import Door
from services.gateway.api.identity.tickets import Tickets
from services.gateway.api.identity.tokens import Tokens
from services.gateway.api.requests.limits import RateLimit
from services.gateway.api.requests.problems import unauthorized
from services.gateway.api.requests.shared_limits import SharedLimit
from services.gateway.checkout.claims import Claims
from services.gateway.checkout.turns import Turns
from services.gateway.device.refresh import Devices
from services.gateway.hooks.managing import Hooks
from services.gateway.idempotency.keys import IdempotencyKeys
from services.gateway.live.feeds import Feeds
from services.gateway.notices.ports import AskHealth
from services.gateway.notices.refused_sales import RefusedSales
from services.gateway.ports import AskBroker

T = TypeVar("T")


@dataclass(frozen=True)
class Desk:
    """The dependencies of the routes. One per process."""

    engine: Engine
    read_models: Reader
    commands: CommandClient
    accounts: Accounts
    codes: AccessCodes
    door: Door
    activity: ActivityLog
    tokens: Tokens
    devices: Devices
    cookies: RefreshCookies
    second_factors: SecondFactors
    api_keys: ApiKeys
    hooks: Hooks
    sign_ins: SharedLimit
    sign_ins_a_day: SharedLimit
    """The limit per account: each sign-in appends events, stored for ever."""
    one_time_codes: SharedLimit
    wrong_one_time_codes: RateLimit
    refreshes: SharedLimit
    tickets: Tickets
    ticket_limit: SharedLimit
    webhook_tests: SharedLimit
    checkouts: SharedLimit
    checkouts_hourly: SharedLimit
    payment_looks: SharedLimit
    writes: SharedLimit
    """The limit per account for adbots and orders: each write may append an event, stored for ever."""
    writes_a_day: SharedLimit
    marks: SharedLimit
    """The limit per account for marking notifications: each is marked once, so this limits no events."""
    turns: Turns
    claims: Claims
    keys: IdempotencyKeys
    coins: Mapping[Coin, str]
    """The accepted coins, with the provider's code of each."""
    timeout_seconds: float
    questions: QuestionClient
    """Asks services for what operators see of their stores and their work."""
    health: AskHealth
    """Asks all processes for their health."""
    broker: AskBroker
    """Asks the broker for the figures of the stream of events; None if it does not answer."""
    refused_sales: RefusedSales
    vault_key: PublicKey | None
    """The vault's public key, to which uploaded secrets are sealed; None if it is not set."""
    attention_share: Decimal
    """The share of the requested amount below which money needs no person."""

    async def ask(self, question: Callable[[Sql], Awaitable[T]]) -> T:
        """Run a query on the tables."""
        return await self.engine.query(question)

    async def view(self, question: Callable[[Sql], Awaitable[T]]) -> T:
        """Run several queries on one snapshot of the tables."""
        return await self.engine.view(question)

    def check_bearer(self, authorization: str) -> None:
        """Raise `Denied` unless this header has a credential that was made here, without a query."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise unauthorized("token_missing", "send `Authorization: Bearer <token>`; sign in to get one")
        self.door.check(token)

    async def settled(self, written: Sequence[Written]) -> bool:
        """Wait within a limit until the read models include these events; return whether they do."""
        deadline = time.monotonic() + self.timeout_seconds
        for written_at in written:
            cursor = Cursor(written_at.xid, written_at.position)
            left = max(0.0, deadline - time.monotonic())
            if not await self.read_models.reached(written_at.service, cursor, left):
                return False
        return True


def desk_of_app(app: FastAPI) -> Desk:
    """Return the app's desk."""
    return cast("Desk", app.state.desk)


def feeds_of_app(app: FastAPI) -> Feeds:
    """Return the app's feeds."""
    return cast("Feeds", app.state.live)


async def desk_of(request: Request) -> Desk:
    """Return the desk of a request's app."""
    return desk_of_app(request.app)


async def live_of(request: Request) -> Feeds:
    """Return the feeds of a request's app."""
    return feeds_of_app(request.app)


DeskDep = Annotated[Desk, Depends(desk_of)]
LiveDep = Annotated[Feeds, Depends(live_of)]
