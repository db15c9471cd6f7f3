"""No secret is in anything that a whole running system writes, whatever goes wrong in it."""

import base64
import secrets
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
import pytest_asyncio
from telethon.sessions import StringSession
from websockets.asyncio.client import connect

from adrelay.demo import steps
from adrelay.demo.sample import create_sample
from adrelay.demo.system import LocalSystem
from adrelay.runtime.ports import free_port
from sandbox.telegram import AccountSpec
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.events_cli.program import ran
from tests.integration.gateway.planted import Planted
from tests.support.forked import fork
from tests.support.leaks import (
    Secrets,
    command_lines,
    files_of,
    leaks,
    mails_in,
    messages_of,
    pages_of,
    rows_of,
)
from tests.support.sniffing import Sniffer
from tests.support.system import PATIENT, ForkedSystem
from tests.support.waiting import until

pytestmark = pytest.mark.timeout(360)

SHOWN_ONCE = {
    ("POST", "/checkout"),
    ("POST", "/auth/sign-in"),
    ("POST", "/auth/refresh"),
    ("POST", "/auth/second-factor"),
    ("POST", "/api-keys"),
    ("POST", "/webhooks"),
    ("POST", "/live/tickets"),
}
"""The answers that show a secret to whom it belongs. Their refusals show none."""
UNREADABLE = "ETH"
"""Orders in this coin break the gateway's reader."""
BREAK_READER = f"alter table orders.orders add check (pay_currency <> '{UNREADABLE}')"


@dataclass
class Seen:
    """The secrets that the test knows, and the answers that must not have them."""

    system: LocalSystem
    metrics_port: int
    planted: dict[str, str | bytes] = field(default_factory=dict[str, str | bytes])
    blocked: str = ""
    """The stream that is blocked by a dead letter."""
    answers: list[tuple[str, bytes]] = field(default_factory=list[tuple[str, bytes]])
    messages: list[tuple[str, bytes]] = field(default_factory=list[tuple[str, bytes]])
    """All that passed the broker while secrets were uploaded, well and wrongly."""

    def client(self, token: str | None = None) -> httpx.AsyncClient:
        """Return an HTTP client whose answers are kept."""
        return httpx.AsyncClient(
            base_url=f"{self.system.url}/api/v1",
            headers={} if token is None else {"Authorization": f"Bearer {token}"},
            timeout=DEADLINE_SECONDS,
            event_hooks={"response": [self._keep]},
        )

    async def _keep(self, answer: httpx.Response) -> None:
        path = answer.request.url.path.removeprefix("/api/v1")
        await answer.aread()
        if answer.is_success and (answer.request.method, path) in SHOWN_ONCE:
            return
        headers = answer.headers.copy()
        if path == "/checkout":
            headers.pop("set-cookie", None)  # a refused checkout is continued with it
        self.answers.append((f"answer of {path}", f"{headers} {answer.text}".encode()))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def seen(servers_folder: Path) -> AsyncIterator[Seen]:
    """Yield a system of its own, whose gateway has metrics, after all was done to it."""
    port = free_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ADRELAY_GATEWAY_METRICS_PORT", str(port))
        settings = {
            **PATIENT,
            "ADRELAY_GATEWAY_LOG_LEVEL": "debug",
            "ADRELAY_GATEWAY_WEBHOOKS_PRIVATE_NETWORKS": "true",
            "ADRELAY_GATEWAY_SIGN_INS_PER_MINUTE": "1000",
            "ADRELAY_GATEWAY_WRONG_SECRETS_PER_HOUR": "1000",
        }
        system = ForkedSystem(servers_folder / "redacted", settings=settings, python=await fork())
        async with system:
            seen = Seen(system, port)
            await know_settings(seen)
            async with Sniffer(system.nats.url) as sniffer:
                purchase = await buy(seen)
                await act_as_client(seen, purchase)
                await act_wrongly(seen)
                seen.messages = await sniffer.seen()
            yield seen


async def know_settings(seen: Seen) -> None:
    """Plant the secrets of the settings."""
    environment = await seen.system.environment()
    named = ("_SECRET", "_PEPPER", "_TOKEN", "_KEYS", "_API_KEY")
    found = {name: value for name, value in environment.items() if name.endswith(named)}
    assert len(found) == 6, found.keys()
    seen.planted |= found
    urls = [*seen.system.databases.values(), seen.system.postgres.tools_url(), seen.system.postgres.url("")]
    for url in urls:
        parts = urlsplit(url)
        assert parts.password is not None
        seen.planted[f"database password of {parts.username}"] = parts.password


