"""An adbot is its owner's only, as the gateway and the scheduler say together; who may call each route."""

import json
import re
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from fastapi.routing import APIRoute

from libs.events.values import AdbotId
from services.gateway.api.adbots import figures, groups, live, pacing, post_checks, renewals, routes
from services.gateway.api.app import make_app
from tests.integration.gateway.harness import Client, GatewayHarness

POST = {"post": "https://t.me/channel/42", "groups": ["@one_group"]}
OTHER_POST = {"post": "https://t.me/channel/43", "groups": ["@one_group"]}
BODIES = {
    "advertisement": OTHER_POST,
    "confirm": {"group": "@bakers"},
    "options": {"group": "@one_group", "paused": True},
    "pacing": {"delay_seconds": 60},
    "renewal": {"pay_currency": "BTC"},
}
PREFIX = "/api/v1/"
OPERATORS = ("admin/", "/api/admin/")
PUBLIC = {
    ("POST", "/api/auth/verify-access-code"),
    ("POST", "/api/auth/refresh"),
    ("POST", "/api/payment/create"),
    ("GET", "/api/payment/status"),
    ("POST", "/api/payment/webhook"),
    ("GET", "/api/health"),
    ("GET", "catalogue"),
    ("GET", "coins"),
    ("POST", "checkout"),
    ("GET", "payments/{order_number}"),
    ("POST", "webhooks/nowpayments"),
    ("POST", "auth/sign-in"),
    ("POST", "auth/refresh"),
}
CHECK = "01a2264c-34a9-71ac-a590-0e474f8e1816"
ROUTES = sorted(
    (method, route.path.removeprefix("/"))
    for router in (
        *(routes.router, figures.router, live.router, groups.router, pacing.router),
        *(post_checks.router, renewals.router),
    )
    for route in router.routes
    if isinstance(route, APIRoute) and route.path.startswith("/adbots/{")
    for method in route.methods or ()
)


@pytest.fixture(scope="module")
def harness(with_scheduler: GatewayHarness) -> GatewayHarness:
    """The gateway with the scheduler itself."""
    return with_scheduler


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def owner(harness: GatewayHarness) -> Client:
    """A client with an adbot."""
    return await harness.client()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stranger(harness: GatewayHarness) -> Client:
    """A client without one."""
    return await harness.client()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def adbot(harness: GatewayHarness, owner: Client) -> AdbotId:
    """An adbot that may be started."""
    adbot = await harness.adbot(owner)
    assert (await owner.http.put(f"adbots/{adbot}/advertisement", json=POST)).status_code == 200
    return adbot


async def ask(caller: Client, method: str, path: str, adbot: object) -> httpx.Response:
    """Ask one of the routes about an adbot."""
    body = BODIES.get(path.rpartition("/")[2])
    return await caller.http.request(method, path.format(adbot_id=adbot, check_id=CHECK), json=body)


def problem(answer: httpx.Response) -> Any:  # noqa: ANN401 - JSON
    """Return an answer but for what differs with each request."""
    found = json.loads(answer.content)
    del found["correlation_id"]
    return answer.status_code, found


def test_commands_and_reads_are_among_the_routes() -> None:
    assert {("POST", "adbots/{adbot_id}/start"), ("GET", "adbots/{adbot_id}/logs")} < set(ROUTES)


def test_all_routes_of_one_adbot_are_asked() -> None:
    assert (
        sorted(
            (method.upper(), path.removeprefix(PREFIX))
            for path, methods in make_app().openapi()["paths"].items()
            for method in methods
            if path.startswith(f"{PREFIX}adbots/{{")
        )
        == ROUTES
    )


async def test_every_route_but_the_public_ones_asks_for_a_token(
    harness: GatewayHarness, stranger: Client
) -> None:
    asked = set[tuple[str, str]]()
    for path, methods in make_app().openapi()["paths"].items():
        route = path.removeprefix(PREFIX)
        for method in map(str.upper, methods):
            url = re.sub(r"{[^}]+}", str(uuid4()), path)
            if (method, route) not in PUBLIC:
                assert (await harness.http.request(method, url)).status_code == 401, (method, path)
                if route.startswith(OPERATORS):
                    answer = await stranger.http.request(method, str(harness.http.base_url.join(url)))
                    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope"), url
            asked.add((method, route))
    assert asked > PUBLIC


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_a_strangers_adbot_is_answered_for_as_one_that_does_not_exist(
    owner: Client, stranger: Client, adbot: AdbotId, method: str, path: str
) -> None:
    opposite = "stop" if path.endswith("/start") else "start"  # so that a command would change something
    before = (await owner.http.post(f"adbots/{adbot}/{opposite}")).json()
    answers = [problem(await ask(stranger, method, path, one)) for one in (adbot, uuid4())]
    assert answers[0] == answers[1]
    status, found = answers[0]
    assert (status, found["code"], found["detail"]) == (404, "unknown_adbot", "you have no adbot of this id")
    after = await owner.get(f"adbots/{adbot}")
    assert (after["status"], after["advertisement"]) == (before["status"], before["advertisement"])
    assert (await stranger.get("adbots"))["items"] == []


async def test_an_owner_is_obeyed_however_late_the_scheduler_reads_of_the_adbot(
    harness: GatewayHarness, owner: Client
) -> None:
    adbot = await harness.adbot(owner)  # as soon as the gateway shows it
    stopped = await owner.http.post(f"adbots/{adbot}/stop")
    assert (stopped.status_code, stopped.json()["status"]) == (200, "STOPPED")


async def test_the_post_or_the_groups_are_changed_alone(harness: GatewayHarness, owner: Client) -> None:
    path = f"adbots/{await harness.adbot(owner)}"
    several = {"posts": ["https://t.me/channel/42", "Two rooms"], "groups": ["@one_group"], "order": "random"}
    before = (await owner.http.put(f"{path}/advertisement", json=several)).json()["advertisement"]

    async def changed(body: dict[str, object]) -> Any:  # noqa: ANN401 - JSON
        answer = await owner.http.patch(f"{path}/advertisement", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["advertisement"]

    assert await changed({"groups": ["@another"]}) == {**before, "groups": ["@another"]}
    post = {"kind": "text", "text": "<b>Three</b> rooms", "format": "html"}
    alone = {**before, "groups": ["@another"], "post": post, "posts": [post]}
    assert await changed({"post": post}) == alone
    nothing = await owner.http.patch(f"{path}/advertisement", json={})
    assert (nothing.status_code, nothing.json()["code"]) == (422, "invalid_request")
