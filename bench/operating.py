"""`trace`, `show` and `tail` on stores of a million events: whole commands, and inside their process."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from adrelay.system import SERVICES
from bench.history import History
from bench.measure import TRIES, TRIES_SECONDS, Duration, Line
from bench.profiling import imports
from bench.relaying import relayed
from bench.servers import Servers, copy
from libs.events.catalogue import published
from libs.eventsourcing import EventStream
from libs.eventsourcing.values import utc_now

_ROOT = str(Path(__file__).parents[1])
_COMMAND = (sys.executable, "-m", "adrelay", "events")


@dataclass(frozen=True)
class Programs:
    """Runs programs that find the servers by these settings."""

    settings: Mapping[str, str]

    async def output(self, *command: str) -> str:
        """Return a process's output."""
        process = await self._started(*command)
        output, _ = await process.communicate()
        assert process.returncode == 0, command
        return output.decode()

    async def whole(self, *command: str) -> list[float]:
        """Return the durations of whole processes, in seconds."""
        return await _tries(lambda: self.output(*command))

    async def inside(self, module: str, *arguments: str) -> list[float]:
        """Return the durations inside a process, without its start."""
        output = await self.output(sys.executable, "-m", module, str(TRIES), *arguments)
        return [float(word) for word in output.split()]

    async def first_lines(self, *command: str) -> list[float]:
        """Return the durations until processes printed their first line; they are ended then."""
        return await _tries(lambda: self._first_line(*command))

    async def _first_line(self, *command: str) -> None:
        process = await self._started(*command)
        try:
            assert process.stdout is not None
            assert (await asyncio.wait_for(process.stdout.readline(), 30)).strip(), command
        finally:
            process.kill()

    async def _started(self, *command: str) -> asyncio.subprocess.Process:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ADRELAY_")}
        return await asyncio.create_subprocess_exec(
            *command,
            env={**inherited, "PYTHONPATH": _ROOT, **self.settings},
            cwd="/",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
        )


@dataclass(frozen=True)
class Setup(Programs):
    """Stores with a history, and a stream with billing's events."""

    servers: Servers
    history: History
    stream: EventStream


async def _tries(work: Callable[[], Awaitable[object]]) -> list[float]:
    """Return durations after a first run that warms up, with fewer repetitions of slow runs."""
    seconds: list[float] = []
    while len(seconds) <= TRIES and sum(seconds) < TRIES_SECONDS:
        begin = time.perf_counter()
        await work()
        seconds.append(time.perf_counter() - begin)
    return seconds[1:] or seconds


async def operating(servers: Servers, events: int) -> list[Line]:
    """Fill five stores with a history of this many events, and measure."""
    async with _setup(servers, events) as setup:
        paid = setup.history.paid
        small, middle, large = paid[len(paid) // 20], paid[len(paid) // 2], paid[-1]
        lines: list[Line] = await _start(setup)
        for order in (small, middle, large):
            key = ["trace", order.order]
            lines += await _measured(
                setup, f"trace, {order.events:,} events", key, ("trace", order.correlation_id)
            )
        stream = f"order-{middle.order}"
        lines += await _measured(setup, "show, 7 events", ["show", stream], ("show", stream))
        for order in (middle, large):
            stream = f"schedule-{order.adbot}"
            what = f"show, {2 + (order.cycles or 0):,} events"
            lines += await _measured(setup, what, ["show", stream], ("show", stream))
        return [*lines, *await _tail(setup)]


@asynccontextmanager
async def _setup(servers: Servers, events: int) -> AsyncGenerator[Setup]:
    history = History.of(events, now=utc_now())
    async with AsyncExitStack() as stack:
        stream = await stack.enter_async_context(servers.stream())
        engines = {
            service: await stack.enter_async_context(
                servers.engine(service=service, catalogue=published(), size=2)
            )
            for service in SERVICES
        }
        begin = time.perf_counter()
        await asyncio.gather(*(copy(engine, history) for engine in engines.values()))
        print(f"{history.events:,} events were stored in {time.perf_counter() - begin:.0f} s")
        await relayed(engines["billing"], stream)
        settings = {
            f"ADRELAY_{name.upper()}_POSTGRES_URL": engine.tables.url for name, engine in engines.items()
        }
        settings["ADRELAY_NATS_URL"] = servers.nats.url
        settings["ADRELAY_NATS_PREFIX"] = stream.name.removesuffix("EVENTS")
        yield Setup(settings, servers, history, stream)


async def _start(setup: Setup) -> list[Line]:
    """Measure the limit of our command lines."""
    help_ = [*_COMMAND, "show", "--help"]
    floor = await setup.whole(sys.executable, "-c", "import typer, asyncpg, pydantic")
    if setup.servers.watching:
        await imports(help_[1:], setup.settings)
    return [
        Duration(
            "start of the command line, to `--help`",
            await setup.whole(*help_),
            floor,
            "python with typer, asyncpg, pydantic",
            None,
        )
    ]


async def _measured(setup: Setup, what: str, tool: Sequence[str], bare: tuple[str, str]) -> list[Line]:
    """Measure a tool, as a whole and inside, each compared with the bare query."""
    if setup.servers.watching:
        print(await setup.output(sys.executable, "-m", "bench.inside", "1", "--profile", *tool))
    limit = [sys.executable, "-m", "bench.bare", "1", *bare]
    return [
        Duration(
            f"{what}, whole command",
            await setup.whole(*_COMMAND, *tool),
            await setup.whole(*limit),
            "bare program",
        ),
        Duration(
            f"{what}, inside",
            await setup.inside("bench.inside", *tool),
            await setup.inside("bench.bare", *bare),
            "connect and query",
        ),
    ]


async def _tail(setup: Setup) -> list[Line]:
    if setup.servers.watching:
        tool = ["tail", "--no-follow", "--last", "1"]
        print(await setup.output(sys.executable, "-m", "bench.inside", "1", "--profile", *tool))
    subject = f"{setup.stream.root}.>"
    return [
        Duration(
            "tail, start to first line",
            await setup.first_lines(*_COMMAND, "tail"),
            await setup.first_lines(sys.executable, "-m", "bench.bare", "1", "tail", subject),
            "bare program",
        ),
        Duration(
            "tail --no-follow, inside",
            await setup.inside("bench.inside", "tail", "--no-follow"),
            await setup.inside("bench.bare", "tail", subject),
            "connect and one message",
        ),
    ]
