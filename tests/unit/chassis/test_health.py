"""Health pages, and what is answered before a service has started."""

import asyncio

import httpx
from fastapi import FastAPI
from starlette.types import ASGIApp

from libs.chassis.health import Door, add_health, metrics_app


def http(app: ASGIApp) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service")


async def test_before_the_start_all_but_health_is_answered_with_a_problem() -> None:
    app, opened = FastAPI(), asyncio.Event()
    add_health(app, {}, metrics=False)
    async with http(Door(app, opened)) as client:
        answer = await client.get("/api/v1/catalogue")
        assert (answer.status_code, answer.json()["code"]) == (503, "starting")
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["Retry-After"] == "1"
        assert answer.headers["X-Correlation-Id"] == answer.json()["correlation_id"]
        assert (await client.get("/health/live")).status_code == 200
        opened.set()
        assert (await client.get("/api/v1/catalogue")).status_code == 404


async def test_those_who_ask_for_readiness_at_once_share_one_check() -> None:
    app, begun, go, checks = FastAPI(), asyncio.Event(), asyncio.Event(), 0

    async def check() -> str | None:
        nonlocal checks
        checks += 1
        begun.set()
        await go.wait()
        return "is away"

    add_health(app, {"database": check}, metrics=False)
    async with http(app) as client:
        asking = [asyncio.create_task(client.get("/health/ready")) for _ in range(10)]
        await begun.wait()
        asking.pop().cancel()
        go.set()
        answers = await asyncio.gather(*asking)
        assert {answer.status_code for answer in answers} == {503}
        assert checks == 1
        await client.get("/health/ready")
    assert checks == 2


async def test_an_app_serves_metrics_only_if_it_is_to() -> None:
    for metrics, status in ((True, 200), (False, 404)):
        app = FastAPI()
        add_health(app, {}, metrics=metrics)
        assert (await http(app).get("/metrics")).status_code == status
    assert (await http(metrics_app()).get("/docs")).status_code == 404
