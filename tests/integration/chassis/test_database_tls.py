"""PostgreSQL over TLS, with certificates of this test's own authority.

The embedded server is built without TLS, so that this test's own end of TLS stands before it.
"""

import asyncio
import ssl
import struct
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlencode

import asyncpg
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from adrelay.servers.stores import connected
from adrelay.terminal.outcome import Unusable
from libs.chassis.check_databases import role_facts
from libs.chassis.service import Chassis
from tests.integration.chassis.shop import retired_table, shop_settings
from tests.support.certificates import Authority

TLS_REQUEST = struct.pack("!ii", 8, 80877103)
"""How a client of PostgreSQL asks for TLS; the answer is S or N."""


@dataclass
class Front:
    """An end of TLS before a PostgreSQL server, or an eavesdropper that offers none."""

    url: str
    """The URL of the server behind it."""
    tls: ssl.SSLContext | None
    port: int = 0
    encrypted: int = 0
    """How many connections came with TLS."""
    plain: list[bytes] = field(default_factory=list[bytes])
    """What came without it."""

    @property
    def address(self) -> tuple[str, int]:
        """Where the server behind it listens."""
        host, _, port = self.url.split("@")[1].split("/")[0].partition(":")
        return host, int(port)

    def url_with(self, **options: object) -> str:
        """Return the URL of this end."""
        login, database = self.url.split("@")[0], self.url.rpartition("/")[2]
        return f"{login}@127.0.0.1:{self.port}/{database}?{urlencode(options)}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection."""
        first = await reader.read(len(TLS_REQUEST))
        if first == TLS_REQUEST and self.tls is None:
            writer.write(b"N")
            first = await reader.read(1000)
        if first != TLS_REQUEST:
            self.plain.append(first)
            writer.close()
            return
        assert self.tls is not None
        writer.write(b"S")
        try:
            await writer.start_tls(self.tls)
        except OSError:  # the client does not trust the certificate
            return
        self.encrypted += 1
        behind, to_behind = await asyncio.open_connection(*self.address)
        await asyncio.gather(_pass_on(reader, to_behind), _pass_on(behind, writer))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while content := await reader.read(65536):
            writer.write(content)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


@asynccontextmanager
async def fronting(url: str, tls: ssl.SSLContext | None) -> AsyncGenerator[Front]:
    """Yield an end of TLS before the server of a URL."""
    front = Front(url, tls)
    async with await asyncio.start_server(front.serve, "127.0.0.1") as server:
        front.port = server.sockets[0].getsockname()[1]
        yield front


@pytest.fixture(scope="module", name="authority")
def _authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("database-tls"), "authority")


@pytest_asyncio.fixture(loop_scope="session", name="secured")
async def _secured(authority: Authority, database: str) -> AsyncIterator[Front]:
    """Yield an end of TLS that asks clients for a certificate too."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.file)
    context.load_cert_chain(*authority.issue("server"))
    context.verify_mode = ssl.CERT_REQUIRED
    async with fronting(database, context) as front:
        yield front


def of_client(authority: Authority) -> dict[str, object]:
    """Return the options of a URL with the files of a client."""
    certificate, key = authority.issue("client")
    return {"sslmode": "verify-full", "sslrootcert": authority.file, "sslcert": certificate, "sslkey": key}


def shop(url: str, nats_url: str, prefix: str) -> Chassis:
    settings = shop_settings(url, nats_url, prefix)
    return Chassis(settings, state_tables=[retired_table()])


async def test_a_service_and_tools_work_over_tls(
    secured: Front, authority: Authority, nats_url: str, stream_prefix: str
) -> None:
    url = secured.url_with(**of_client(authority))
    async with shop(url, nats_url, stream_prefix) as chassis:
        assert await chassis.engine.query(lambda sql: sql.fetchval("select 1")) == 1
    async with connected("shop", url):
        pass
    assert (await role_facts(url)).role == "adrelay"
    assert secured.encrypted > 3
    assert not secured.plain


@pytest.fixture(name="hasty")
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up a connection at the second attempt, whenever that is."""
    looks = count(0.0, 0.3)  # when waiting begins, and at each attempt's end
    monkeypatch.setattr("libs.chassis.database.START_SECONDS", 0.5)
    monkeypatch.setattr("libs.chassis.database.time", SimpleNamespace(monotonic=looks.__next__))


@pytest.mark.usefixtures("hasty")
async def test_a_server_of_another_authority_is_not_trusted(
    secured: Front, authority: Authority, tmp_path: Path, nats_url: str
) -> None:
    stranger = Authority(tmp_path, "stranger")
    url = secured.url_with(**of_client(authority) | {"sslrootcert": stranger.file})
    with capture_logs() as logs, pytest.raises(ssl.SSLCertVerificationError):
        async with shop(url, nats_url, ""):
            pass
    assert "SSLCertVerificationError" in str(logs)
    with pytest.raises(Unusable, match="no encrypted connection can be agreed on with it"):
        async with connected("shop", url):
            pass


@pytest.mark.usefixtures("hasty")
async def test_a_client_without_a_certificate_is_not_let_in(
    secured: Front, authority: Authority, nats_url: str
) -> None:
    url = secured.url_with(sslmode="verify-full", sslrootcert=authority.file)
    with capture_logs(), pytest.raises((OSError, asyncpg.PostgresConnectionError)):
        async with shop(url, nats_url, ""):
            pass


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
async def test_nothing_is_sent_to_a_server_without_tls(
    authority: Authority, database: str, nats_url: str, mode: str
) -> None:
    async with fronting(database, None) as eavesdropper:
        url = eavesdropper.url_with(sslmode=mode, sslrootcert=authority.file)
        with capture_logs(), pytest.raises(ConnectionError):
            async with shop(url, nats_url, ""):
                pass
        with pytest.raises(Unusable):
            async with connected("shop", url):
                pass
        assert set(eavesdropper.plain) == {b""}
