"""Every command of the README, the quickstart, the how-tos and the API page runs as its page describes.

One system, started as the pages describe, serves all of them with the sandboxes. Commands that can't be run
here are listed with the reason; a command that is neither listed nor succeeds fails the test.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import groupby
from pathlib import Path

import asyncpg
import httpx
import pytest
import pytest_asyncio

from adrelay.demo.steps import CODE
from adrelay.env_file import values_in
from adrelay.servers.options import ServerOptions
from sandbox.nowpayments import NowPaymentsControl
from sandbox.telegram import AccountSpec, TelegramSandboxControl
from tests.deadlines import DEADLINE_SECONDS
from tests.e2e.pages import Page, PageCommand, all_pages
from tests.e2e.site import CommandResult, Site, fresh_ports, ports_in
from tests.support.system import PATIENT
from tests.support.waiting import until

pytestmark = pytest.mark.timeout(420)

ORDER = (  # each page needs the ones before it
    "docs/how-to/use-the-telegram-sandbox.md",
    "docs/how-to/use-the-payment-sandbox.md",
    "docs/quickstart.md",
)
LAST = ("docs/how-to/handle-a-dead-letter.md",)  # its dead letter prevents the comparison of tables
_PROVIDER = ".venv/bin/adrelay sandbox nowpayments --port 4440 --api-key trial-key-1234"
BEGIN = (
    "cp .env.example .env && chmod 600 .env",
    ".venv/bin/adrelay keygen >> .env",
    ".venv/bin/adrelay sandbox telegram --port 4430 --control-port 4431 --public-key-file telegram.pem",
    f"{_PROVIDER} --ipn-secret trial-secret-0123456789",
    ".venv/bin/adrelay sandbox mail --port 2525 --control-port 2580",
    ".venv/bin/adrelay up",
)
"""Commands of several pages that are run once."""
NOT_RUN = {
    "make setup": "the tests run in what it makes",
    "make demo": "tests/e2e/test_whole_path.py runs the same path",
    "make test": "it is what runs this",
    "make up": "it is `make setup` and `adrelay up`",
    ".venv/bin/adrelay demo --cycles 5": "tests/e2e/test_whole_path.py runs the same path",
    ".venv/bin/adrelay demo --album": "tests/e2e/test_whole_path.py runs the same path",
    ".venv/bin/adrelay demo --undisturbed": "tests/e2e/test_whole_path.py runs the same path",
    ".venv/bin/adrelay demo --together": "tests/e2e/test_together.py runs the same path",
    ".venv/bin/adrelay up --together": "tests/e2e/test_up.py starts and stops it",
    ".venv/bin/adrelay demo --web": "it has no end: tests/e2e/test_demo.py opens its link",
    "GATEWAY=http://127.0.0.1:8080 make web": "it has no end",
    ".venv/bin/adrelay demo --keep /tmp/adrelay": "tests/e2e/test_whole_path.py runs the same path",
    ".venv/bin/adrelay up --folder /tmp/adrelay": "tests/e2e/test_up.py starts what was kept",
    ".venv/bin/adrelay events tail --no-follow --folder /tmp/adrelay": "tests/e2e/test_up.py, too",
    ".venv/bin/adrelay events import events.jsonl": "wants new servers: engine_tools/test_import.py",
    ".venv/bin/adrelay events rebase billing": "wants a stopped service: engine_tools/test_commands.py",
    "docker compose up --build --scale worker=2": "there is no Docker",
    "env ADRELAY_SUPERUSER_POSTGRES_URL_FILE=superuser.url .venv/bin/adrelay databases prepare >> .env": (
        "wants a server of one's own: integration/cli/test_databases.py"
    ),
    'curl -N -H "Authorization: Bearer $CLIENT" http://127.0.0.1:8080/api/v1/adbots/$ADBOT/log/live': (
        "it has no end: tests/integration/gateway/test_live_lines.py listens"
    ),
    'curl -N -H "Authorization: Bearer $CLIENT" http://127.0.0.1:8080/api/v1/live': (
        "it has no end: tests/integration/gateway/test_live_changes.py listens"
    ),
}
NOT_SET = {
    "ADRELAY_GATEWAY_SMTP_HOST=smtp.example.org": "there is no such server",
    "ADRELAY_GATEWAY_SMTP_USERNAME=ads": "the sandbox asks for nobody",
    "ADRELAY_GATEWAY_SMTP_PASSWORD='...'": "the sandbox asks for nobody",
    "ADRELAY_GATEWAY_FOREIGN_JWT_SECRET='...'": "there is no such project",
    "ADRELAY_GATEWAY_FOREIGN_JWT_ISSUER=https://project.supabase.co/auth/v1": "there is no such project",
}
UNTIL_INTERRUPTED = re.compile(r"events tail(?!.*--no-follow)")
READ_ONLY = re.compile(r" (list|show|trace|tail|attention|lag|tables --service|verify|--dry-run)\b")
"""Read-only commands: consecutive ones run concurrently."""
EXIT_CODES = {
    "orders attention": 1,
    "events lag": 1,
    "events dead list": 1,
    "events dead retry": 1,
    "adbots check-posts": 1,
    "accounts devices": 1,
    "accounts api-keys": 1,
    "accounts webhooks": 1,
    "--state refused": 1,
    "--group @quiet_flats": 1,
}
"""Exit codes of commands that find something for the operator, or nothing."""
OUTPUTS = {
    "stock list$": "UNUSED",
    "stock show$": r"UNUSED +\d",
    "stock add sessions/": "added +anna.session",
    "check-posts": "MESSAGE_ID_INVALID",
    r"2580/mails\?to=ada": "USER-",
    "4440/control/payments'?$": "payment_id",
    "8080/api/v1/adbots$": '"id"',
    "api/v1/coins$": '"provider_code":"usdttrc20"',
    "v1/payments/.ORDER$": '"status":"WAITING"',
    "v1/orders/.ORDER$": '"status":"FINISHED"',
    "posts/validate$": '"valid":true',
    "logs.limit=50": '"kept_since":',
    "LIST/import": r'"groups":\["@berlin_flats","@bonn_flats"\]',
    "v1/group-lists$": '"name":"Flats"',
    "ADBOT/groups/options": '"paused":true',
    "LIST/groups/options": '"every_seconds":86400',
    "4431/chats/7200/messages": "Two rooms, one lake.",
    "--email bert": "bert@example.com",
    "orders attention": "overpaid",
    "events lag": "dead letters",
}
"""Patterns in a command's output; it is repeated until they match or the deadline has passed."""
POISON = "order-HQADZ-MWPM0SFH-0000POISON01"


