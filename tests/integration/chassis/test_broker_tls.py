"""The broker over TLS, with certificates of this test's own authority."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import SecretStr
from structlog.testing import capture_logs

from adrelay.runtime.nats import EmbeddedNats, nats_binary
from adrelay.runtime.ports import free_port
from adrelay.runtime.service import Service
from adrelay.servers.broker import streaming
from adrelay.servers.options import Broker
from adrelay.terminal.outcome import Unusable
from libs.chassis.broker import connect_nats
from libs.chassis.broker_permissions import server_users
from libs.chassis.broker_tls import BrokerTls
from libs.chassis.command_client import CommandClient
from libs.chassis.create_stream import CreationFailed, create_stream
from libs.chassis.service import Chassis
from libs.eventsourcing import Causes
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.chassis.shop import Retire, ShopSettings, handlers, retired_table
from tests.support.certificates import Authority
from tests.support.signing import SIGNER
from tests.support.waiting import until

PASSWORD = "a-password-of-this-test"


@dataclass
class Secured:
    """A server with TLS, which asks clients for a certificate too."""

    port: int
    tls: BrokerTls
    """The files of a client that it lets in."""

    def url(self, user: str) -> str:
        return f"tls://{user}:{PASSWORD}@127.0.0.1:{self.port}"


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="secured")
async def _secured(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Secured]:
    folder, port = tmp_path_factory.mktemp("tls"), free_port()
    authority = Authority(folder, "authority")
    certificate, key = authority.issue("server")
    configuration = {
        "listen": f"127.0.0.1:{port}",
        "jetstream": {"store_dir": str(folder / "jetstream")},
        "authorization": {
            "users": server_users({"adrelay": PASSWORD, "shop": PASSWORD, "gateway": PASSWORD})
        },
        "tls": {
            "cert_file": str(certificate),
            "key_file": str(key),
            "ca_file": str(authority.file),
            "verify": True,
        },
    }
    file = folder / "nats.conf"
    file.write_text(json.dumps(configuration))
    server = Service("nats", [str(nats_binary()), "-c", str(file)], log=folder / "log")
    await server.start()
    secured = Secured(port, BrokerTls(authority.file, *authority.issue("client")))
    await create_stream(secured.url("adrelay"), tls=secured.tls)
    yield secured
    await server.stop(5.0)


async def test_a_service_works_over_tls(secured: Secured, database: str) -> None:
    settings = ShopSettings(
        postgres_url=SecretStr(database),
        nats_url=SecretStr(secured.url("shop")),
        nats_prefix="",
        http_host="127.0.0.1",
        command_public_key=SIGNER.public_key,
        nats_ca_file=secured.tls.ca,
        nats_certificate_file=secured.tls.certificate,
        nats_key_file=secured.tls.key,
        http_port=free_port(),
        till_secret=SecretStr("0123456789abcdefghijklmnopqrstuvwxyz"),
    )
    async with Chassis(settings, state_tables=[retired_table()]) as chassis:
        chassis.serve(handlers())
        ran = asyncio.create_task(chassis.run())
        gateway = await connect_nats(secured.url("gateway"), "gateway", secured.tls)
        commands = CommandClient(gateway, SIGNER, timeout_seconds=DEADLINE_SECONDS)
        assert (await commands.send(Retire(code="tea"), Causes.first("test"))).written
        await gateway.close()
        chassis.stop()
        await ran
    async with streaming(Broker(secured.url("adrelay"), "", secured.tls)) as stream:
        assert await stream.count() == 1


@pytest.fixture(name="hasty")
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up a connection soon."""
    monkeypatch.setattr("libs.chassis.broker.START_SECONDS", 1.0)


@pytest.mark.usefixtures("hasty")
async def test_a_server_of_another_authority_is_not_trusted(secured: Secured, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "stranger")
    for tls in (BrokerTls(), BrokerTls(stranger.file, secured.tls.certificate, secured.tls.key)):
        with pytest.raises(CreationFailed, match="no NATS server let this service in"):
            await create_stream(secured.url("adrelay"), tls=tls)


@pytest.mark.usefixtures("hasty")
async def test_a_client_without_a_certificate_is_not_let_in(secured: Secured) -> None:
    with pytest.raises(CreationFailed):
        await create_stream(secured.url("adrelay"), tls=BrokerTls(secured.tls.ca))


@pytest.mark.parametrize("scheme", ["tls", "nats"])
async def test_a_password_is_not_sent_to_a_server_without_tls(scheme: str, secured: Secured) -> None:
    tls = BrokerTls() if scheme == "tls" else secured.tls  # files for TLS say that it is wanted
    received: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        info = {"server_id": "x", "version": "2.12.0", "max_payload": 1048576, "auth_required": True}
        writer.write(f"INFO {json.dumps(info)}\r\n".encode())
        received.append(await reader.read(1000))
        writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1") as eavesdropper:
        port = eavesdropper.sockets[0].getsockname()[1]
        url = f"{scheme}://adrelay:{PASSWORD}@127.0.0.1:{port}"
        with capture_logs() as logs:
            connecting = asyncio.create_task(connect_nats(url, "shop", tls))
            await until(lambda: asyncio.sleep(0, "NotEncrypted" in str(logs)))
            connecting.cancel()
            await asyncio.wait({connecting})
        with pytest.raises(Unusable, match="does not offer TLS"):
            async with streaming(Broker(url, "", tls)):
                pass
    assert set(received) == {b""}


async def test_a_plain_url_works_on_a_plain_server(nats_server: EmbeddedNats) -> None:
    client = await connect_nats(nats_server.url, "shop")
    await client.close()
