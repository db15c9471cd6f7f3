"""`adrelay up` with nothing to do: its memory, its processor time, and what it asks of PostgreSQL."""

import asyncio
import os
import re
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from adrelay.configuration import fresh_secrets
from adrelay.runtime.folder import remembered_port
from adrelay.runtime.ports import LOOPBACK, free_port
from adrelay.runtime.postgres import EmbeddedPostgres
from adrelay.runtime.postgres_urls import PostgresUrls
from adrelay.runtime.service import Service
from bench.measure import Found, Line
from bench.shop import Buyer, children, cpu_seconds, write_earlier

MOST_BYTES, MOST_OF_A_CORE = 400 * 2**20, 0.04
"""The targets."""
SETTLED_SECONDS, SECONDS = 90.0, 60.0
"""How long the system is left alone before it is measured, and for how long it is."""
_START_SECONDS, _STOP_SECONDS, _KNOWN_SECONDS = 120.0, 60.0, 300.0
_LEFT_OUT = ("ADRELAY_", "PYTHONDONTWRITEBYTECODE")
"""A process that has to compile its modules takes more memory than one that finds them compiled."""
_UP = "Adrelay is up"
_POSTGRES, _OTHER = "PostgreSQL", "other"
_MODULE = re.compile(r"-m (services\.[a-z.]+|adrelay[a-z_.]*)")
_TRANSACTIONS = "select sum(xact_commit + xact_rollback)::bigint from pg_stat_database"
_DELIVERED = "select count(*) from orders.orders where adbot is not null"
_CONNECTIONS = "select count(*) from pg_stat_activity where backend_type = 'client backend'"


@dataclass(frozen=True)
class Stopped:
    """Adbots that were bought and never started, and further arguments of `adrelay up`."""

    adbots: int = 0
    arguments: Sequence[str] = ()


@dataclass(frozen=True)
class Usage:
    """What processes of one kind use: their proportional set sizes in bytes, and a share of one core."""

    kind: str
    processes: int
    proportional: int
    share: float

    @property
    def name(self) -> str:
        """The kind, with the number of its processes."""
        return self.kind if self.processes == 1 else f"{self.kind}, {self.processes} processes"

    def cells(self) -> list[str]:
        """Return the row of the table."""
        return [
            self.name,
            "-",
            "-",
            "-",
            "-",
            f"{self.proportional / 2**20:,.0f} MiB, {self.share:.2%}",
            "-",
            "-",
        ]


@dataclass(frozen=True)
class Total(Usage):
    """What all processes use, beside the targets."""

    def cells(self) -> list[str]:
        """Return the row of the table."""
        target = f"< {MOST_BYTES / 2**20:.0f} MiB, < {MOST_OF_A_CORE:.0%}"
        met = "yes" if self.proportional < MOST_BYTES and self.share < MOST_OF_A_CORE else "NO"
        what, _, _, _, _, found, _, _ = super().cells()
        return [what, "-", "-", target, met, found, "-", "-"]


async def resting(stopped: Stopped) -> list[Line]:
    """Measure a system that is started, has nothing to do, and is stopped; adbots are delivered before."""
    with tempfile.TemporaryDirectory(prefix="adrelay-bench-", ignore_cleanup_errors=True) as made:
        folder, settings = Path(made), _environment()
        if stopped.adbots:
            await _sell(folder, stopped.adbots)
            async with _up(folder, settings, stopped.arguments):
                await _shown(folder, stopped.adbots)
        begin = time.perf_counter()
        async with _up(folder, settings, stopped.arguments) as up:
            lines: list[Line] = [
                Found("from the command until it is up", f"{time.perf_counter() - begin:.1f} s")
            ]
            await asyncio.sleep(SETTLED_SECONDS)
            assert up.pid is not None
            lines += await _measured(folder, up.pid)
            begin = time.perf_counter()
            assert await up.stop(_STOP_SECONDS), "it was killed"
            lines.append(Found("from SIGTERM until it has ended", f"{time.perf_counter() - begin:.1f} s"))
        return lines


@asynccontextmanager
async def _up(folder: Path, settings: Mapping[str, str], arguments: Sequence[str]) -> AsyncGenerator[Service]:
    """Yield `adrelay up` once it is up."""
    command = [sys.executable, "-m", "adrelay", "up", "--folder", str(folder / "data")]
    command += ["--port", str(free_port()), *arguments]
    async with running(command, folder, settings) as up:
        yield up


