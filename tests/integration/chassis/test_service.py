"""A service on the chassis, inside the test's process."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from nats.aio.client import Client
from pydantic import SecretStr

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.ports import free_port
from adrelay.runtime.postgres import EmbeddedPostgres
from libs.chassis.command_client import CommandClient
from libs.chassis.service import Chassis
from libs.events.health import QUESTION, ServiceHealth
from libs.eventsourcing import Causes, EventStream
from libs.eventsourcing.stream.publishing import Published, PublishFailed
from libs.eventsourcing.values import Envelope
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.chassis.shop import PRODUCT, Retire, ShopSettings, Wait, handlers, retired_table
from tests.support.signing import SIGNER
from tests.support.waiting import until

ME = Causes.first("test")


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the relay flush for as long as it takes."""
    monkeypatch.setattr("libs.chassis.service.FLUSH_SECONDS", DEADLINE_SECONDS)


@pytest.fixture
def own_nats_port() -> int:
    return free_port()


@pytest_asyncio.fixture(loop_scope="session")
async def own_nats(own_nats_port: int) -> AsyncIterator[EmbeddedNats]:
    """A NATS server that was not started, and may be killed."""
    folder = Path(tempfile.mkdtemp(prefix="adrelay-chassis-"))
    server = EmbeddedNats(folder / "nats", own_nats_port, password=False)
    yield server
    await server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def settings(database: str, nats_url: str, stream_prefix: str) -> ShopSettings:
    return ShopSettings(
        postgres_url=SecretStr(database),
        nats_url=SecretStr(nats_url),
        nats_prefix=stream_prefix,
        command_public_key=SIGNER.public_key,
        http_host="127.0.0.1",
        http_port=free_port(),
        till_secret=SecretStr("0123456789abcdefghijklmnopqrstuvwxyz"),
    )


async def health(settings: ShopSettings) -> tuple[int, dict[str, Any]]:
    async with httpx.AsyncClient(timeout=DEADLINE_SECONDS) as http:
        try:
            answer = await http.get(f"http://127.0.0.1:{settings.http_port}/health/ready")
        except httpx.TransportError:
            return 0, {}
        return answer.status_code, answer.json()


async def ready(settings: ShopSettings) -> bool:
    return (await health(settings))[0] == 200


async def test_stopping_brings_everything_to_the_stream_first(settings: ShopSettings, client: Client) -> None:
    async with Chassis(settings, state_tables=[retired_table()]) as chassis:
        ran = asyncio.create_task(chassis.run())
        await until(lambda: ready(settings))
        await chassis.engine.run(
            lambda unit: unit.execute(PRODUCT, "tea", Retire(code="tea", times=2500)), ME
        )
        assert chassis.relay.behind
        chassis.stop()
        await ran
    assert await EventStream(client, prefix=settings.nats_prefix).count() == 2500
    assert not await ready(settings)


