"""Billing, provisioning, scheduler and gateway as they are; provider's sandbox, fake forwarder."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.ports import free_port
from adrelay.runtime.postgres import EmbeddedPostgres
from libs.events.forwarder import ApiPairImported, SessionImported
from libs.events.values import ApplicationId, SessionId
from libs.eventsourcing.values import new_id
from sandbox.nowpayments import NowPaymentsControl, NowPaymentsSandbox, SandboxSettings
from services.billing.service import run as run_billing
from services.billing.settings import BillingSettings
from services.gateway.service import run as run_gateway
from services.gateway.settings import GatewaySettings
from services.provisioning.service import run as run_provisioning
from services.provisioning.settings import ProvisioningSettings
from services.scheduler.service import run as run_scheduler
from services.scheduler.settings import SchedulerSettings
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.gateway import fake_services
from tests.integration.gateway.fake_services import FakeService
from tests.support.databases import ENGINE, fresh_database
from tests.support.waiting import until

ADMIN_TOKEN = f"Adm1n-{secrets.token_hex(24)}"
IPN_SECRET = f"1pn-{secrets.token_hex(16)}"
SESSIONS_PER_PAIR = 5
NOTIFICATIONS = "/api/v1/webhooks/nowpayments"
API_KEY = f"K3y-{secrets.token_hex(12)}"


@dataclass
class Shop:
    """The running services and their clients."""

    url: str
    http: httpx.AsyncClient
    """An HTTP client without a token, of `/api/v1`."""
    admin: httpx.AsyncClient
    """An HTTP client with the operator's token, of `/api/v1/admin`."""
    payments: NowPaymentsControl
    payments_url: str
    """The URL of the provider's sandbox."""
    forwarder: FakeService
    billing_database: str
    phones: int = field(default=0)

    async def stock(self, sessions: int) -> None:
        """Stock this many more sessions, with as many Telegram applications as they need."""
        pair = ApplicationId(new_id())
        for number in range(sessions):
            if number % SESSIONS_PER_PAIR == 0:
                pair = ApplicationId(new_id())
                await self.forwarder.publish(f"apipair-{pair}", ApiPairImported(pair=pair, api_id=4711))
            self.phones += 1
            session = SessionId(new_id())
            imported = SessionImported(
                session=session, telegram_user=self.phones, phone=f"+49…{self.phones:02}", pair=pair
            )
            await self.forwarder.publish(f"client-{session}", imported)

    async def check_out(
        self, *, plan: str = "bronze", coin: str = "BTC", email: str | None = None
    ) -> dict[str, Any]:
        """Check out a plan once it is in stock; return the answer."""
        body = {"email": email or f"{uuid4().hex}@example.com", "plan": plan, "pay_currency": coin}

        async def sold() -> Any:  # noqa: ANN401 - JSON
            answer = await self.http.post("checkout", json=body)
            assert answer.status_code in {200, 201, 409}, answer.text
            return None if answer.status_code == 409 else answer.json()

        return dict(await until(sold))

    async def order(self, number: str) -> dict[str, Any]:
        """Return an order as the operator's route shows it."""
        return dict((await self.admin.get(f"orders/{number}")).json())

    async def becomes(self, number: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return an order once it meets this condition."""

        async def there() -> Any:  # noqa: ANN401 - JSON
            order = await self.order(number)
            return order if holds(order) else None

        return dict(await until(there))

    async def payment(self, number: str) -> str:
        """Return the provider's id of an order's payment."""
        return (await self.payments.payment_of(number)).payment_id


@asynccontextmanager
async def open_shop(
    postgres: EmbeddedPostgres, nats: EmbeddedNats, *, ipn_path: str = NOTIFICATIONS, **changed: object
) -> AsyncGenerator[Shop]:
    """Run the services; the provider notifies `ipn_path`, `changed` overrides billing's settings."""
    prefix, port = f"t{uuid4().hex[:8]}", free_port()
    url = f"http://127.0.0.1:{port}"
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(
            NowPaymentsSandbox(SandboxSettings(api_key=API_KEY, ipn_secret=IPN_SECRET, retry_seconds=0.1))
        )
        control = await stack.enter_async_context(NowPaymentsControl(sandbox.control_url))
        common = {"nats_url": nats.url, "nats_prefix": prefix}

        async def database(name: str) -> str:
            return await stack.enter_async_context(fresh_database(postgres, name))

        forwarder = await stack.enter_async_context(
            FakeService("forwarder", await database(ENGINE), nats.url, prefix, fake_services.forwarder())
        )
        billing = {
            "postgres_url": await database("billing"),
            "provider_url": sandbox.url,
            "api_key": API_KEY,
            "ipn_secret": IPN_SECRET,
            "ipn_callback_url": f"{url}{ipn_path}",
            "http_port": free_port(),
            "unpaid_sessions_per_address": 1000,  # all callers share one address
            "unpaid_share": 1,
        }
        gateway = {
            "postgres_url": await database("gateway"),
            "http_port": port,
            "jwt_secret": f"Jwt5-{secrets.token_hex(24)}",
            "admin_token": ADMIN_TOKEN,
            "ipn_secret": IPN_SECRET,
            "code_pepper": f"Pe99er-{secrets.token_hex(24)}",
            "vault_public_key": fake_services.VAULT_PUBLIC_KEY,
            "checkouts_per_minute": 10_000,
            "checkouts_per_hour": 10_000,
            "writes_per_minute": 10_000,
            "writes_per_day": 10_000,
            "command_seconds": DEADLINE_SECONDS,  # a slow machine must not fail the test
            "read_your_writes_seconds": DEADLINE_SECONDS,
        }
        provisioning = {"postgres_url": await database("provisioning"), "http_port": free_port()}
        scheduler = {"postgres_url": await database("scheduler"), "http_port": free_port()}
        for service in (
            run_billing(BillingSettings.model_validate({**common, **billing, **changed})),
            run_provisioning(ProvisioningSettings.model_validate({**common, **provisioning})),
            run_scheduler(SchedulerSettings.model_validate({**common, **scheduler})),
            run_gateway(GatewaySettings.model_validate({**common, **gateway})),
        ):
            stack.push_async_callback(_end, asyncio.create_task(service))
        http = await stack.enter_async_context(
            httpx.AsyncClient(base_url=f"{url}/api/v1/", timeout=DEADLINE_SECONDS)
        )
        admin = await stack.enter_async_context(
            httpx.AsyncClient(
                base_url=f"{url}/api/v1/admin/",
                headers={"Authorization": f"Bearer {ADMIN_TOKEN}"},
                timeout=DEADLINE_SECONDS,
            )
        )
        await until(lambda: _open(http))
        yield Shop(url, http, admin, control, sandbox.url, forwarder, str(billing["postgres_url"]))


async def _open(http: httpx.AsyncClient) -> bool:
    with suppress(httpx.TransportError):
        return bool((await http.get("catalogue")).json().get("items"))
    return False


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