class Shop:
    """The running system, and actions that the pages presuppose."""

    def __init__(self, folder: Path) -> None:
        ports = fresh_ports("8080", "4430", "4431", "4440", "2525", "2580")
        self.ids: dict[str, str] = {}
        self.site = Site(
            folder,
            {
                **ports,
                "<32 hexadecimal digits>": lambda: "0123456789abcdef" * 2,
                "17952117027": lambda: self._last(r'"payment_id": ?"?(\d+)'),
                "USER-XXXXX-XXXXX-XXXXX-XXXXX": lambda: [m[0] for m in CODE.finditer(self.site.output)][-1],
                "<the token>": lambda: self._last(r'"token": ?"([^"]+)'),
                "<the number of the order>": lambda: self._last(r'"order_number": ?"([^"]+)'),
                "<the id of the adbot>": lambda: self._last(r'"items": ?\[\{"id": ?"([^"]+)'),
                "<the id of the list>": lambda: self._last(r'"id": ?"([^"]+)","name": ?"Flats"'),
                "<account id>": lambda: self.ids["account"],
                "HQADZ-MWPM0SFH-9J8ZHS6IAHLL": lambda: self.ids["ada"],
                "2026-11-20T23:28:07.8": lambda: time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()),
                "5eefaa91-bf04-5a36-aaf3-3ff734c9ab9c": lambda: self.ids["adbot"],
                "01a1fb49-e9e9-7537-8cc6-965c390803d2": lambda: self.ids["correlation"],
                "01a22858-8b5c-74b4-adac-f0582eb76d03": lambda: self._last(r"([0-9a-f-]{36}) +345678"),
                "5000000001": lambda: self.ids["payment"],
                "HQADZ-MWPQN8B6-ZDWJ9061NKC1": lambda: self.ids["anna"],
                "HQADZ-MWPQN8RK-KUG8ZWJ94CZ5": lambda: self.ids["carl"],
                "HQADZ-MWPQN8YT-T14KZ0GGKIZV": lambda: self.ids["dora"],
                "HQADZ-MWPQN9BS-HXNFS4OTFOES": lambda: self.ids["emil"],
                "86fbac7e-6775-5232-9791-a7484bd032a4": lambda: self.ids["adbot"],
            },
        )
        self.url, self.telegram, self.provider = (
            f"http://127.0.0.1:{self.site.typed(port)}" for port in ("8080", "4431", "4440")
        )

    def _last(self, pattern: str) -> str:
        return str(re.findall(pattern, self.site.output)[-1])

    async def begin(self, pages: list[Page]) -> None:
        """Run the common commands of all pages, with the settings of all pages."""
        *prepare, up = [command for command in BEGIN if "sandbox" not in command]
        sandboxes = [command for command in BEGIN if "sandbox" in command]
        await asyncio.gather(
            *(self.site.start(command, *ports_in(self.site.typed(command))) for command in sandboxes)
        )
        for command in prepare:
            assert await self.site.run(command) == CommandResult(0, "")
        self._set(pages)
        await self.site.start(up, int(self.site.typed("8080")))
        await self._until_ready()

    def _set(self, pages: list[Page]) -> None:
        settings = [line for page in pages for line in page.settings if line not in NOT_SET]
        with (self.site.folder / ".env").open("a") as file:
            file.write(self.site.typed("ADRELAY_GATEWAY_HTTP_PORT=8080\n"))
            file.write("ADRELAY_BILLING_UNPAID_SHARE=1\n")  # all pages' orders come from one address
            file.writelines(f"{name}={value}\n" for name, value in PATIENT.items())
            file.writelines(f"{self.site.typed(line)}\n" for line in settings)

    async def _until_ready(self) -> None:
        async with httpx.AsyncClient(trust_env=False) as http:

            async def ready() -> bool:
                return (await http.get(f"{self.url}/health/ready")).is_success

            await until(ready)

    async def post(self, path: str, body: object) -> dict[str, str]:
        """Post to the gateway, on routes of the operator with the operator's token."""
        token = values_in(self.site.folder / ".env")["ADRELAY_GATEWAY_ADMIN_TOKEN"]
        headers = {"authorization": f"Bearer {token}"} if path.startswith("/admin/") else {}
        async with httpx.AsyncClient(base_url=f"{self.url}/api/v1", trust_env=False, timeout=30) as http:
            answer = await http.post(path, json=body, headers=headers)
        assert answer.is_success, answer.text
        found: dict[str, str] = answer.json()
        return found

    async def stock(self, *accounts: int, api_id: int = 654321) -> None:
        """Upload a session of each of these new accounts, with a new application."""
        pair = {"api_id": api_id, "api_hash": "fedcba9876543210" * 2}
        await self.post("/admin/telegram-applications", pair)
        async with TelegramSandboxControl(self.telegram) as telegram:
            for account in accounts:
                await telegram.create_account(AccountSpec(id=account))
                session = await telegram.mint_session(account)
                await self.post("/admin/sessions", {"session": session})

    async def ordered(self, name: str) -> str:
        """Place an order for a new client; return its number."""
        body = {"email": f"{name}@example.com", "plan": "bronze", "pay_currency": "BTC"}
        self.ids[name] = (await self.post("/checkout", body))["order_number"]
        return self.ids[name]

    async def database(self, service: str, query: str, *values: object) -> str:
        """Return a value from a service's database, once there is one."""
        servers = ServerOptions(self.site.folder / ".adrelay", Path("/nothing"))
        connection = await asyncpg.connect(servers.databases([service], writing=True)[service])
        found: list[object] = []

        async def stored() -> bool:
            found[:] = [await connection.fetchval(query, *values)]
            return found[0] is not None

        try:
            await until(stored)
        finally:
            await connection.close()
        return str(found[0])


