"""Real servers for the tests: one PostgreSQL and one NATS per run, a new database per test."""

import gc
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

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from tests.support.databases import fresh_database, opened
from tests.support.folder import temporary_folder
from tests.support.forked import begin_fork_server, fork, use_fork_server
from tests.support.signing import KEYS
from tests.support.system import UNHURRIED, ForkedSystem
from tests.watchdog import Watchdog
from tests.workers import OneSystemAtATime, longest_first

FORK_SERVER = "fork_server"
"""The key of the fork server's socket in a worker's input."""

settings.register_profile("suite", suppress_health_check=[HealthCheck.too_slow], deadline=None)
settings.load_profile("suite")  # the duration of an example depends on the machine's load


def pytest_configure(config: pytest.Config) -> None:
    """Limit hangs, read one certificate only, connect to databases without TLS, sign as the gateway does."""
    os.environ["SSL_CERT_FILE"] = str(Path(__file__).parent / "support" / "nobody.pem")
    os.environ["PGSSLMODE"] = "disable"  # otherwise each connection is opened twice: our servers have no TLS
    os.environ |= KEYS  # settings that tests make take them from there
    config.pluginmanager.register(Watchdog(), "watchdog")
    received: dict[str, str] | None = getattr(config, "workerinput", None)  # set by xdist in a worker
    if received is not None:
        use_fork_server(received[FORK_SERVER])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: WorkerController) -> None:
    """Send a worker the socket of the common fork server."""
    node.workerinput[FORK_SERVER] = _fork_server()  # pyright: ignore[reportUnknownMemberType]  # xdist's own


@cache
def _fork_server() -> str:
    return begin_fork_server()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneSystemAtATime | None:
    """With `--dist loadfile`, distribute files by what they start and how long they take."""
    if config.getoption("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False  # not by the number of tests: the longest files have the fewest
    return OneSystemAtATime(config, log)


def pytest_collection() -> None:
    """Collect no garbage while modules are imported: there is none."""
    gc.disable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the longest files if there are several workers."""
    if hasattr(config, "workerinput"):
        longest_first(items)


def pytest_collection_finish() -> None:
    """Leave what was imported out of every later collection of garbage."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def servers_folder() -> Iterator[Path]:
    """Yield a folder outside pytest's own, which pytest restricts whenever a run begins."""
    with temporary_folder() as folder:
        yield folder


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres_server(servers_folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    """Yield the PostgreSQL server of the run; it does not sync, since no data must survive a crash."""
    server = EmbeddedPostgres(servers_folder / "postgres", durable=False)
    await server.start()
    async with opened(server.url("postgres")) as superuser:
        # its transactions would hold back all events, at times when a test has just stored some
        await superuser.execute("alter system set autovacuum = off")
        await superuser.execute("select pg_reload_conf()")
    yield server
    await server.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def nats_server(servers_folder: Path) -> AsyncIterator[EmbeddedNats]:
    """Yield the NATS server of the run, with JetStream and without synchronous writes."""
    server = EmbeddedNats(servers_folder / "nats", durable=False)
    await server.start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def database(postgres_server: EmbeddedPostgres) -> AsyncIterator[str]:
    """Yield the URL of a fresh database with the engine's tables; drop it with its connections."""
    async with fresh_database(postgres_server) as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def empty_database(postgres_server: EmbeddedPostgres) -> AsyncIterator[str]:
    """Yield the URL of a database without tables."""
    name = f"test_{uuid4().hex[:12]}"
    yield await postgres_server.ensure_database(name)
    await postgres_server.drop_database(name)


@pytest.fixture
def nats_url(nats_server: EmbeddedNats) -> str:
    """Return the URL of the run's NATS server. Streams and subjects are shared: use `stream_prefix`."""
    return nats_server.url


@pytest.fixture
def stream_prefix() -> str:
    """Return a unique short prefix for the test's stream names and subjects."""
    return f"t{uuid4().hex[:8]}"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def local_system(servers_folder: Path) -> AsyncIterator[ForkedSystem]:
    """Yield all of Adrelay with its sandboxes, as real processes, for the whole path.

    The tests of `e2e` and `chaos` share it: each creates its own clients and advertisements, and removes its
    faults.
    """
    python = await fork()
    async with ForkedSystem(servers_folder / "system", settings=UNHURRIED, python=python) as system:
        yield system
