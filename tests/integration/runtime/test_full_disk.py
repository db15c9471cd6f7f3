"""An embedded server whose disk was full takes up its work again, without a hand, when there is room."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import nats
import pytest
from nats.errors import Error as NatsError

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.states import Pace
from adrelay.runtime.supervisor import Supervisor
from tests.chaos.disk import CannotMount, SmallDisk
from tests.deadlines import DEADLINE_SECONDS

DISK_BYTES = 96 * 1024 * 1024


@pytest.fixture
def disk(folder: Path) -> Iterator[SmallDisk]:
    small = SmallDisk(folder / "nats", DISK_BYTES)
    try:
        small.mount()
    except CannotMount as reason:
        pytest.skip(str(reason))
    yield small
    small.unmount()


async def publish_until(url: str, *, stored: bool) -> None:
    """Publish until a message is stored, or until one is not."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        try:
            connection = await nats.connect(url, max_reconnect_attempts=1, connect_timeout=1)
            try:
                await connection.jetstream(timeout=1).publish("kept", b"x" * 4096)
            finally:
                await connection.close()
        except (NatsError, OSError, TimeoutError):
            done = not stored
        else:
            done = stored
        if done:
            return
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def test_nats_takes_messages_again_when_its_disk_has_room(disk: SmallDisk) -> None:
    server = EmbeddedNats(disk.folder)
    async with Supervisor(pace=Pace(check_seconds=0.2, longest_delay_seconds=0.5)) as supervisor:
        supervisor.supervise(server)
        await supervisor.until_ready()
        connection = await nats.connect(server.url)
        await connection.jetstream().add_stream(name="KEPT", subjects=["kept"])
        await connection.close()
        await publish_until(server.url, stored=True)
        disk.fill()
        await publish_until(server.url, stored=False)
        disk.free()
        await publish_until(server.url, stored=True)