async def stock_for_payments(shop: Shop) -> None:
    await shop.stock(*range(81, 87))


async def stock_for_a_client(shop: Shop) -> None:
    await shop.stock(*range(92, 96), api_id=765432)


async def a_session_file(shop: Shop) -> None:
    async with TelegramSandboxControl(shop.telegram) as telegram:
        await telegram.create_account(AccountSpec(id=91))
        (shop.site.folder / "stock.session").write_bytes(await telegram.session_file(91))


async def orders_for_the_operator(shop: Shop) -> None:
    """Place orders: one overpaid and delivered, one paid in the wrong coin, two unpaid."""
    async with NowPaymentsControl(shop.provider) as provider:
        overpaid = await provider.payment_of(await shop.ordered("anna"))
        await provider.overpay(overpaid.payment_id)
        shop.ids["payment"] = str(overpaid.payment_id)
        wrong = await provider.payment_of(await shop.ordered("carl"))
        await provider.pay_in(wrong.payment_id, "ltc")
    await shop.ordered("dora")
    await shop.ordered("emil")
    shop.ids["adbot"] = await shop.database(
        "billing",
        "select data->>'adbot' from engine.events where type = 'OrderFulfilled' and stream = $1",
        f"order-{shop.ids['anna']}",
    )


async def ids_of_the_first_order(shop: Shop) -> None:
    stream = "select stream from engine.events where type = 'OrderFulfilled' order by at limit 1"
    shop.ids["ada"] = (await shop.database("billing", stream)).removeprefix("order-")
    field = "select {} from engine.events where type = 'OrderFulfilled' order by at limit 1"
    shop.ids["adbot"] = await shop.database("billing", field.format("data->>'adbot'"))
    shop.ids["correlation"] = await shop.database("billing", field.format("correlation_id"))
    shop.ids["account"] = await shop.database("billing", field.format("data->>'account'"))


