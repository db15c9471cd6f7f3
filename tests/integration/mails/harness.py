"""A test harness for mails: a gateway that sends to the mail sandbox, and a fake billing."""

import asyncio
import os
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime, timedelta
from decimal import Decimal
from types import TracebackType
from typing import Any, Self
from uuid import UUID, uuid4

import asyncpg
import httpx
import jwt
from pydantic import SecretStr

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.ports import free_port
from adrelay.runtime.postgres import EmbeddedPostgres
from libs.events.billing import (
    OrderExpired,
    OrderPlaced,
    PaymentFinished,
    PaymentPartiallyPaid,
    PaymentRequested,
)
from libs.events.commands.billing import PlaceOrder
from libs.events.values import AccountId
from libs.eventsourcing import CommandHandlers, UnitOfWork
from libs.eventsourcing.values import utc_now
from sandbox.mail import MailControl, MailSandbox, MailView
from services.gateway.account.codes import AccessCodes
from services.gateway.account.keyed_hash import KeyedHash
from services.gateway.service import run
from services.gateway.settings import GatewaySettings
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.gateway.fake_services import BRONZE, FakeService, append, list_bronze
from tests.support.databases import ENGINE, fresh_database
from tests.support.process import Process, started
from tests.support.queries import Queries
from tests.support.waiting import until

ADMIN_TOKEN = "Adm1n-of-the-tests-0123456789-abcdef"
JWT_SECRET = "Jwt5-of-the-tests-0123456789-abcdef-x"
FOREIGN_SECRET = "Fo4eign-of-the-tests-0123456789-abcdef-x"
ISSUER = "https://project.example.org/auth/v1"
_HOUR = timedelta(hours=1)
PEPPER = "Pe99er-of-the-tests-0123456789-abcdef"
CODE = re.compile(r"USER(-[0-9A-Z]{5}){4}")
SENDER = "Adrelay <no-reply@ads.example.org>"
DOMAIN = "ads.example.org"
CODES = AccessCodes(KeyedHash([SecretStr(PEPPER)]))
PAY_BY = datetime.fromisoformat("2035-03-04T10:20:00+00:00")  # before the end of the provider's payment
AMOUNT, HALF = Decimal("0.00045600"), Decimal("0.000228")


