"""The broker is killed in the middle of load and comes back."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from adrelay.runtime.nats import EmbeddedNats
from libs.chassis.broker import connect_nats
from libs.eventsourcing.engine import Engine
from libs.eventsourcing.reader import Reader
from libs.eventsourcing.record import Causes
from libs.eventsourcing.relay import Relay
from libs.eventsourcing.stream import EventStream
from tests.integration.engine.broker import same
from tests.integration.engine.meters import echoing, turn
from tests.integration.engine.waiting import eventually, running


@pytest_asyncio.fixture(loop_scope="session")
async def mortal() -> AsyncIterator[EmbeddedNats]:
    """A NATS server that a test may kill."""
    folder = Path(tempfile.mkdtemp(prefix="adrelay-engine-"))
    server = EmbeddedNats(folder / "nats")
    await server.start()
    yield server
    await server.stop()
    shutil.rmtree(folder, ignore_errors=True)


async def test_nothing_is_lost_or_repeated_when_the_broker_is_killed(
    engine: Engine, mortal: EmbeddedNats
) -> None:
    client = await connect_nats(mortal.url, "test")
    stream = EventStream(client)
    relay, reader = Relay(engine, stream), Reader("echo", engine, stream, reactions=echoing(), batch=20)
    written, writing = 0, True

    async def write() -> None:
        nonlocal written
        while writing:
            await engine.run(turn(f"m{written % 7}", 3), Causes.first("test"))
            written += 3
            await asyncio.sleep(0.03)

    async def echoes() -> int:
        return int(await engine.query(lambda sql: sql.fetchval("select count(*) from echoes")))

    async def all_echoed() -> bool:
        return await echoes() == written

    async with running(relay.run, reader.run):
        writer = asyncio.create_task(write())
        for _ in range(2):
            before = await echoes()

            async def some_more(before: int = before) -> bool:
                return await echoes() > before + 20

            await eventually(some_more)
            assert mortal.pid is not None
            os.kill(mortal.pid, signal.SIGKILL)
            await mortal.wait()
            await asyncio.sleep(0.3)  # an outage has a length
            await mortal.start()
        writing = False
        await writer
        await eventually(all_echoed, 60)
        await eventually(lambda: same(engine, stream))
    rows = await engine.query(
        lambda sql: sql.fetch(
            "select meter, array_agg(number order by place) as heard from echoes group by meter"
        )
    )
    for row in rows:
        assert row["heard"] == list(range(1, len(row["heard"]) + 1))
    assert sum(len(row["heard"]) for row in rows) == written
    await client.close()