async def an_event_that_becomes_a_dead_letter(shop: Shop) -> None:
    await shop.database(
        "billing",
        "insert into engine.events "
        "(id, stream, version, type, schema, at, correlation_id, causation_id, actor, data) "
        "select '3353647c-aefd-4c64-8226-0554a82dad86', $1, 1, 'PaymentFinished', schema, now(), "
        "correlation_id, causation_id, 'system', '{}' from engine.events where type = 'PaymentFinished' "
        "limit 1 returning 1",
        POISON,
    )
    for service in ("provisioning", "gateway"):
        await shop.database(service, "select 1 from engine.parked where stream = $1 limit 1", POISON)


async def sessions_of_several_forms(shop: Shop) -> None:
    folder = shop.site.folder
    (folder / "hash.txt").write_text("0123456789abcdef" * 2)
    (folder / "sessions").mkdir()
    async with TelegramSandboxControl(shop.telegram) as telegram:
        for account, name in ((101, "anna.session"), (102, "sessions/bert.session")):
            await telegram.create_account(AccountSpec(id=account))
            (folder / name).write_bytes(await telegram.session_file(account))
        await telegram.create_account(AccountSpec(id=103))
        (folder / "strings.txt").write_text(await telegram.mint_session(103))


PREPARATIONS: dict[str, Callable[[Shop], Awaitable[None]]] = {
    "docs/how-to/use-the-payment-sandbox.md": stock_for_payments,
    "docs/quickstart.md": a_session_file,
    "docs/how-to/add-sessions.md": sessions_of_several_forms,
    "docs/how-to/check-a-post.md": ids_of_the_first_order,
    "docs/how-to/payments.md": orders_for_the_operator,
    "docs/how-to/explain-an-order.md": ids_of_the_first_order,
    "docs/how-to/export-and-import.md": ids_of_the_first_order,
    "docs/how-to/send-mails.md": ids_of_the_first_order,
    "docs/reference/api.md": stock_for_a_client,
    "docs/how-to/handle-a-dead-letter.md": an_event_that_becomes_a_dead_letter,
}
"""The preparation of a page: what its reader would already have."""