@asynccontextmanager
async def running(
    command: Sequence[str], folder: Path, settings: Mapping[str, str]
) -> AsyncGenerator[Service]:
    """Yield a command once it has printed that it is up; all that it prints is read until it ends."""
    is_up = asyncio.Event()

    def look(line: str) -> None:
        if _UP in line:
            is_up.set()

    program = Service("up", command, env=settings, folder=folder, on_line=look)
    await program.start()
    try:
        first = [asyncio.create_task(is_up.wait()), asyncio.create_task(program.wait())]
        await asyncio.wait(first, timeout=_START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for one in first:
            one.cancel()
        assert is_up.is_set(), f"it is not up: {program.last_words()}"
        yield program
    finally:
        await program.stop(_STOP_SECONDS)


def _environment() -> dict[str, str]:
    """Return this environment with settings by which nothing beyond this machine is reached."""
    closed = free_port()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_LEFT_OUT)}
    return {
        **inherited,
        **fresh_secrets(),
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "ADRELAY_BILLING_API_KEY": "a-key-of-the-bench",
        "ADRELAY_BILLING_IPN_SECRET": "kV8-a-secret-of-the-bench-2468-0",
        "ADRELAY_BILLING_IPN_CALLBACK_URL": f"http://{LOOPBACK}:{closed}",
        "ADRELAY_BILLING_PROVIDER_URL": f"http://{LOOPBACK}:{closed}",
        "ADRELAY_FORWARDER_TELEGRAM_HOST": LOOPBACK,
        "ADRELAY_FORWARDER_TELEGRAM_PORT": str(closed),
    }


def _url(folder: Path, database: str) -> str:
    server = folder / "data" / "postgres"
    port = remembered_port(server / "port")
    assert port is not None, "the server has not started yet"
    return PostgresUrls(server, port).superuser(database)


async def _asked(folder: Path, database: str, *queries: str) -> list[int]:
    """Return numbers, on a connection of a moment."""
    connection = await asyncpg.connect(_url(folder, database))
    try:
        return [int(await connection.fetchval(query)) for query in queries]
    finally:
        await connection.close()


async def _sell(folder: Path, adbots: int) -> None:
    """Store orders of two days ago, each paid for an adbot that is not delivered yet."""
    postgres = EmbeddedPostgres(folder / "data" / "postgres")
    await postgres.start()
    try:
        await write_earlier(postgres, [Buyer(number) for number in range(adbots)], paid=True)
    finally:
        await postgres.stop()


async def _shown(folder: Path, adbots: int) -> None:
    """Wait until the gateway shows that all are delivered."""
    async with asyncio.timeout(_KNOWN_SECONDS):
        while await _asked(folder, "adrelay_gateway", _DELIVERED) != [adbots]:  # noqa: ASYNC110 - other processes change the table
            await asyncio.sleep(1)


async def _measured(folder: Path, pid: int) -> list[Line]:
    """Return what the processes use in a while in which nothing is asked of them."""
    transactions, connections = await _asked(folder, "postgres", _TRANSACTIONS, _CONNECTIONS)
    before, begin = _cpu(pid), time.perf_counter()
    await asyncio.sleep(SECONDS)
    seconds, after = time.perf_counter() - begin, _cpu(pid)
    resident = _proportional(pid)
    later, _ = await _asked(folder, "postgres", _TRANSACTIONS, _CONNECTIONS)
    used = [
        Usage(kind, len(sizes), sum(sizes), (after[kind] - before[kind]) / seconds)
        for kind, sizes in resident.items()
    ]
    total = Total(
        "all",
        sum(one.processes for one in used),
        sum(one.proportional for one in used),
        sum(one.share for one in used),
    )
    used.sort(key=lambda one: one.name)
    return [
        *used,
        total,
        Found("transactions of PostgreSQL", f"{(later - transactions) / seconds:.1f}/s"),
        Found("connections of PostgreSQL", f"{connections - 1}"),
    ]


def _tree(pid: int) -> list[int]:
    """Return a process and its descendants."""
    try:
        return [pid, *(one for child in children(pid) for one in _tree(child))]
    except FileNotFoundError:
        return []  # it has just ended


def _cpu(pid: int) -> Mapping[str, float]:
    """Return the CPU seconds so far of each kind of process, with those that have ended."""
    used: dict[str, float] = defaultdict(float)
    for one in _tree(pid):
        used[_kind(one)] += cpu_seconds(one)
    return used


def _proportional(pid: int) -> dict[str, list[int]]:
    """Return the bytes of each process of a kind; of memory that processes share, each has its part."""
    sizes: dict[str, list[int]] = defaultdict(list)
    for one in _tree(pid):
        try:
            rollup = Path(f"/proc/{one}/smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        pss = next(line for line in rollup.splitlines() if line.startswith("Pss:"))
        sizes[_kind(one)].append(1024 * int(pss.split()[1]))
    return sizes


def _kind(pid: int) -> str:
    """Return what a process is: a module, PostgreSQL with its children, or NATS."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return _OTHER
    if "postgres" in command.split("/data/")[0]:
        return _POSTGRES
    if "nats-server" in command:
        return "NATS"
    module = _MODULE.search(command)
    return module[1] if module else _OTHER
