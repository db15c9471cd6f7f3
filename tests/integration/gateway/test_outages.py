"""The gateway while its broker or its database is away: it answers at once, and comes back by itself."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import uuid4

import httpx
import pytest_asyncio

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from tests.integration.gateway import fake_services
from tests.integration.gateway.fake_handlers import FakeBilling
from tests.integration.gateway.fake_services import FakeService
from tests.integration.gateway.harness import GatewayHarness, new_prefix
from tests.support.databases import fresh_database
from tests.support.folder import temporary_folder
from tests.support.suspending import suspend
from tests.support.waiting import until

_SOON_SECONDS = 30.0
"""Less than the 60 seconds after which a connection gives a statement up; a slow machine takes five."""


@pytest_asyncio.fixture(loop_scope="session")
async def own_folder() -> AsyncIterator[Path]:
    with temporary_folder() as folder:
        yield folder


@pytest_asyncio.fixture(loop_scope="session")
async def own_nats(own_folder: Path) -> AsyncIterator[EmbeddedNats]:
    """A NATS server that may be stopped."""
    server = EmbeddedNats(own_folder / "nats", durable=False)
    await server.start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def own_postgres(own_folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A PostgreSQL server that may be stopped."""
    server = EmbeddedPostgres(own_folder / "postgres", durable=False)
    await server.start()
    yield server
    await server.stop()


def unavailable(answer: httpx.Response) -> bool:
    """Return whether this is the problem that says that a dependency does not answer."""
    if answer.status_code != 503:
        return False
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) > 0
    return bool(answer.json()["code"] == "service_unavailable")


def wish() -> dict[str, str]:
    return {"email": f"{uuid4().hex}@example.com", "plan": "bronze", "pay_currency": "BTC"}


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@asynccontextmanager
async def stopped(server: EmbeddedPostgres) -> AsyncGenerator[None]:
    """Stop all processes of a server, which keeps its connections and answers nothing."""
    assert server.pid is not None
    pids = [server.pid]
    try:
        await suspend(server.pid)  # before its children are listed: it starts no more of them
        pids += children_of(server.pid)
        for pid in pids[1:]:
            await suspend(pid)
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):  # it had ended
                os.kill(pid, signal.SIGCONT)


@asynccontextmanager
async def selling(
    nats: EmbeddedNats, postgres: EmbeddedPostgres, gateway_database: str
) -> AsyncGenerator[tuple[httpx.AsyncClient, FakeBilling]]:
    """Run a gateway on this database, of the other services only a fake billing."""
    async with fresh_database(postgres) as url:
        around = GatewayHarness(nats, postgres, new_prefix())
        around.gateway_database = gateway_database
        fake = FakeBilling()
        async with FakeService("billing", url, nats.url, around.prefix, fake.handlers) as billing:
            await fake_services.list_bronze(billing)
            async with around.gateway() as http:
                yield http, fake


async def test_without_the_broker_writes_are_refused_and_reads_go_on(
    own_nats: EmbeddedNats, postgres_server: EmbeddedPostgres
) -> None:
    async with (
        fresh_database(postgres_server, "gateway") as database,
        selling(own_nats, postgres_server, database) as (http, fake),
    ):

        async def sold() -> bool:
            return (await http.post("/api/v1/checkout", json=wish())).status_code in {200, 201, 202}

        await until(sold)
        assert own_nats.pid is not None
        os.kill(own_nats.pid, signal.SIGKILL)
        await own_nats.wait()
        refused = wish()
        assert unavailable(await http.post("/api/v1/checkout", json=refused))
        assert [plan["code"] for plan in (await http.get("/api/v1/catalogue")).json()["items"]] == ["bronze"]
        away = {"broker": "is not connected"}
        assert (await http.get("/health/ready")).json()["problems"] == away
        assert (await http.get("/api/health")).json() == {"status": "degraded", "problems": away}
        await own_nats.start()
        await until(sold)
        assert refused["email"] not in [order.email for order in fake.placed], "it is not carried out later"


async def test_without_the_database_everything_but_health_is_refused(
    harness: GatewayHarness, own_postgres: EmbeddedPostgres
) -> None:
    database = await own_postgres.ensure_database("gateway")
    async with harness.apart(postgres_url=database, sign_ins_per_minute=2) as http:
        sign_in = {"access_code": "USER-WRONG"}
        assert (await http.post("/api/v1/auth/sign-in", json=sign_in)).status_code == 401
        await own_postgres.stop()
        assert unavailable(await http.get("/api/v1/catalogue"))
        assert unavailable(await http.post("/api/v1/checkout", json=wish()))
        assert unavailable(await http.post("/api/v1/auth/sign-in", json=sign_in))
        limited = await http.post("/api/v1/auth/sign-in", json=sign_in)
        assert limited.status_code == 429, "the process limits alone"
        assert (await http.get("/health/live")).status_code == 200
        assert "does not answer" in (await http.get("/health/ready")).json()["problems"]["database"]
        await own_postgres.start()

        async def back() -> bool:
            return (await http.get("/api/v1/catalogue")).status_code == 200

        await until(back)


async def test_a_database_that_hangs_is_answered_for_soon_and_used_again(
    nats_server: EmbeddedNats, postgres_server: EmbeddedPostgres, own_postgres: EmbeddedPostgres
) -> None:
    database = await own_postgres.ensure_database("gateway")
    async with selling(nats_server, postgres_server, database) as (http, _):

        async def answers() -> list[httpx.Response]:
            looks = [http.get("/api/v1/catalogue") for _ in range(20)]  # more than there are connections
            sign_in = http.post("/api/v1/auth/sign-in", json={"access_code": "USER-WRONG"})
            async with asyncio.timeout(_SOON_SECONDS):
                return await asyncio.gather(*looks, http.post("/api/v1/checkout", json=wish()), sign_in)

        async with stopped(own_postgres):
            for _ in range(2):
                assert all(unavailable(answer) for answer in await answers())
            assert "does not answer" in (await http.get("/health/ready")).json()["problems"]["database"]

        async def back() -> bool:
            return all(answer.status_code < 500 for answer in await answers())

        await until(back)
