"""A test harness for the gateway: fake services, clients, gateways with other settings."""

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.ports import free_port
from adrelay.runtime.postgres import EmbeddedPostgres
from libs.chassis.broker import connect_nats
from libs.chassis.command_client import CommandClient
from libs.events.billing import OrderCancelled, OrderExpired
from libs.events.provisioning import AdbotProvisioned
from libs.events.values import AccountId, AdbotId, ApplicationId, Seat, SessionId
from libs.eventsourcing import CommandHandlers
from libs.eventsourcing.values import new_id, utc_now
from services.gateway.service import run
from services.gateway.settings import GatewaySettings
from services.scheduler import service as scheduler
from services.scheduler.settings import SchedulerSettings
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.gateway import fake_services
from tests.integration.gateway.fake_handlers import FakeBilling, provisioning
from tests.integration.gateway.fake_services import BRONZE, FakeService
from tests.support.databases import ENGINE, fresh_database
from tests.support.signing import SIGNER
from tests.support.waiting import until

ADMIN_TOKEN = f"Adm1n-{secrets.token_hex(24)}"
JWT_SECRET = f"Jwt5-{secrets.token_hex(24)}"
PEPPER = f"Pe99er-{secrets.token_hex(24)}"
IPN_SECRET = f"1pn-{secrets.token_hex(16)}"


@asynccontextmanager
async def operator(
    http: httpx.AsyncClient, *, admin_token: str = ADMIN_TOKEN
) -> AsyncGenerator[httpx.AsyncClient]:
    """Yield an HTTP client with the operator's token, for the gateway that `http` calls."""
    headers = {"Authorization": f"Bearer {admin_token}"}
    base_url = http.base_url.join("/api/v1/admin/")
    async with httpx.AsyncClient(base_url=base_url, headers=headers, timeout=DEADLINE_SECONDS) as admin:
        yield admin


async def access_code(admin: httpx.AsyncClient, email: str) -> str:
    """Return a new access code once the account exists; `admin` calls `/api/v1/admin/`."""

    async def issued() -> Any:  # noqa: ANN401 - JSON
        answer = await admin.post("accounts/access-code", json={"email": email})
        assert answer.status_code in {200, 404}, answer.text
        return answer.json().get("access_code")

    return str(await until(issued))


@dataclass(frozen=True)
class Client:
    """A client of Adrelay, signed in."""

    http: httpx.AsyncClient
    account: AccountId
    email: str
    access_code: str
    order: str

    async def get(self, path: str, **parameters: int) -> Any:  # noqa: ANN401 - JSON
        """Return the JSON of a route; raise unless its status is 200."""
        answer = await self.http.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()


