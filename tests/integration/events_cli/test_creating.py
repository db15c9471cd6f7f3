"""The stream is created with the operator's user, by the command and by the module for containers."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from adrelay.runtime.nats import EmbeddedNats
from libs.chassis.broker import connect_nats, event_stream
from tests.integration.events_cli.program import ran
from tests.support.process import started


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="server")
async def _server(servers_folder: Path) -> AsyncIterator[EmbeddedNats]:
    server = EmbeddedNats(servers_folder / "creating", durable=False, services=["billing"])
    await server.start()
    yield server
    await server.stop()


async def without_stream(server: EmbeddedNats) -> None:
    client = await connect_nats(server.url, "adrelay")
    await client.jetstream().delete_stream("EVENTS")
    await client.close()


async def there(server: EmbeddedNats) -> bool:
    """Return whether a service finds the stream; it may not create one."""
    client = await connect_nats(server.url_of("billing"), "billing")
    await event_stream(client).ensure()
    await client.close()
    return True


async def test_the_command_creates_the_stream_and_can_be_repeated(server: EmbeddedNats) -> None:
    await without_stream(server)
    settings = {
        "ADRELAY_NATS_URL": server.url_of("billing"),
        "ADRELAY_EVENTS_NATS_URL": server.url,  # goes before the other
    }
    for _ in range(2):
        created = await ran(settings, "create-stream")
        assert (created.code, created.out) == (0, "✓ the broker holds the stream EVENTS\n"), created.err
    assert await there(server)


async def test_a_user_of_a_service_may_not_create_it(server: EmbeddedNats) -> None:
    await without_stream(server)
    refused = await ran({"ADRELAY_NATS_URL": server.url_of("billing")}, "create-stream")
    assert refused.code == 2
    assert "forbids its user what tools need: ADRELAY_EVENTS_NATS_URL takes the operator's" in refused.err
    assert server.url_of("billing").split("@")[0].rpartition(":")[2] not in refused.err


async def test_the_module_creates_it(server: EmbeddedNats, tmp_path: Path) -> None:
    process = await started(
        "libs.chassis.create_stream", {"ADRELAY_EVENTS_NATS_URL": server.url}, tmp_path / "log"
    )
    assert await process.ended() == 0, process.output()
    assert await there(server)
    lacking = await started("libs.chassis.create_stream", {}, tmp_path / "lacking")
    assert await lacking.ended() == 2
    assert "create_stream: ADRELAY_NATS_URL is missing" in lacking.output()
