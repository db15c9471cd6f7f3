"""What a reader sees of the stream while nothing happens, and once nothing can happen any more."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
import os
import signal
from collections.abc import Coroutine

import nats
import pytest

from adrelay.runtime.nats import EmbeddedNats
from libs.eventsourcing import EventStream
from libs.eventsourcing.stream.subscription import Arrival, Consumer, ConsumerLost
from tests.deadlines import DEADLINE_SECONDS
from tests.support.suspending import suspend
from tests.support.waiting import until

"""Far more than any of this takes, and far less than the NATS client takes to miss a silent server."""


async def quiet(consumer: Consumer) -> "asyncio.Task[list[Arrival]]":
    """Return a task that waits for events, and has heard from the server meanwhile."""
    waiting = asyncio.create_task(consumer.batch(1))
    done, _ = await asyncio.wait({waiting}, timeout=1.5)
    assert not done, waiting.exception()
    return waiting


async def broken(waiting: Coroutine[None, None, list[Arrival]] | asyncio.Task[list[Arrival]]) -> str:
    """Return the error of a consumer that is lost."""
    with pytest.raises(ConsumerLost) as raised:
        await asyncio.wait_for(waiting, DEADLINE_SECONDS)
    return str(raised.value)


async def test_a_pull_that_expires_is_followed_by_the_next_at_once(stream: EventStream) -> None:
    await stream.ensure()
    everything = [f"{stream.root}.>"]
    async with Consumer(stream, everything, 0, heartbeat_seconds=0.1, expires_seconds=0.25) as consumer:
        waiting = await quiet(consumer)  # several pulls, and far beyond three heartbeats
        waiting.cancel()


async def test_a_server_that_falls_silent_is_noticed(own_nats: EmbeddedNats) -> None:
    client = await nats.connect(own_nats.url, ping_interval=600)
    stream = EventStream(client)
    await stream.ensure()
    async with Consumer(stream, stream.subjects(None), 0, heartbeat_seconds=0.3) as consumer:
        waiting = await quiet(consumer)
        assert own_nats.pid is not None
        await suspend(own_nats.pid)
        try:
            assert await broken(waiting) == "no heartbeat from the server"
            assert client.is_connected, "nothing else has told"
        finally:
            os.kill(own_nats.pid, signal.SIGCONT)
    await client.close()


async def test_a_consumer_that_is_gone_is_noticed(stream: EventStream) -> None:
    async with Consumer(stream, stream.subjects(None), 0, heartbeat_seconds=0.3) as consumer:
        waiting = await quiet(consumer)
        await delete_consumer(stream)
        assert "the server ended the consumer" in await broken(waiting)


async def test_a_consumer_that_went_before_it_was_asked_is_noticed(stream: EventStream) -> None:
    async with Consumer(stream, stream.subjects(None), 0, heartbeat_seconds=0.3) as consumer:
        await delete_consumer(stream)
        assert await broken(consumer.batch(1))


async def delete_consumer(stream: EventStream) -> None:
    """Delete the one consumer of a stream."""
    (consumer,) = await stream.nats.jetstream().consumers_info(stream.name)
    await stream.nats.jetstream().delete_consumer(stream.name, consumer.name)


async def test_a_reconnection_is_noticed_before_the_missing_heartbeats(own_nats: EmbeddedNats) -> None:
    client = await nats.connect(own_nats.url, max_reconnect_attempts=-1, reconnect_time_wait=0)
    stream = EventStream(client)
    await stream.ensure()
    async with Consumer(stream, stream.subjects(None), 0, heartbeat_seconds=3.0) as consumer:
        waiting = await quiet(consumer)
        assert own_nats.pid is not None
        os.kill(own_nats.pid, signal.SIGKILL)
        await own_nats.wait()
        await own_nats.start()

        async def reconnected() -> bool:
            return client.is_connected

        await until(reconnected)
        assert await broken(waiting) == "the connection was lost meanwhile"
    await client.close()
