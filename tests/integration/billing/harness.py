"""A test harness for billing: the provider's sandbox, a webhook, a client, provisioning's events."""

import asyncio
import json
import os
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID, uuid5

import asyncpg
from pydantic import SecretStr

from libs.chassis.command_client import CommandClient
from libs.events.commands.billing import PlaceOrder, RecordNotification
from libs.events.provisioning import AdbotProvisioned, SessionStocked
from libs.events.results import Accepted
from libs.events.values import AccountId, AdbotId, OrderNumber, Plan, Seat, SessionId
from libs.eventsourcing import Causes, Command, Event, EventStream, Refused
from libs.eventsourcing.values import Cursor, Envelope, new_id, utc_now
from sandbox.nowpayments import NowPaymentsControl
from services.billing.service import run
from services.billing.settings import BillingSettings
from tests.support.plans import BRONZE
from tests.support.process import Process, killable

T = TypeVar("T")

API_KEY = "K3YK3YA-B4C5D6E-F7G8H9J"
IPN_SECRET = "Wn4mK8xQ2vR7tZ1bYc6L"
NUMBER = "HQADZ-ABC123-WXYZ"
ACCOUNT = AccountId(UUID(int=1))
_CLIENTS = UUID(int=2)
ADBOT = AdbotId(UUID(int=7))
OPERATOR = "account:operator"
PROVIDER_SECONDS = 5.0


def client_of(number: OrderNumber) -> AccountId:
    """Return the account of an order that nobody else has ordered with."""
    return AccountId(uuid5(_CLIENTS, number))