async def buy(seen: Seen) -> steps.Purchase:
    """Stock sessions and sell a plan, also while the provider fails."""
    system = seen.system
    samples = [await create_sample(system.telegram, tag=tag) for tag in ("_redacted", "_more")]
    api_hash = secrets.token_hex(16)
    seen.planted["api_hash"] = api_hash
    async with seen.client(system.admin_token) as admin:
        await succeed(admin, "POST", "admin/telegram-applications", json={"api_id": 7, "api_hash": api_hash})
        for account in (account for sample in samples for account in sample.accounts):
            text = await system.telegram.mint_session(account)
            session: Any = StringSession(text)  # of a library without types
            seen.planted |= {f"session {account}": text, f"key of {account}": session.auth_key.key}
            await succeed(admin, "POST", "admin/sessions", json={"session": text})
        await upload_file(seen, admin)
    token = steps.new_token()
    seen.planted["checkout token"] = token
    body = {"email": "redacted@example.com", "plan": "demo", "pay_currency": "BTC", "checkout_token": token}
    async with seen.client() as visitor:
        await system.payments.be_down(count=2)
        await visitor.post("checkout", json=body)
        ordered = await until(lambda: placed(visitor, body))
    purchase = steps.Purchase(
        ordered["order_number"], ordered["pay_address"], ordered["amount"], "BTC", body["email"]
    )
    await steps.pay(system, purchase)
    return purchase


async def upload_file(seen: Seen, admin: httpx.AsyncClient) -> None:
    """Upload a session as a file."""
    account = (await seen.system.telegram.create_account(AccountSpec())).id
    content = await seen.system.telegram.session_file(account)
    with closing(sqlite3.connect(":memory:")) as database:
        database.deserialize(content)
        (key,) = database.execute("select auth_key from sessions").fetchone()
    seen.planted["key in a file"] = key
    await succeed(admin, "POST", "admin/sessions", files={"file": ("of.session", content)})


async def placed(visitor: httpx.AsyncClient, body: Mapping[str, str]) -> dict[str, Any] | None:
    answer = await visitor.post("checkout", json=body)
    return answer.json() if answer.is_success and answer.json()["pay_address"] else None


async def succeed(http: httpx.AsyncClient, method: str, path: str, **request: Any) -> Any:  # noqa: ANN401
    answer = await http.request(method, path, **request)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


async def act_as_client(seen: Seen, purchase: steps.Purchase) -> None:
    """Sign in in each way, and get each secret that is shown once."""
    code = await steps.access_code(seen.system, purchase)
    body = {"access_code": code}
    async with seen.client() as visitor:
        first = await succeed(visitor, "POST", "auth/sign-in", json=body)
        page = {"Origin": seen.system.url}
        kept = await succeed(visitor, "POST", "auth/sign-in", json=body | {"cookie": True}, headers=page)
        cookie = visitor.cookies["adrelay_refresh"]
        refused = await visitor.post("auth/refresh", headers=page | {"X-CSRF-Token": "wrong"})
        assert refused.status_code == 403
        again = {"refresh_token": first["refresh_token"]}
        second = await succeed(visitor, "POST", "auth/refresh", json=again)
    seen.planted |= {
        "access code": code,
        "access token": first["token"],
        "refresh token": first["refresh_token"],
        "next refresh token": second["refresh_token"],
        "refresh cookie": cookie,
        "CSRF token": kept["csrf_token"],
    }
    async with seen.client(first["token"]) as client:
        await get_secrets(seen, client)


async def get_secrets(seen: Seen, client: httpx.AsyncClient) -> None:
    """Get an API key, a webhook whose receiver is away, a second factor and a ticket, and use them."""
    key = await succeed(client, "POST", "api-keys", json={"name": "mine", "scopes": ["read"]})
    hook = {"url": f"http://127.0.0.1:{free_port()}/hook", "events": ["order.expired", "order.placed"]}
    made = await succeed(client, "POST", "webhooks", json=hook)
    await succeed(client, "POST", f"webhooks/{made['id']}/test")
    factor = await succeed(client, "POST", "auth/second-factor")
    await client.post("auth/second-factor/confirm", json={"one_time_code": "000000"})
    ticket = (await succeed(client, "POST", "live/tickets"))["ticket"]
    socket = f"{client.base_url.copy_with(scheme='ws')}live/socket"
    async with connect(socket) as opened:
        await opened.send(f'{{"ticket": "{ticket}", "else": 1}}')
        await opened.wait_closed()
    signing = made["secret"].removeprefix("whsec_")
    seen.planted |= {
        "API key": key["api_key"],
        "webhook secret": signing,
        "webhook key": base64.b64decode(signing),
        "second factor": factor["secret"],
        "ticket": ticket,
    }
    for path in ("api-keys", "webhooks", "auth/me", "auth/devices", "notifications", "orders", "adbots"):
        await succeed(client, "GET", path)


async def act_wrongly(seen: Seen) -> None:
    """Send what is refused, and break a reader."""
    async with seen.client() as visitor:
        planted = Planted(visitor, prefix="")
        await planted.send_wrong_ones()
        await upload_wrongly(seen, planted)
        seen.planted |= planted.all
        gateway = await asyncpg.connect(seen.system.databases["gateway"])
        await gateway.execute(BREAK_READER)
        body = {"email": "unreadable@example.com", "plan": "demo", "pay_currency": UNREADABLE}
        answer = await visitor.post("checkout", json=body)
        assert answer.status_code == 202, "it can not be read"
        seen.blocked = f"order-{answer.json()['order_number']}"
        seen.planted["another checkout token"] = answer.json()["checkout_token"]
        dead = "select count(*) from engine.parked"
        await until(lambda: gateway.fetchval(dead))
        await gateway.close()