class GatewayHarness:
    """A gateway and the services behind it."""

    def __init__(
        self, nats: EmbeddedNats, postgres: EmbeddedPostgres, prefix: str, *, real_scheduler: bool = False
    ) -> None:
        self.nats, self.postgres, self.prefix = nats, postgres, prefix
        self.real_scheduler = real_scheduler
        self.http: httpx.AsyncClient
        self.fake_billing = FakeBilling()
        self.billing: FakeService
        self.provisioning: FakeService
        self.scheduler: FakeService
        self.forwarder: FakeService
        self.commands: CommandClient
        self.gateway_database = ""
        self.metrics_port = free_port()
        self._stack: AsyncExitStack

    async def start_services(self, stack: AsyncExitStack) -> None:
        """Start the services behind the gateway; `stack` stops them."""
        self._stack = stack
        self.gateway_database = await self.database(stack, "gateway")
        self.billing = await self._fake_service(stack, "billing", self.fake_billing.handlers)
        self.provisioning = await self._fake_service(stack, "provisioning", provisioning())
        if self.real_scheduler:
            await self._run_scheduler(stack)
        else:
            self.scheduler = await self._fake_service(stack, "scheduler", fake_services.scheduler())
        self.forwarder = await self._fake_service(stack, "forwarder", fake_services.forwarder())
        nats = await connect_nats(self.nats.url, "test")
        stack.push_async_callback(nats.close)
        self.commands = CommandClient(nats, SIGNER, prefix=self.prefix, timeout_seconds=DEADLINE_SECONDS)
        await fake_services.list_bronze(self.billing)

    async def metrics(self) -> str:
        """Return the metrics of this process, of which the gateway's are a part."""
        async with httpx.AsyncClient(timeout=DEADLINE_SECONDS) as http:
            return (await http.get(f"http://127.0.0.1:{self.metrics_port}/metrics")).text

    async def _fake_service(
        self, stack: AsyncExitStack, service: str, handlers: CommandHandlers
    ) -> FakeService:
        url = await self.database(stack, ENGINE)
        return await stack.enter_async_context(
            FakeService(service, url, self.nats.url, self.prefix, handlers)
        )

    async def _run_scheduler(self, stack: AsyncExitStack) -> None:
        settings = {
            "postgres_url": await self.database(stack, "scheduler"),
            "nats_url": self.nats.url,
            "nats_prefix": self.prefix,
            "http_port": free_port(),
        }
        running = asyncio.create_task(scheduler.run(SchedulerSettings.model_validate(settings)))
        stack.push_async_callback(_end, running)

    async def database(self, stack: AsyncExitStack, name: str) -> str:
        """Return the URL of a fresh database with a service's tables, or only the engine's."""
        return await stack.enter_async_context(fresh_database(self.postgres, name))

    @asynccontextmanager
    async def apart(self, **changed: object) -> AsyncGenerator[httpx.AsyncClient]:
        """Run a gateway with a database and an event stream of its own, where no other service answers."""
        async with AsyncExitStack() as stack:
            if "postgres_url" not in changed:
                changed["postgres_url"] = await self.database(stack, "gateway")
            yield await stack.enter_async_context(self.gateway(nats_prefix=new_prefix(), **changed))

    @asynccontextmanager
    async def gateway(self, **changed: object) -> AsyncGenerator[httpx.AsyncClient]:
        """Run a gateway on the harness's database, a replica if another runs; yield an HTTP client of it."""
        async with AsyncExitStack() as stack:
            port = free_port()
            usual: dict[str, object] = {
                "postgres_url": self.gateway_database,
                "nats_url": self.nats.url,
                "nats_prefix": self.prefix,
                "http_port": port,
                "jwt_secret": JWT_SECRET,
                "admin_token": ADMIN_TOKEN,
                "code_pepper": PEPPER,
                "vault_public_key": fake_services.VAULT_PUBLIC_KEY,
                "ipn_secret": IPN_SECRET,
                "sign_ins_per_minute": 10_000,
                "wrong_secrets_per_hour": 10_000,
                "reads_per_minute": 1_000_000,
                "reads_per_minute_per_address": 1_000_000,
                "checkouts_per_minute": 10_000,
                "checkouts_per_hour": 10_000,
                "writes_per_minute": 10_000,
                "writes_per_day": 10_000,
                "command_seconds": DEADLINE_SECONDS,  # a slow machine must not fail the test
                "read_your_writes_seconds": DEADLINE_SECONDS,
                "webhooks_private_networks": True,
            }
            settings = usual | changed
            one_database = settings["postgres_url"] == self.gateway_database
            assert one_database or settings["nats_prefix"] != self.prefix, (
                "gateways with one event stream need one database: use `apart`, or `services` for another one"
            )
            running = asyncio.create_task(run(GatewaySettings.model_validate(settings)))
            stack.push_async_callback(_end, running)
            http = await stack.enter_async_context(
                httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=DEADLINE_SECONDS)
            )

            async def up() -> bool:
                assert not running.done(), running.exception()
                with suppress(httpx.TransportError):
                    return (await http.get("/health/ready")).status_code == 200
                return False

            await until(up)
            yield http

    async def cancel(self, order: str) -> None:
        """Cancel an order in billing; wait until the gateway shows it."""
        await self.billing.publish(f"order-{order}", OrderCancelled(order=order, reason="a test"))

    async def expire(self, order: str) -> None:
        """Expire an order in billing."""
        await self.billing.publish(f"order-{order}", OrderExpired(order=order))

    async def client(self) -> Client:
        """Check out as a new client, sign in with an access code of the operator, and return the client."""
        email = f"client-{uuid4().hex[:12]}@example.com"
        answer = await self.http.post(
            "/api/v1/checkout", json={"email": email, "plan": "bronze", "pay_currency": "BTC"}
        )
        assert answer.status_code == 201, answer.text
        async with operator(self.http) as admin:
            code = await access_code(admin, email)
        signed_in = await self.http.post("/api/v1/auth/sign-in", json={"access_code": code})
        assert signed_in.status_code == 200, signed_in.text
        http = httpx.AsyncClient(
            base_url=self.http.base_url.join("/api/v1/"),
            headers={"Authorization": f"Bearer {signed_in.json()['token']}"},
            timeout=DEADLINE_SECONDS,
        )
        self._stack.push_async_callback(http.aclose)
        account = AccountId(UUID(signed_in.json()["account"]["id"]))
        return Client(http, account, email, code, answer.json()["order_number"])

    async def adbot(self, client: Client, *, seats: int = 1) -> AdbotId:
        """Deliver an adbot to a client; return its id once the gateway shows it."""
        adbot = AdbotId(new_id())
        now = utc_now()
        event = AdbotProvisioned(
            adbot=adbot,
            order=client.order,
            account=client.account,
            plan=BRONZE,
            seats=tuple(
                Seat(session=SessionId(new_id()), pair=ApplicationId(new_id())) for _ in range(seats)
            ),
            valid_from=now,
            valid_until=now + timedelta(days=365),
        )
        await self.provisioning.publish(f"adbot-{adbot}", event)

        async def shown() -> bool:
            return (await client.http.get(f"adbots/{adbot}")).status_code == 200

        await until(shown)
        return adbot


@asynccontextmanager
async def services(
    nats: EmbeddedNats, postgres: EmbeddedPostgres, *, real_scheduler: bool = False
) -> AsyncGenerator[GatewayHarness]:
    """Yield the services behind a gateway, which is not running; the scheduler itself if wanted."""
    async with AsyncExitStack() as stack:
        harness = GatewayHarness(nats, postgres, new_prefix(), real_scheduler=real_scheduler)
        await harness.start_services(stack)
        yield harness


@asynccontextmanager
async def running(
    nats: EmbeddedNats, postgres: EmbeddedPostgres, *, real_scheduler: bool = False
) -> AsyncGenerator[GatewayHarness]:
    """Yield a gateway and the services behind it, the scheduler itself if wanted."""
    async with (
        services(nats, postgres, real_scheduler=real_scheduler) as harness,
        harness.gateway(metrics_port=harness.metrics_port) as harness.http,
    ):
        yield harness


def new_prefix() -> str:
    """Return a prefix of NATS subjects, which no other gateway or service has."""
    return f"t{uuid4().hex[:8]}"


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
