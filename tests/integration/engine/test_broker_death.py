"""The broker is killed in the middle of load and comes back."""

# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
import os
import signal

import pytest
from nats.aio.client import Client

from adrelay.runtime.nats import EmbeddedNats
from libs.chassis.broker import ConnectionLost, connect_nats
from libs.eventsourcing import Causes, Engine, EventStream, Reader, Relay
from tests.integration.engine.broker import stream_matches_store
from tests.integration.engine.meters import echoing, turn
from tests.integration.engine.waiting import running
from tests.support.suspending import suspend
from tests.support.waiting import until


async def test_nothing_is_lost_or_repeated_when_the_broker_is_killed(
    engine: Engine, own_nats: EmbeddedNats
) -> None:
    client = await connect_nats(own_nats.url, "test")
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

            await until(some_more)
            assert own_nats.pid is not None
            os.kill(own_nats.pid, signal.SIGKILL)
            await own_nats.wait()
            await asyncio.sleep(0.3)  # an outage has a length
            await own_nats.start()
        writing = False
        await writer
        await until(all_echoed, seconds=60)
        await until(lambda: stream_matches_store(engine, stream))
    rows = await engine.query(
        lambda sql: sql.fetch(
            "select meter, array_agg(number order by place) as heard from echoes group by meter"
        )
    )
    for row in rows:
        assert row["heard"] == list(range(1, len(row["heard"]) + 1))
    assert sum(len(row["heard"]) for row in rows) == written
    await client.close()


TIMEOUT_SECONDS = 120.0
"""How long requests wait for an answer here: nothing below may take nearly as long."""


async def fall_silent(server: EmbeddedNats) -> None:
    """Cut the server off, so that no request gets an answer."""
    assert server.pid is not None
    await suspend(server.pid)


async def die(server: EmbeddedNats) -> None:
    """Kill the server, stopped or not."""
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    await server.wait()


async def has_asked(client: Client, before: int) -> None:
    """Wait until something was sent to the server."""

    async def sent() -> bool:
        return client.stats["out_msgs"] > before

    await until(sent)


async def test_a_request_ends_with_its_connection_and_the_next_one_is_answered(
    own_nats: EmbeddedNats,
) -> None:
    client = await connect_nats(own_nats.url, "test")
    jetstream = client.jetstream(timeout=TIMEOUT_SECONDS)
    await EventStream(client).ensure()
    await fall_silent(own_nats)
    before = client.stats["out_msgs"]
    asking = asyncio.create_task(jetstream.stream_info("EVENTS"))
    await has_asked(client, before)
    await die(own_nats)
    with pytest.raises(ConnectionLost):
        await asyncio.wait_for(asking, TIMEOUT_SECONDS / 4)
    meanwhile = asyncio.create_task(jetstream.stream_info("EVENTS"))  # is sent when there is a connection
    await own_nats.start()
    assert (await asyncio.wait_for(meanwhile, TIMEOUT_SECONDS / 4)).config.name == "EVENTS"
    await client.close()


async def test_a_relay_whose_broker_died_goes_on_as_soon_as_it_is_back(
    engine: Engine, own_nats: EmbeddedNats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.eventsourcing.stream.event_stream._TIMEOUT_SECONDS", TIMEOUT_SECONDS)
    client = await connect_nats(own_nats.url, "test")
    stream = EventStream(client)
    await stream.ensure()
    async with running(Relay(engine, stream).run):
        for count in (1, 40):  # one by one, and a batch
            await engine.run(turn("a"), Causes.first("test"))
            await until(lambda: stream_matches_store(engine, stream))
            await fall_silent(own_nats)
            before = client.stats["out_msgs"]
            await engine.run(turn("a", count), Causes.first("test"))
            await has_asked(client, before)
            await die(own_nats)
            await own_nats.start()
            await until(lambda: stream_matches_store(engine, stream), seconds=TIMEOUT_SECONDS / 4)
    await client.close()
