"""A gateway as a process of its own, with accounts whose devices are signed in."""

import asyncio
import os
import secrets
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import httpx
from pydantic import SecretStr

from adrelay.command_keys import pair
from adrelay.runtime.ports import free_port
from bench.servers import Servers
from libs.events.gateway import DeviceId
from libs.events.values import AccountId
from libs.eventsourcing.values import utc_now
from services.gateway.api.identity.tokens import TokenClaims, Tokens
from services.gateway.registry import REGISTRY

SCHEMAS = ",".join(table.name for table in (*REGISTRY.state_tables, *REGISTRY.read_models))
"""The search path of the gateway's tables."""
_SIGNED_IN = (
    """
    insert into accounts (account, role, licence, registered_at, epoch_at)
    select id, 'CLIENT', 'LIC-' || id, now(), now() from unnest($1::uuid[]) as id
    """,
    """
    insert into devices (device, account, epoch, signed_in_at)
    select id, id, 0, now() from unnest($1::uuid[]) as id
    """,
    """
    insert into refreshing.tokens (device, salt, generation, refreshed_at, expires_at, agent, address)
    select id, '', 0, now(), now() + interval '1 day', '', '' from unnest($1::uuid[]) as id
    """,
)
_START_SECONDS = 60.0
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class RunningGateway:
    """A gateway that runs: its address, its process and its database."""

    url: str
    pid: int
    database: str
    tokens: Tokens

    async def execute(self, statements: str, *values: object) -> None:
        """Execute statements on its tables; several only without values."""
        connection = await asyncpg.connect(
            self.database, server_settings={"search_path": f"{SCHEMAS},public", "timezone": "UTC"}
        )
        await connection.execute(statements, *values)
        await connection.close()

    async def sign_in(self, accounts: Sequence[AccountId]) -> None:
        """Add accounts, each with a device of the same id."""
        for statement in _SIGNED_IN:
            await self.execute(statement, accounts)

    def headers_of(self, account: AccountId) -> dict[str, str]:
        """Return the headers of an account's requests."""
        now = utc_now()
        claims = TokenClaims(account, DeviceId(account), 0, now + _HOUR)
        token = self.tokens.issue(claims, role="CLIENT", plan_status="active", at=now)
        return {"Authorization": f"Bearer {token}"}


@dataclass(frozen=True)
class GatewaySecrets:
    """What processes of one gateway share."""

    jwt: str
    pepper: str

    @classmethod
    def new(cls) -> "GatewaySecrets":
        """Return new ones."""
        return cls(secrets.token_urlsafe(32), secrets.token_urlsafe(32))


@asynccontextmanager
async def gateway(
    servers: Servers,
    database: str,
    shared: GatewaySecrets | None = None,
    settings: Mapping[str, str] | None = None,
) -> AsyncGenerator[RunningGateway]:
    """Run a gateway on a database of this name; several with the same secrets are replicas."""
    known, port = shared or GatewaySecrets.new(), free_port()
    url = await servers.postgres.ensure_database(database)
    environment = {
        "ADRELAY_POSTGRES_URL": url,
        "ADRELAY_NATS_URL": servers.nats.url,
        **pair(),
        "ADRELAY_HTTP_PORT": str(port),
        "ADRELAY_GATEWAY_JWT_SECRET": known.jwt,
        "ADRELAY_GATEWAY_ADMIN_TOKEN": secrets.token_urlsafe(32),
        "ADRELAY_GATEWAY_CODE_PEPPER": known.pepper,
        "ADRELAY_BILLING_IPN_SECRET": secrets.token_urlsafe(32),
        "ADRELAY_GATEWAY_READS_PER_MINUTE": "100000000",
        "ADRELAY_GATEWAY_READS_PER_MINUTE_PER_ADDRESS": "100000000",
        "ADRELAY_LOG_LEVEL": "warning",
        **(settings or {}),
    }
    own = f"http://127.0.0.1:{port}"
    async with running(["-m", "services.gateway"], environment, f"{own}/health/ready") as process:
        yield RunningGateway(own, process.pid, url, Tokens([SecretStr(known.jwt)], 900))


@asynccontextmanager
async def running(
    arguments: Sequence[str], environment: Mapping[str, str], ready_url: str
) -> AsyncGenerator[asyncio.subprocess.Process]:
    """Run a program of ours until the end of the block; yield its process once it answers."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, env={**os.environ, **environment}
    )
    try:
        await _until_ready(ready_url, process)
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _until_ready(url: str, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(_START_SECONDS), httpx.AsyncClient() as http:
        while True:
            if process.returncode is not None:
                raise RuntimeError(f"{url}: the process has ended")
            try:
                if (await http.get(url)).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)