@dataclass
class BillingHarness:
    """All that billing needs. `running` and `process` start billing itself."""

    database: str
    nats_url: str
    prefix: str
    provider_url: str
    webhook_url: str
    control: NowPaymentsControl
    client: CommandClient
    stream: EventStream
    connection: "asyncpg.Connection[asyncpg.Record]"
    number: str = NUMBER
    adbot: AdbotId = ADBOT
    _versions: dict[str, int] = field(default_factory=dict[str, int])
    _token: int | None = None

    @property
    def other(self) -> str:
        """The number of another order."""
        return f"{self.number[:-4]}ZZZZ"

    def settings(self, *, order_valid_seconds: int = 3600, **changed: object) -> BillingSettings:
        return BillingSettings.model_validate(
            {
                "postgres_url": self.database,
                "nats_url": self.nats_url,
                "nats_prefix": self.prefix,
                "provider_url": self.provider_url,
                "api_key": API_KEY,
                "ipn_secret": IPN_SECRET,
                "ipn_callback_url": self.webhook_url,
                "provider_timeout_seconds": PROVIDER_SECONDS,
                "order_valid_seconds": order_valid_seconds,
                **changed,
            }
        )

    @asynccontextmanager
    async def running(self, settings: BillingSettings | None = None) -> AsyncGenerator[None]:
        """Run billing in this process."""
        task = asyncio.create_task(run(settings or self.settings()))
        try:
            yield
            assert not task.done(), task.result()
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def process(self, settings: BillingSettings | None = None) -> AbstractAsyncContextManager[Process]:
        """Run billing in a process of its own, which is killed at the end of the block."""
        settings = settings or self.settings()
        variables = {
            f"ADRELAY_BILLING_{name.upper()}": _plain(getattr(settings, name))
            for name in settings.model_fields_set
        }
        return killable("services.billing", {**os.environ, **variables})

    async def place(
        self,
        number: str | None = None,
        *,
        plan: str = "bronze",
        coin: str = "BTC",
        renews: AdbotId | None = None,
        account: AccountId = ACCOUNT,
        origin: str | None = None,
    ) -> Accepted:
        command = PlaceOrder(
            order=number or self.number,
            account=account,
            plan=plan,
            coin=coin,
            renews=renews,
            origin=origin,
        )
        return await self.client.send(command, Causes.first(f"account:{ACCOUNT}"))

    async def act(self, command: Command) -> Accepted:
        """Send a command as the operator."""
        return await self.client.send(command, Causes.first(OPERATOR))

    async def notify(self, body: bytes, signature: str) -> Accepted:
        return await record(self.client, body, signature)

    async def payment(self, number: str | None = None) -> str:
        """Return the id of an order's payment."""
        data = await self.connection.fetchval(
            "select data::text from engine.events where stream = $1 and type = 'PaymentRequested'",
            f"order-{number or self.number}",
        )
        return str(json.loads(data)["payment"])

    async def awaits_payment(self, number: str | None = None) -> bool:
        """Return whether an order's payment must still be requested from the provider."""
        return bool(
            await self.connection.fetchval(
                "select exists (select from payment_requests.payment_requests where order_no = $1)",
                number or self.number,
            )
        )

    async def history(self, number: str | None = None) -> list[str]:
        """Return the types of an order's events, in order."""
        rows = await self._rows(f"order-{number or self.number}")
        return [row["type"] for row in rows]

    async def correlation_ids(self, number: str | None = None) -> set[UUID]:
        """Return the correlation ids of an order's events."""
        return {row["correlation_id"] for row in await self._rows(f"order-{number or self.number}")}

    async def _rows(self, stream: str) -> list[asyncpg.Record]:
        try:
            return await self.connection.fetch(
                "select type, correlation_id, actor from engine.events where stream = $1 order by version",
                stream,
            )
        except asyncpg.UndefinedTableError:
            return []  # billing has not created its tables yet

    async def events_of(self, kind: str, number: str | None = None) -> list[dict[str, Any]]:
        """Return the data of an order's events of a type."""
        rows = await self.connection.fetch(
            "select data::text from engine.events where stream = $1 and type = $2 order by version",
            f"order-{number or self.number}",
            kind,
        )
        return [json.loads(row["data"]) for row in rows]

    async def publish(self, *events: tuple[str, Event]) -> None:
        """Publish provisioning's events, each with the name of its stream."""
        await self.stream.ensure()
        envelopes = [self._envelope(stream, event) for stream, event in events]
        if self._token is None:
            self._token = await self.stream.acquire_token("provisioning")
        await self.stream.publish("provisioning", envelopes, self._token)

    def _envelope(self, stream: str, event: Event) -> Envelope:
        self._versions[stream] = self._versions.get(stream, 0) + 1
        position, first = sum(self._versions.values()), new_id()
        return Envelope(
            id=new_id(),
            type=type(event).__name__,
            schema=event.schema_version,
            stream=stream,
            version=self._versions[stream],
            cursor=Cursor(position, position),
            at=utc_now(),
            correlation_id=first,
            causation_id=first,
            actor="service:provisioning",
            data=event.model_dump_json(),
        )

    async def stock(self, sessions: int) -> list[SessionId]:
        """Publish that this many sessions were stocked; return their ids."""
        ids = [SessionId(new_id()) for _ in range(sessions)]
        await self.publish(
            *(
                (f"session-{session}", SessionStocked(session=session, telegram_user=1, phone="+49…42"))
                for session in ids
            )
        )
        return ids

    async def provision(
        self,
        number: str | None = None,
        adbot: AdbotId | None = None,
        plan: Plan = BRONZE,
        seats: tuple[Seat, ...] = (),
    ) -> None:
        """Publish that an order was delivered, by default with empty seats."""
        provisioned = AdbotProvisioned(
            adbot=adbot or self.adbot,
            order=number or self.number,
            account=ACCOUNT,
            plan=plan,
            seats=seats,
            valid_from=None,
            valid_until=None,
        )
        await self.publish((f"adbot-{adbot or self.adbot}", provisioned))

    async def free(self) -> int:
        """Return the number of free sessions in billing's read model."""
        return int(await self.connection.fetchval("select count(*) from free_sessions.free_sessions"))

    async def waiting(self) -> int:
        """Return the number of seats that wait for stock in billing's read model."""
        missing = "select coalesce(sum(missing), 0) from free_sessions.adbots where waiting"
        return int(await self.connection.fetchval(missing))


def _plain(value: Any) -> str:  # noqa: ANN401 - a setting of any type
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


async def record(commands: CommandClient, body: bytes, signature: str) -> Accepted:
    command = RecordNotification(body=body, signature=signature)
    return await commands.send(command, Causes.first("provider:nowpayments"))


@asynccontextmanager
async def webhook(commands: CommandClient) -> AsyncGenerator[str]:
    """Yield the URL of a webhook like the gateway's: 200 if accepted, 4xx if refused."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
            body = await reader.readexactly(int(headers["content-length"]))
            status = 200
            try:
                await record(commands, body, headers["x-nowpayments-sig"])
            except Refused as refusal:
                status = 401 if refusal.code == "bad_signature" else 400
            writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the sender closed the connection
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/ipn"
    finally:
        server.close()
        await server.wait_closed()
