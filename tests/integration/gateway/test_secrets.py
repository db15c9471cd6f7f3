"""No secret gets into logs, events, tables of the gateway, metrics or answers."""

import logging
import secrets
from collections.abc import Iterator
from contextlib import AsyncExitStack

import asyncpg
import httpx
import pytest

from adrelay.runtime.ports import free_port
from tests.integration.gateway.harness import (
    ADMIN_TOKEN,
    IPN_SECRET,
    JWT_SECRET,
    PEPPER,
    GatewayHarness,
    operator,
)
from tests.support.waiting import until

OURS = ("adrelay", "libs", "services", "uvicorn")


class Planted:
    """Secrets that are sent to the gateway in every place, and its answers that are problems."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self.wrong_code = f"USER-{secrets.token_hex(8)}".upper()
        self.wrong_token = f"t0ken-{secrets.token_hex(16)}"
        self.api_hash = secrets.token_hex(16)
        self.session = f"1session-{secrets.token_hex(64)}"
        self.foreign_session = f"F0reign-{secrets.token_hex(64)}"
        self.mail_password = f"m4il-{secrets.token_hex(12)}"
        self.problems: list[str] = []

    @property
    def all(self) -> list[str]:
        """Return every secret that was made up for the test."""
        return [
            self.wrong_code,
            self.wrong_token,
            self.api_hash,
            self.session,
            self.foreign_session,
            self.mail_password,
        ]

    async def send(self, method: str, path: str, status: int, **request: object) -> None:
        """Send a request that is refused, and keep the answer."""
        answer = await self._http.request(method, f"/api/v1/{path}", **request)  # type: ignore[arg-type]
        assert answer.status_code == status, answer.text
        self.problems.append(f"{answer.headers} {answer.text}")

    async def send_wrong_ones(self) -> None:
        """Send secrets where they are wrong, misplaced or malformed."""
        code, token = self.wrong_code, self.wrong_token
        bearer = {"Authorization": f"Bearer {token}"}
        json = {"Content-Type": "application/json"}
        await self.send("POST", "auth/sign-in", 401, json={"access_code": code})
        await self.send("POST", "auth/sign-in", 422, json={"access_code": code * 4})
        await self.send("POST", "auth/sign-in", 422, json={"acess_code": code})
        await self.send("POST", "auth/sign-in", 422, content=f'{{"access_code": "{code}', headers=json)
        await self.send("POST", "auth/sign-in", 415, content=code, headers={"Content-Encoding": "gzip"})
        await self.send("GET", f"auth/me?token={token}", 401)
        await self.send("GET", "auth/me", 401, headers=bearer)
        await self.send("GET", "auth/me", 401, headers={"Authorization": f"Basic {token}"})
        await self.send("GET", "admin/orders", 401, headers=bearer)
        await self.send("POST", "admin/plans", 401, headers=bearer, content=b"x" * 10_000)
        await self.send("POST", f"admin/nothing/{token}", 404, headers=bearer)
        await self.send("GET", "orders?cursor=" + token, 401, headers=bearer)
        await self.send("POST", "checkout", 422, json={"email": token, "plan": token, "pay_currency": code})
        await self.send(
            "POST", "webhooks/nowpayments", 401, content=token, headers={"x-nowpayments-sig": token}
        )

    async def store(self, admin: httpx.AsyncClient) -> None:
        """Send secrets where they belong, also in a form that is refused."""
        pair, session = "telegram-applications", "sessions"
        answers = [
            await admin.post(pair, json={"api_id": 1, "api_hash": self.api_hash}),
            await admin.post(pair, json={"api_id": 0, "api_hash": self.api_hash}),
            await admin.post(session, json={"session": self.session}),
            await admin.post(session, json={"session": self.foreign_session}),
            await admin.post(session, json={"session": 1, "sesion": self.session}),
        ]
        assert [answer.status_code for answer in answers] == [201, 422, 201, 422, 422]
        self.problems += [f"{answer.headers} {answer.text}" for answer in answers]


async def rows_of(url: str) -> str:
    """Return every row of every table of a database, as text."""
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch(
            "select format('%I.%I', schemaname, tablename) as name from pg_tables "
            "where schemaname not in ('pg_catalog', 'information_schema')"
        )
        rows = [
            str(row[0])
            for table in tables
            for row in await connection.fetch(f"select found::text from {table['name']} found")  # noqa: S608
        ]
    finally:
        await connection.close()
    assert rows
    return "\n".join(rows)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """Yield the lines of our loggers, and of the HTTP server's, at every level."""
    lines: list[str] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.name.startswith(OURS):
                lines.append(self.format(record))

    keeper = Keeper()
    logging.getLogger().addHandler(keeper)
    with caplog.at_level(logging.DEBUG):
        yield lines
    logging.getLogger().removeHandler(keeper)


async def test_no_secret_is_in_logs_events_tables_metrics_or_problems(
    harness: GatewayHarness, capfd: pytest.CaptureFixture[str], logged: list[str]
) -> None:
    planted = Planted(harness.http)
    client = await harness.client()
    await planted.send_wrong_ones()
    async with operator(harness.http) as admin:
        await planted.store(admin)
    everywhere = [await harness.metrics(), *planted.problems, *logged, *capfd.readouterr()]
    services = (harness.billing, harness.provisioning, harness.scheduler, harness.forwarder)
    everywhere += [await rows_of(url) for url in (harness.gateway_database, *(one.url for one in services))]
    token = client.http.headers["Authorization"].partition(" ")[2]
    ours = [client.access_code, token, ADMIN_TOKEN, JWT_SECRET, PEPPER, IPN_SECRET]
    for place in everywhere:
        found = [number for number, secret in enumerate([*planted.all, *ours]) if secret in place]
        assert not found, "by number: the test's output must not hold secrets either"


async def test_the_mail_servers_password_is_not_in_logs_when_mails_can_not_be_sent(
    harness: GatewayHarness, capfd: pytest.CaptureFixture[str], logged: list[str]
) -> None:
    planted = Planted(harness.http)
    async with AsyncExitStack() as stack:
        database = await harness.database(stack, "gateway")
        http = await stack.enter_async_context(
            harness.gateway(
                postgres_url=database,
                smtp_host="127.0.0.1",
                smtp_port=free_port(),
                smtp_security="plain",
                smtp_username="anna",
                smtp_password=planted.mail_password,
                mail_from="Adrelay <no-reply@ads.example.org>",
            )
        )
        lines = list(capfd.readouterr())

        async def tried() -> bool:
            lines.extend(capfd.readouterr())
            return any("mail" in line and "not_taken" in line for line in [*lines, *logged])

        body = {"email": f"{secrets.token_hex(6)}@example.com", "plan": "bronze", "pay_currency": "BTC"}
        assert (await http.post("/api/v1/checkout", json=body)).status_code in {200, 201, 202}
        await until(tried)
        for place in [*lines, *logged, await harness.metrics(), await rows_of(database)]:
            assert planted.mail_password not in place