async def upload_wrongly(seen: Seen, planted: Planted) -> None:
    """Upload sessions and an application that are refused."""
    async with seen.client(seen.system.admin_token) as admin:
        for path, body in (
            ("telegram-applications", {"api_id": 0, "api_hash": planted.api_hash}),
            ("sessions", {"session": planted.session}),
            ("sessions", {"session": 1, "sesion": planted.foreign_session}),
        ):
            answer = await admin.post(f"admin/{path}", json=body)
            assert answer.status_code == 422, answer.text
        content = b"SQLite format 3\0" + planted.foreign_session.encode()
        answer = await admin.post("admin/sessions", files={"file": (planted.session, content)})
        assert answer.status_code == 422, answer.text


async def test_no_secret_is_in_tables(seen: Seen) -> None:
    places = [place for name, url in seen.system.databases.items() for place in await rows_of(name, url)]
    assert leaks(Secrets(seen.planted), places) == []


async def test_no_secret_is_in_the_stream(seen: Seen) -> None:
    places = await messages_of(seen.system.nats.url)
    assert any(b"OrderPlaced" in content for _, content in places)
    assert leaks(Secrets(seen.planted), places) == []


async def test_no_uploaded_secret_passes_the_broker(seen: Seen) -> None:
    commands = [content for _, content in seen.messages if b"cmd.forwarder.Import" in content[:200]]
    assert len(commands) > 4, "one Telegram application, and some sessions"
    uploaded = ("session", "key of", "key in", "api_hash")
    secrets = {name: one for name, one in seen.planted.items() if name.startswith(uploaded)}
    assert len(secrets) > 4, secrets.keys()
    assert leaks(Secrets(secrets), seen.messages) == []


async def test_no_secret_is_in_logs(seen: Seen) -> None:
    places = files_of(seen.system.folder / "logs", seen.system.folder / "nats")
    assert any(b"request.answered" in content for _, content in places), "the gateway logs each request"
    postgres = [(str(file), file.read_bytes()) for file in seen.system.postgres.logs]
    assert leaks(Secrets(seen.planted), [*places, *postgres]) == []


async def test_nobody_asks_the_broker_for_what_is_not_permitted(seen: Seen) -> None:
    lines = [line for _, text in files_of(seen.system.folder / "logs") for line in text.splitlines()]
    assert [line for line in lines if b"permissions violation" in line.lower()] == []


async def test_no_secret_is_in_metrics(seen: Seen) -> None:
    urls = [
        process.url_of(service)
        for process in seen.system.processes
        for service in process.ports
        if service != "gateway"
    ]
    urls.append(f"http://127.0.0.1:{seen.metrics_port}")
    places = await pages_of(*(f"{url}/metrics" for url in urls))
    assert leaks(Secrets(seen.planted), places) == []


async def test_no_secret_is_in_answers_that_do_not_show_it_to_its_owner(seen: Seen) -> None:
    async with seen.client(seen.system.admin_token) as admin:
        for path in ("admin/activity/export", "admin/activity", "admin/accounts", "admin/sessions"):
            await admin.get(path)
    assert len(seen.answers) > 20
    assert leaks(Secrets(seen.planted), seen.answers) == []


async def test_no_secret_is_in_mails_but_an_access_code_in_one(seen: Seen) -> None:
    mails = mails_in(await seen.system.mails.mails())
    others = {name: secret for name, secret in seen.planted.items() if name != "access code"}
    assert leaks(Secrets(others), mails) == []
    assert len(leaks(Secrets({"access code": seen.planted["access code"]}), mails)) == 1


async def test_no_secret_is_in_command_lines(seen: Seen) -> None:
    names = [status.name for status in seen.system.supervisor.statuses()]
    places = command_lines(*(seen.system.pid(name) for name in names))
    assert leaks(Secrets(seen.planted), places) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("export",),
        ("tail", "--no-follow", "--last", "1000", "--json"),
        ("dead", "list", "--json"),
        ("dead", "show", "blocked"),
        ("show", "redacted@example.com", "--json"),
        ("trace", "redacted@example.com", "--all"),
    ],
    ids=" ".join,
)
async def test_no_secret_is_in_the_output_of_tools(seen: Seen, arguments: tuple[str, ...]) -> None:
    result = await ran(seen.system.tools, *(seen.blocked if one == "blocked" else one for one in arguments))
    output = f"{result.out}\n{result.err}".encode()
    assert len(output) > 100, result.err
    assert leaks(Secrets(seen.planted), [(" ".join(arguments), output)]) == []
