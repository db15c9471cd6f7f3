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
from libs.eventsourcing.stream import subscription
from libs.eventsourcing.stream.subscription import Arrival, Consumer, ConsumerLost
from tests.deadlines import DEADLINE_SECONDS
from tests.support.suspending import suspend
from tests.support.waiting import until

NONE_MISSED = 100_000.0
"""So many heartbeats are waited for where none may be missed, however late they come."""


@pytest.fixture
def none_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscription, "_MISSED_HEARTBEATS", NONE_MISSED)


async def quiet(consumer: Consumer, stream: EventStream) -> "asyncio.Task[list[Arrival]]":
    """Return a task that waits for events, and has heard from the server several times meanwhile."""
    waiting, before = asyncio.create_task(consumer.batch(1)), stream.nats.stats["in_msgs"]

    async def heard() -> bool:
        return stream.nats.stats["in_msgs"] > before + 3

    await until(heard)
    assert not waiting.done(), waiting.exception()
    return waiting


async def broken(waiting: Coroutine[None, None, list[Arrival]] | asyncio.Task[list[Arrival]]) -> str:
    """Return the error of a consumer that is lost."""
    with pytest.raises(ConsumerLost) as raised:
        await asyncio.wait_for(waiting, DEADLINE_SECONDS)
    return str(raised.value)


@pytest.mark.usefixtures("none_missed")
async def test_a_pull_that_expires_is_followed_by_the_next_at_once(stream: EventStream) -> None:
    await stream.ensure()
    everything = [f"{stream.root}.>"]
    async with Consumer(stream, everything, 0, heartbeat_seconds=0.1, expires_seconds=0.25) as consumer:
        before = stream.nats.stats["out_msgs"]
        waiting = await quiet(consumer, stream)

        async def pulled() -> bool:
            return stream.nats.stats["out_msgs"] > before + 3

        await until(pulled)
        assert not waiting.done(), waiting.exception()
        waiting.cancel()


async def test_a_server_that_falls_silent_is_noticed(
    own_nats: EmbeddedNats, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await nats.connect(own_nats.url, ping_interval=600)
    stream = EventStream(client)
    await stream.ensure()
    async with Consumer(stream, stream.subjects(None), 0, heartbeat_seconds=0.3) as consumer:
        with monkeypatch.context() as patient:
            patient.setattr(subscription, "_MISSED_HEARTBEATS", NONE_MISSED)
            waiting = await quiet(consumer, stream)
            assert own_nats.pid is not None
            await suspend(own_nats.pid)
            waiting.cancel()
            await asyncio.wait({waiting})
        try:
            assert await broken(consumer.batch(1)) == "no heartbeat from the server"
            assert client.is_connected, "nothing else has told"
        finally:
            os.kill(own_nats.pid, signal.SIGCONT)
    await client.close()


@pytest.mark.usefixtures("none_missed")
async def test_a_consumer_that_is_gone_is_noticed(stream: EventStream) -> None:
    async with Consumer(stream, stream.subjects(None), 0, heartbeat_seconds=0.3) as consumer:
        waiting = await quiet(consumer, stream)
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


@pytest.mark.usefixtures("none_missed")
async def test_a_reconnection_is_noticed_before_the_missing_heartbeats(own_nats: EmbeddedNats) -> None:
    client = await nats.connect(own_nats.url, max_reconnect_attempts=-1, reconnect_time_wait=0)
    stream = EventStream(client)
    await stream.ensure()
    async with Consumer(stream, stream.subjects(None), 0, heartbeat_seconds=0.3) as consumer:
        waiting = await quiet(consumer, stream)
        assert own_nats.pid is not None
        os.kill(own_nats.pid, signal.SIGKILL)
        await own_nats.wait()
        await own_nats.start()

        async def reconnected() -> bool:
            return client.is_connected

        await until(reconnected)
        assert await broken(waiting) == "the connection was lost meanwhile"
    await client.close()