class MailHarness:
    """A fake billing, a mail sandbox, and settings for a gateway."""

    def __init__(self, nats: EmbeddedNats, postgres: EmbeddedPostgres) -> None:
        self.nats, self.postgres = nats, postgres
        self.prefix = f"t{uuid4().hex[:8]}"
        self.port, self.metrics_port = free_port(), free_port()
        self.sandbox: MailSandbox
        self.mails: MailControl
        self.billing: FakeService
        self.database = ""
        self.http: httpx.AsyncClient
        """A caller of the gateway, where it runs for all tests of a file."""
        self._smtp = MailSandbox()
        self._stack = AsyncExitStack()
        self._orders = 0
        self._begun = 0
        """The position of the last event before the present test."""

    async def __aenter__(self) -> Self:
        self.sandbox = await self._stack.enter_async_context(self._smtp)
        self.mails = await self._stack.enter_async_context(MailControl(self.sandbox.control_url))
        self.database = await self.new_database("gateway")
        self._queries = Queries(self.database)
        self._stack.push_async_callback(self._queries.close)
        url = await self.new_database()
        fake_service = FakeService("billing", url, self.nats.url, self.prefix, _shop())
        self.billing = await self._stack.enter_async_context(fake_service)
        await list_bronze(self.billing)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def new_database(self, name: str = ENGINE) -> str:
        """Return the URL of a fresh database with a service's tables, or only the engine's."""
        return await self._stack.enter_async_context(fresh_database(self.postgres, name))

    async def begin(self) -> None:
        """Forget the mails and outcomes of the tests before; none of their mails waits any more."""
        await self.mails.clear()
        self._begun = await self.row("select coalesce(max(position), 0) from engine.events")

    # -- the gateway

    def settings(self, **changed: object) -> dict[str, object]:
        """Return a gateway's settings; without those that are `None`."""
        usual: dict[str, object] = {
            "postgres_url": self.database,
            "nats_url": self.nats.url,
            "nats_prefix": self.prefix,
            "http_port": self.port,
            "metrics_port": self.metrics_port,
            "jwt_secret": JWT_SECRET,
            "foreign_jwt_secret": FOREIGN_SECRET,
            "foreign_jwt_issuer": ISSUER,
            "admin_token": ADMIN_TOKEN,
            "code_pepper": PEPPER,
            "ipn_secret": PEPPER,
            "sign_ins_per_minute": 10_000,
            "wrong_secrets_per_hour": 10_000,
            "reads_per_minute": 1_000_000,
            "checkouts_per_minute": 10_000,
            "checkouts_per_hour": 10_000,
            "writes_per_minute": 10_000,
            "writes_per_day": 10_000,
            "read_your_writes_seconds": DEADLINE_SECONDS,
            "smtp_host": "127.0.0.1",
            "smtp_port": self.sandbox.port,
            "smtp_security": "plain",
            "smtp_timeout_seconds": 3.0,
            "mail_from": SENDER,
        }
        return {name: value for name, value in (usual | changed).items() if value is not None}

    @asynccontextmanager
    async def gateway(self, **changed: object) -> AsyncGenerator[httpx.AsyncClient]:
        """Run a gateway in this process and stop it gracefully; yield an HTTP client."""
        task = asyncio.create_task(run(GatewaySettings.model_validate(self.settings(**changed))))
        try:
            async with httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{self.port}/api/v1", timeout=DEADLINE_SECONDS
            ) as http:
                await until(lambda: self._up(http, task))
                yield http
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _up(self, http: httpx.AsyncClient, task: asyncio.Task[None] | None = None) -> bool:
        if task is not None:
            assert not task.done(), task.exception()
        with suppress(httpx.TransportError):
            return (await http.get(f"http://127.0.0.1:{self.port}/health/ready")).status_code == 200
        return False

    async def started(self, environment: Mapping[str, str] | None = None) -> Process:
        """Start a gateway in a process of its own, which is killed with the harness at the latest."""
        settings = {f"ADRELAY_GATEWAY_{name.upper()}": str(value) for name, value in self.settings().items()}
        process = await started("services.gateway", {**os.environ, **settings, **(environment or {})})
        self._stack.push_async_callback(process.killed)
        return process

    # -- what happens

    async def place(
        self, email: str | None = None, *, address: bool = True, coin: str = "BTC"
    ) -> OrderPlaced:
        """Append a placed order, by default with a payment request."""
        self._orders += 1
        email = email or f"client-{uuid4().hex[:8]}@example.com"
        placed = OrderPlaced(
            order=f"HQADZ-MAIL{self._orders:04}-{uuid4().hex[:8].upper()}",
            account=CODES.account(email),
            email=email,
            plan=BRONZE,
            coin=coin,
            pay_by=PAY_BY,
        )
        await self.billing.publish(f"order-{placed.order}", placed)
        if address:
            await self.request(placed)
        return placed

    async def request(self, placed: OrderPlaced, memo: str | None = None) -> None:
        """Append the payment request of an order."""
        requested = PaymentRequested(
            order=placed.order,
            provider="nowpayments",
            payment=f"5{uuid4().int % 10**12}",
            address=f"bc1q{uuid4().hex}",
            memo=memo,
            amount=AMOUNT,
            coin=placed.coin,
            expires_at=PAY_BY + timedelta(days=7),
        )
        await self.billing.publish(f"order-{placed.order}", requested)

    async def finish(self, placed: OrderPlaced, *, paid: Decimal = AMOUNT) -> None:
        """Append that an order was paid."""
        finished = PaymentFinished(
            order=placed.order,
            account=placed.account,
            plan=placed.plan,
            payment="5001",
            paid=paid,
            coin=placed.coin,
            by_hand=not paid,
        )
        await self.billing.publish(f"order-{placed.order}", finished)

    async def pay_half(self, placed: OrderPlaced) -> None:
        """Append that half of an order was paid."""
        partial = PaymentPartiallyPaid(
            order=placed.order, payment="5001", paid=HALF, missing=AMOUNT - HALF, coin=placed.coin
        )
        await self.billing.publish(f"order-{placed.order}", partial)

    async def expire(self, placed: OrderPlaced) -> None:
        """Append that an order has expired."""
        await self.billing.publish(f"order-{placed.order}", OrderExpired(order=placed.order))

    # -- what is seen

    async def row(self, query: str, *arguments: object) -> Any:  # noqa: ANN401 - a column of any type
        """Return a value from the gateway's database."""
        return await self._queries.value(query, *arguments)

    async def rows(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        """Return rows from the gateway's database."""
        return await self._queries.rows(query, *arguments)

    async def outcomes(self) -> dict[str, str]:
        """Return the outcome of every mail by notification id, from the gateway's events."""
        rows = await self.rows(
            "select type, data->>'notification' as id, data->>'reason' as reason, data->'mail' as mail "
            "from engine.events where stream like 'inbox-%' and position > $1 order by events.xid, position",
            self._begun,
        )
        found: dict[str, str] = {}
        for row in rows:
            if row["type"] == "NotificationRaised":
                assert row["id"] not in found, "it was raised twice"
                found[row["id"]] = "waiting" if row["mail"] == "true" else "none"
            else:
                assert found[row["id"]] == "waiting", f"{row['type']} after {found[row['id']]}"
                found[row["id"]] = "sent" if row["type"] == "MailSent" else f"given up: {row['reason']}"
        return found

    async def first_code(self, account: AccountId) -> str:
        """Return the access code that is on its way to an account."""
        sealed = await self.row("select sealed from first_codes.sealed where account = $1", account)
        code = CODES.sealed.open(account, sealed)
        assert code is not None
        return code

    async def settled(self, mails: int) -> dict[str, str]:
        """Return the outcomes once there are this many notifications and no mail is waiting."""

        async def done() -> dict[str, str] | None:
            found = await self.outcomes()
            return found if len(found) >= mails and "waiting" not in found.values() else None

        found: dict[str, str] = await until(done)
        return found


def address_of(placed: OrderPlaced) -> str:
    """Return the client's address, which is in the order's event as in those of earlier versions."""
    assert placed.email is not None
    return placed.email


async def token(http: httpx.AsyncClient, account: AccountId) -> dict[str, str]:
    """Return the headers of a client whom another issuer of tokens knows.

    A token of the second in which the account was opened is refused, so the next second is waited for.
    """

    async def accepted() -> dict[str, str] | None:
        now = utc_now()
        claims = {"iss": ISSUER, "aud": "authenticated", "sub": str(account), "iat": now, "exp": now + _HOUR}
        headers = {"Authorization": f"Bearer {jwt.encode(claims, FOREIGN_SECRET, 'HS256')}"}
        answer = await http.get("/notifications", headers=headers)
        return headers if answer.is_success else None

    return await until(accepted)


def notification(message_id: str) -> str:
    """Return the id of a mail's notification."""
    text, _, domain = message_id.strip("<>").partition("@")
    assert domain == DOMAIN
    return str(UUID(text))


def _shop() -> CommandHandlers:
    """Return billing's handlers: accept any order, with a payment address."""
    handlers = CommandHandlers()

    @handlers.on(PlaceOrder)
    async def place(command: PlaceOrder, unit: UnitOfWork) -> None:
        placed = OrderPlaced(
            order=command.order,
            account=command.account,
            plan=BRONZE,
            coin=command.coin,
            pay_by=utc_now() + timedelta(hours=1),
        )
        requested = PaymentRequested(
            order=command.order,
            provider="nowpayments",
            payment=f"5{uuid4().int % 10**12}",
            address="bc1qexample",
            amount=AMOUNT,
            coin=command.coin,
        )
        await append(unit, f"order-{command.order}", placed, requested)

    del place
    return handlers


def code_in(mail: MailView) -> str | None:
    """Return the access code in a mail."""
    found = CODE.search(mail.text)
    assert (found is None) == (CODE.search(mail.html) is None)
    return found[0] if found else None