async def test_a_service_whose_relay_does_not_get_through_is_not_ready_until_it_does(
    settings: ShopSettings, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.chassis.store_metrics.STALL_SECONDS", 0.5)
    monkeypatch.setattr("libs.chassis.store_metrics.LOOK_SECONDS", 0.1)

    async def refuse(service: str, events: Sequence[Envelope], token: int) -> Published:
        message = f"no space left for {len(events)} events of {service} under {token}"
        raise PublishFailed(message)

    async def told() -> bool:
        _, answer = await health(settings)
        problem = str(answer.get("problems", {}).get("relay", ""))
        return problem.startswith("2 events wait to be published") and "no space left" in problem

    async def asked() -> ServiceHealth:
        subject = f"{settings.nats_prefix}{QUESTION}"
        signed = SIGNER.sign(subject, b"")
        answer = await client.request(subject, b"", timeout=DEADLINE_SECONDS, headers=signed)
        return ServiceHealth.model_validate_json(answer.data)

    async with Chassis(settings, state_tables=[retired_table()]) as chassis:
        ran = asyncio.create_task(chassis.run())
        await until(lambda: ready(settings))
        assert ((await asked()).service, (await asked()).relay_seconds) == (settings.service, 0.0)
        with monkeypatch.context() as broken:
            broken.setattr(chassis.stream, "publish", refuse)
            await chassis.engine.run(
                lambda unit: unit.execute(PRODUCT, "tea", Retire(code="tea", times=2)), ME
            )
            await until(told)
            stalled = await until(asked, lambda found: found.relay_seconds > 0)
            assert "no space left" in stalled.relay_error
        await until(lambda: ready(settings))
        await until(asked, lambda found: found.relay_seconds == 0)
        chassis.stop()
        await ran


async def test_a_command_under_way_is_answered_before_the_service_stops(
    settings: ShopSettings, client: Client
) -> None:
    under_way = asyncio.Event()
    async with Chassis(settings, state_tables=[retired_table()]) as chassis:
        chassis.serve(handlers(under_way))
        ran = asyncio.create_task(chassis.run())
        await until(lambda: ready(settings))
        commands = CommandClient(
            client, SIGNER, prefix=settings.nats_prefix, timeout_seconds=DEADLINE_SECONDS
        )
        answer = asyncio.create_task(commands.send(Wait(seconds=0.5), ME))
        await under_way.wait()
        chassis.stop()
        await ran
        assert (await answer).written
    assert await EventStream(client, prefix=settings.nats_prefix).count() == 1


async def test_a_request_under_way_is_answered_before_the_service_stops(settings: ShopSettings) -> None:
    app, began = FastAPI(), asyncio.Event()

    @app.get("/slow")
    async def slow() -> str:
        began.set()
        await asyncio.sleep(0.4)
        return "done"

    del slow
    async with Chassis(settings, app=app) as chassis, httpx.AsyncClient(timeout=DEADLINE_SECONDS) as http:
        ran = asyncio.create_task(chassis.run())
        await until(lambda: ready(settings))
        answer = asyncio.create_task(http.get(f"http://127.0.0.1:{settings.http_port}/slow"))
        await began.wait()
        chassis.stop()
        await ran
        assert (await answer).json() == "done"


async def test_health_says_so_when_the_broker_is_away_and_when_it_is_back(
    settings: ShopSettings, own_nats: EmbeddedNats, own_nats_port: int
) -> None:
    url = f"nats://127.0.0.1:{own_nats_port}"
    settings = settings.model_copy(update={"nats_url": SecretStr(url)})
    chassis = Chassis(settings, state_tables=[retired_table()])
    entering = asyncio.create_task(chassis.__aenter__())
    await asyncio.sleep(0.4)
    assert not entering.done(), "it waits for a broker that is not up yet"
    await own_nats.start()
    await entering
    chassis.serve(handlers())
    ran = asyncio.create_task(chassis.run())
    await until(lambda: ready(settings))

    assert own_nats.pid is not None
    os.kill(own_nats.pid, signal.SIGKILL)
    await own_nats.wait()

    async def degraded() -> bool:
        status, body = await health(settings)
        return status == 503 and body == {
            "status": "degraded",
            "problems": {"broker": "is not connected"},
            "pid": os.getpid(),
        }

    await until(degraded)
    done = await chassis.engine.run(lambda unit: unit.execute(PRODUCT, "tea", Retire(code="tea")), ME)
    assert done.written is not None, "what can be done without the broker is done"
    await own_nats.start()
    await until(lambda: ready(settings))
    commands = CommandClient(chassis.nats, SIGNER, prefix=settings.nats_prefix)
    answer = await commands.send(Retire(code="cup"), ME)
    assert answer.written, "commands are heard again"

    async def flushed() -> bool:
        return not chassis.relay.behind

    await until(flushed)
    chassis.stop()
    await ran
    await chassis.__aexit__(None, None, None)


async def test_metrics_and_liveness_are_served(settings: ShopSettings) -> None:
    async with (
        Chassis(settings, state_tables=[retired_table()]) as chassis,
        httpx.AsyncClient(timeout=DEADLINE_SECONDS) as http,
    ):
        ran = asyncio.create_task(chassis.run())
        await until(lambda: ready(settings))
        root = f"http://127.0.0.1:{settings.http_port}"
        assert (await http.get(f"{root}/health/live")).json() == {"status": "ok", "pid": os.getpid()}
        assert "adrelay_reader_lag_events" in (await http.get(f"{root}/metrics")).text
        chassis.stop()
        await ran


async def test_metrics_may_have_a_port_of_their_own(settings: ShopSettings) -> None:
    settings = settings.model_copy(update={"metrics_port": free_port()})
    async with (
        Chassis(settings, state_tables=[retired_table()]) as chassis,
        httpx.AsyncClient(timeout=DEADLINE_SECONDS) as http,
    ):
        ran = asyncio.create_task(chassis.run())
        await until(lambda: ready(settings))
        own, public = (f"http://127.0.0.1:{port}" for port in (settings.metrics_port, settings.http_port))
        assert "adrelay_reader_lag_events" in (await http.get(f"{own}/metrics")).text
        assert (await http.get(f"{own}/health/live")).status_code == 404
        assert (await http.get(f"{public}/metrics")).status_code == 404
        chassis.stop()
        await ran


async def test_a_database_that_is_missing_is_made(
    settings: ShopSettings, postgres_server: EmbeddedPostgres, stream_prefix: str
) -> None:
    name = f"made_{stream_prefix}"
    settings = settings.model_copy(update={"postgres_url": SecretStr(postgres_server.url(name))})
    try:
        async with Chassis(settings, state_tables=[retired_table()]) as chassis:
            assert await chassis.engine.query(lambda sql: sql.fetchval("select current_database()")) == name
    finally:
        await postgres_server.drop_database(name)


async def test_a_database_that_goes_away_is_a_problem_that_is_named(
    settings: ShopSettings, database: str, postgres_server: EmbeddedPostgres
) -> None:
    async with Chassis(settings, state_tables=[retired_table()]) as chassis:
        ran = asyncio.create_task(chassis.run())
        await until(lambda: ready(settings))
        await postgres_server.drop_database(database.rpartition("/")[2])

        async def named() -> bool:
            status, body = await health(settings)
            return status == 503 and "does not answer" in body["problems"]["database"]

        await until(named)
        chassis.stop()
        await ran


async def test_a_loop_that_does_not_hear_the_first_time_is_told_again(settings: ShopSettings) -> None:
    deaf = 1

    async def loop() -> None:
        nonlocal deaf
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                deaf -= 1
                if deaf < 0:
                    raise

    async with Chassis(settings) as chassis:
        chassis.task("deaf", loop)
        ran = asyncio.create_task(chassis.run())
        await until(lambda: ready(settings))
        chassis.stop()
        await asyncio.wait_for(ran, DEADLINE_SECONDS)
    assert deaf == -1


async def test_two_loops_have_two_names(settings: ShopSettings) -> None:
    async with Chassis(settings) as chassis:
        with pytest.raises(ValueError, match="already a loop called relay"):
            chassis.task("relay", chassis.relay.run)
