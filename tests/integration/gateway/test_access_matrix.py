"""Every route of the OpenAPI document, asked by every caller: the table in docs/reference/access.md holds."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio

from adrelay.access_matrix import PREFIX, YES, Caller, Kind, answer_to, kind_of
from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from libs.eventsourcing.values import new_id, utc_now
from services.gateway.api.app import make_app
from services.gateway.api.checkout.ordering import new_order_number
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.gateway.answering import FAKES, answering_operators
from tests.integration.gateway.belongings import Belongings
from tests.integration.gateway.harness import ADMIN_TOKEN, Client, GatewayHarness, operator, running
from tests.integration.gateway.signing_in import make_key, sign_in, sign_in_with_second_factor
from tests.support.waiting import until

FORGETTING = {"DELETE /auth/devices", "POST /auth/sign-out", "POST /auth/second-factor/confirm"}
"""They end the token of whoever may call them."""
WITHOUT_FORWARDER = {"GET /admin/forwarding"}
"""They are answered with 503, because the tests have no forwarder."""


@dataclass(frozen=True)
class Operation:
    """An operation of the OpenAPI document, with the request of its example."""

    method: str
    path: str
    kind: Kind
    media: str | None
    example: Any
    query: Mapping[str, str]
    """The parameters that it needs."""

    @property
    def name(self) -> str:
        """How the page of access calls it."""
        return f"{self.method} {self.path.removeprefix(PREFIX)}"

    @property
    def of_front_ends(self) -> bool:
        """It is one of the routes of existing front ends, many of which need an adbot of the caller."""
        return not self.path.startswith(PREFIX)

    @property
    def parameters(self) -> list[str]:
        """The names in its path."""
        return re.findall(r"{([^}]+)}", self.path)

    def request(self, ids: Mapping[str, str]) -> dict[str, Any]:
        """Return the request about things with these ids."""
        found: dict[str, Any] = {
            "method": self.method,
            "url": self.path.format_map(ids),
            "params": self.query,
        }
        if self.media == "multipart/form-data":
            content = b"@group" if "group-lists" in self.path else b"1session"
            return found | {"files": {"file": ("file", content)}}
        if self.media == "application/json":
            return found | {"json": self.example}
        return found if self.media is None else found | {"content": str(self.example)}


def operations() -> list[Operation]:
    found: list[Operation] = []
    for path, methods in make_app().openapi()["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            media = next(iter(sorted(content)), None)
            example = content[media].get("example") if media else None
            query = {
                one["name"]: one["example"]
                for one in operation.get("parameters", ())
                if one["in"] == "query" and one["required"]
            }
            found.append(Operation(method.upper(), path, kind_of(path, operation), media, example, query))
    return [one for one in found if one.kind is not Kind.ANYBODY]


OPERATIONS = operations()
NAMES = [one.name for one in OPERATIONS]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def harness(
    postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats
) -> AsyncIterator[GatewayHarness]:
    """The gateway with the scheduler itself."""
    async with (
        running(nats_server, postgres_server, real_scheduler=True) as harness,
        answering_operators(harness, *FAKES),
    ):
        yield harness


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def owner(harness: GatewayHarness) -> Belongings:
    """A client who has one thing of each kind."""
    owner = Belongings(harness, await harness.client())
    for parameter in sorted({name for one in OPERATIONS for name in one.parameters}):
        await owner.id_of(parameter)

    async def told() -> set[str]:
        return {one["kind"] for one in (await owner.client.get("notifications"))["items"]}

    await until(told, lambda kinds: kinds >= {"order_placed", "adbot_ready"})  # no more come later
    return owner


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def credentials(harness: GatewayHarness, owner: Belongings) -> dict[Caller, str | None]:
    """What each caller but the owner sends."""
    found = {Caller.NOBODY: None, Caller.OPERATORS_TOKEN: ADMIN_TOKEN, Caller.OWNER: token_of(owner.client)}
    found[Caller.KEY] = await make_key(owner.client, "read")
    other, suspended = await harness.client(), await harness.client()
    found[Caller.OTHER], found[Caller.SUSPENDED] = token_of(other), token_of(suspended)
    async with operator(harness.http) as admin:
        await admin.post(f"accounts/{suspended.account}/suspend", json={"reason": "spam"})
        found[Caller.RESELLER] = await with_role(harness, admin, "RESELLER")
        found[Caller.BARE_ADMIN] = await with_role(harness, admin, "ADMIN")
        found[Caller.ADMIN] = await with_role(harness, admin, "ADMIN", second_factor=True)
    return found


def token_of(client: Client) -> str:
    return str(client.http.headers["Authorization"].partition(" ")[2])


async def with_role(
    harness: GatewayHarness, admin: httpx.AsyncClient, role: str, *, second_factor: bool = False
) -> str:
    """Return the token of a new account with a role."""
    client = await harness.client()
    await admin.put(f"accounts/{client.account}/role", json={"role": role})
    if second_factor:
        return await sign_in_with_second_factor(harness.http, client)
    return str((await sign_in(harness.http, client))["token"])


async def ask(
    harness: GatewayHarness, operation: Operation, ids: Mapping[str, str], credential: str | None
) -> tuple[int, str]:
    """Return the status and the text of an answer; of an open stream its beginning is no text."""
    headers = {} if credential is None else {"Authorization": f"Bearer {credential}"}
    async with (
        httpx.AsyncClient(base_url=harness.http.base_url, headers=headers, timeout=DEADLINE_SECONDS) as http,
        http.stream(**operation.request(ids)) as answer,
    ):
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            return answer.status_code, ""
        return answer.status_code, (await answer.aread()).decode()


async def ids_of(owner: Belongings, operation: Operation) -> dict[str, str]:
    return {name: await owner.id_of(name) for name in operation.parameters}


@pytest.mark.parametrize("operation", OPERATIONS, ids=NAMES)
async def test_a_route_refuses_whom_it_is_not_for_and_tells_them_nothing(
    harness: GatewayHarness,
    owner: Belongings,
    credentials: Mapping[Caller, str | None],
    operation: Operation,
) -> None:
    before, ids = await owner.shown(), await ids_of(owner, operation)
    for caller, credential in credentials.items():
        expected = answer_to(caller, operation.kind)
        if expected == YES:
            continue
        status, text = await ask(harness, operation, ids, credential)
        assert status == int(expected), (caller, text)
        assert not [name for name in owner.names() if name in text], caller
        if status == 404:
            unknown = await ask(harness, operation, unknown_ids(operation), credential)
            assert without_ids(text) == without_ids(unknown[1]), "as if it did not exist"
    assert await owner.shown() == before


@pytest.mark.parametrize("operation", OPERATIONS, ids=NAMES)
async def test_a_route_is_open_to_those_whom_it_is_for(
    harness: GatewayHarness, credentials: Mapping[Caller, str | None], operation: Operation
) -> None:
    for caller in (Caller.OWNER, Caller.ADMIN, Caller.OPERATORS_TOKEN):
        if answer_to(caller, operation.kind) != YES or operation.name in FORGETTING:
            continue
        owner = Belongings(harness, await harness.client())
        credential = token_of(owner.client) if caller is Caller.OWNER else credentials[caller]
        if operation.of_front_ends:
            await owner.id_of("adbot_id")
        status, text = await ask(harness, operation, await ids_of(owner, operation), credential)
        assert status < 500 or operation.name in WITHOUT_FORWARDER, text
        assert status not in {401, 403}, text
        missing = bool({"notice_id", "session_id"} & set(operation.parameters))
        missing |= "/admin/dead-letters/" in operation.path
        assert status != 404 or missing or lacks_adbot(operation, text), text


@pytest.mark.parametrize(
    "operation", [one for one in OPERATIONS if one.kind is Kind.OWN_READ], ids=lambda one: one.name
)
async def test_what_is_the_callers_own_shows_nothing_of_another_client(
    harness: GatewayHarness,
    owner: Belongings,
    credentials: Mapping[Caller, str | None],
    operation: Operation,
) -> None:
    if operation.name in FORGETTING:
        return
    for caller in (Caller.OTHER, Caller.RESELLER, Caller.BARE_ADMIN, Caller.ADMIN):
        status, text = await ask(harness, operation, {}, credentials[caller])
        assert status < 300 or lacks_adbot(operation, text), (caller, text)
        assert not [name for name in owner.names() if name in text], caller


def lacks_adbot(operation: Operation, problem: str) -> bool:
    """Return whether a front end's route says that the caller has no adbot, or not that of the example."""
    return operation.of_front_ends and '"code":"unknown_adbot"' in problem


def unknown_ids(operation: Operation) -> dict[str, str]:
    """Return ids of things that nobody has."""
    return {
        name: new_order_number(utc_now()) if name == "order_number" else str(new_id())
        for name in operation.parameters
    }


def without_ids(problem: str) -> str:
    return re.sub(r'"correlation_id":"[^"]+"', "", problem)