def sorted_by_dependency(pages: list[Page]) -> list[Page]:
    """Return the pages in an order in which each finds what it needs."""

    def rank(page: Page) -> tuple[bool, int]:
        return page.name in LAST, ORDER.index(page.name) if page.name in ORDER else len(ORDER)

    return sorted(pages, key=rank)


PAGES = sorted_by_dependency(all_pages())


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(servers_folder: Path) -> AsyncIterator[Shop]:
    """Yield the system, with everything started that the pages start."""
    folder = servers_folder / "pages"
    folder.mkdir()
    shop = Shop(folder)
    try:
        await shop.begin(PAGES)
        yield shop
    finally:
        await shop.site.close()


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
async def test_every_command_of_a_page_runs_as_described(shop: Shop, page: Page) -> None:
    if page.name in PREPARATIONS:
        await PREPARATIONS[page.name](shop)
    for read_only, commands in groupby(
        page.commands, lambda command: READ_ONLY.search(command.text) is not None
    ):
        if read_only:
            await asyncio.gather(*(runs_as_described(shop.site, page, command) for command in commands))
        else:
            for command in commands:
                await runs_as_described(shop.site, page, command)


async def runs_as_described(site: Site, page: Page, command: PageCommand) -> None:
    """Run a command of a page, unless it is listed as not run."""
    where = f"{page.name}:{command.line}: {command.text}"
    if command.text in BEGIN:
        assert "sandbox" not in command.text or site.runs(command.text), where
    elif UNTIL_INTERRUPTED.search(command.text):
        assert await site.follow(command.text), where
    elif command.text not in NOT_RUN:
        await succeeds(site, command.text, where)


async def succeeds(site: Site, command: str, where: str) -> None:
    """Run a command; check its exit code and output."""
    code = next((code for part, code in EXIT_CODES.items() if part in command), 0)
    shown = next((shown for part, shown in OUTPUTS.items() if re.search(part, command)), "")
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        ran = await site.run(command)
        assert ran.code == code, f"{where}\n{ran.text}"
        assert "Traceback" not in ran.text, f"{where}\n{ran.text}"
        if re.search(shown, ran.text) or time.monotonic() > deadline:
            break
        await asyncio.sleep(0.2)
    assert re.search(shown, ran.text), f"{where}\n{ran.text}"


async def test_written_files_are_readable_by_their_owner_alone(shop: Shop) -> None:
    written = [shop.site.folder / name for name in ("events.jsonl", "order.html", "telegram.pem")]
    written += [path for path in (shop.site.folder / ".adrelay").glob("**/*.log") if path.is_file()]
    assert len(written) > 8
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in written} == {
        path.name: "0o600" for path in written
    }


def test_every_exception_in_the_lists_is_on_a_page() -> None:
    commands = {command.text for page in PAGES for command in page.commands}
    settings = {line for page in PAGES for line in page.settings}
    assert set(BEGIN) <= commands
    assert set(NOT_RUN) <= commands
    assert set(NOT_SET) <= settings
    text = "\n".join((*commands, *settings))
    assert [part for part in (*EXIT_CODES, *OUTPUTS) if not re.search(part, text, re.MULTILINE)] == []
    assert set(PREPARATIONS) | set(ORDER) | set(LAST) <= {page.name for page in PAGES}
