"""No secret gets into logs, events, tables of the gateway, metrics or answers."""

import logging
import secrets
from collections.abc import Iterator

import pytest

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.ports import free_port
from adrelay.runtime.postgres import EmbeddedPostgres
from tests.integration.gateway.harness import (
    ADMIN_TOKEN,
    IPN_SECRET,
    JWT_SECRET,
    PEPPER,
    GatewayHarness,
    operator,
    services,
)
from tests.integration.gateway.planted import Planted
from tests.support.leaks import Secrets, leaks, rows_of
from tests.support.waiting import until

OURS = ("adrelay", "libs", "services", "uvicorn")


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
    texts = {"metrics": [await harness.metrics()], "problems": planted.problems, "logs": logged}
    texts["output"] = list(capfd.readouterr())
    everywhere = [(name, "\n".join(found).encode()) for name, found in texts.items()]
    for service in (harness.billing, harness.provisioning, harness.scheduler, harness.forwarder):
        everywhere += await rows_of(service.service, service.url)
    everywhere += await rows_of("gateway", harness.gateway_database)
    token = client.http.headers["Authorization"].partition(" ")[2]
    ours = {"access code": client.access_code, "token": token, "admin token": ADMIN_TOKEN}
    ours |= {"JWT secret": JWT_SECRET, "pepper": PEPPER, "IPN secret": IPN_SECRET}
    assert leaks(Secrets(planted.all | ours), everywhere) == []


async def test_the_mail_servers_password_is_not_in_logs_when_mails_can_not_be_sent(
    postgres_server: EmbeddedPostgres,
    nats_server: EmbeddedNats,
    harness: GatewayHarness,
    capfd: pytest.CaptureFixture[str],
    logged: list[str],
) -> None:
    planted = Planted(harness.http)
    async with (
        services(nats_server, postgres_server) as own,
        own.gateway(
            smtp_host="127.0.0.1",
            smtp_port=free_port(),
            smtp_security="plain",
            smtp_username="anna",
            smtp_password=planted.mail_password,
            mail_from="Adrelay <no-reply@ads.example.org>",
        ) as http,
    ):
        lines = list(capfd.readouterr())

        async def tried() -> bool:
            lines.extend(capfd.readouterr())
            return any("mail" in line and "not_taken" in line for line in [*lines, *logged])

        body = {"email": f"{secrets.token_hex(6)}@example.com", "plan": "bronze", "pay_currency": "BTC"}
        assert (await http.post("/api/v1/checkout", json=body)).status_code in {200, 201, 202}
        await until(tried)
        texts = "\n".join([*lines, *logged, await harness.metrics()])
        places = [("logs and metrics", texts.encode()), *await rows_of("gateway", own.gateway_database)]
        assert leaks(Secrets(planted.all), places) == []
