"""Real servers for the tests: one PostgreSQL and one NATS a run; a fresh database and names for each test."""

import os
from collections.abc import AsyncIterator, Iterator
from functools import cache
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.workermanage import WorkerController

from adrelay.demo.system import LocalSystem
from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from tests.support.databases import fresh_database
from tests.support.folder import temporary_folder
from tests.support.forked import begin_fork_server, use_fork_server
from tests.watchdog import Watchdog
from tests.workers import OneSystemAtATime, longest_first

FORK_SERVER = "fork_server"
"""What a worker is told the socket under."""

settings.register_profile("suite", suppress_health_check=[HealthCheck.too_slow], deadline=None)
settings.load_profile("suite")  # how long an example takes says how busy the machine is


def pytest_configure(config: pytest.Config) -> None:
    """Let no hang last for ever, no client read more certificates than one or ask a database for TLS."""
    os.environ["SSL_CERT_FILE"] = str(Path(__file__).parent / "support" / "nobody.pem")
    os.environ["PGSSLMODE"] = "disable"  # else each connection is made twice: our servers have no TLS
    config.pluginmanager.register(Watchdog(), "watchdog")
    told: dict[str, str] | None = getattr(config, "workerinput", None)  # what a worker is told by xdist
    if told is not None:
        use_fork_server(told[FORK_SERVER])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: WorkerController) -> None:
    """Tell a worker of the fork server that all share."""
    node.workerinput[FORK_SERVER] = _fork_server()  # pyright: ignore[reportUnknownMemberType]  # xdist's own


@cache
def _fork_server() -> str:
    return begin_fork_server()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneSystemAtATime | None:
    """With `--dist loadfile`, hand out files with an eye on what they start and how long they take."""
    if config.getoption("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False  # by the number of tests: the longest files have the fewest
    return OneSystemAtATime(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several workers share the tests, begin with the longest files."""
    if hasattr(config, "workerinput"):
        longest_first(items)


@pytest.fixture(scope="session")
def servers_folder() -> Iterator[Path]:
    """A folder outside pytest's own, which it closes to other accounts whenever a run begins."""
    with temporary_folder() as folder:
        yield folder


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres_server(servers_folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    """One PostgreSQL server for the whole run; it outlives no power failure, so nothing is synced."""
    server = EmbeddedPostgres(servers_folder / "postgres", durable=False)
    await server.start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def nats_server(servers_folder: Path) -> AsyncIterator[EmbeddedNats]:
    """One NATS server with JetStream for the whole run; nothing is synced here either."""
    server = EmbeddedNats(servers_folder / "nats", durable=False)
    await server.start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def database(postgres_server: EmbeddedPostgres) -> AsyncIterator[str]:
    """The URL of a fresh database with the engine's tables; dropped afterwards, whoever is connected."""
    async with fresh_database(postgres_server) as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def empty_database(postgres_server: EmbeddedPostgres) -> AsyncIterator[str]:
    """The URL of a database in which nothing stands."""
    name = f"test_{uuid4().hex[:12]}"
    yield await postgres_server.ensure_database(name)
    await postgres_server.drop_database(name)


@pytest.fixture
def nats_url(nats_server: EmbeddedNats) -> str:
    """Where the run's NATS server listens. Streams and subjects are shared: use `stream_prefix`."""
    return nats_server.url


@pytest.fixture
def stream_prefix() -> str:
    """A short name of its own for each test, to begin stream names and subjects with."""
    return f"t{uuid4().hex[:8]}"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def local_system(servers_folder: Path) -> AsyncIterator[LocalSystem]:
    """All of Adrelay with both sandboxes as real processes, for the whole path.

    Shared by the tests of `e2e` and `chaos`: each brings a stage and clients of its own, and leaves no fault
    behind. The pace is slow enough to meet a cycle in its middle.
    """
    settings = {
        "ADRELAY_SCHEDULER_DELAY_SECONDS": "0.5",
        "ADRELAY_SCHEDULER_JITTER_SECONDS": "0.1",
        "ADRELAY_GATEWAY_CHECKOUTS_PER_MINUTE": "1000",
        "ADRELAY_GATEWAY_CHECKOUTS_PER_HOUR": "1000",
        "ADRELAY_GATEWAY_WRITES_PER_MINUTE": "1000",
        "ADRELAY_GATEWAY_WRITES_PER_DAY": "100000",
        "ADRELAY_GATEWAY_SIGN_INS_PER_MINUTE": "1000",
    }
    async with LocalSystem(servers_folder / "system", settings=settings) as system:
        yield system
