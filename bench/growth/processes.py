"""Starts of processes on a made history, and their memory."""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg

from adrelay.system import Process
from bench.growth.system import SETTLED_SECONDS, System, memory
from bench.growth.table import Unit, Value
from bench.operating import Programs
from libs.eventsourcing.values import utc_now

_STARTS = 5
_LOOK_SECONDS = 0.05
_WAIT_SECONDS = 300.0
_DUE = "select count(*) from schedules.schedules where wake_at <= $1"
_BEHIND = """
select count(*) from engine.checkpoints c where c.reader = $1 and c.source = $2
and (c.xid, c.position) < ($3::bigint, $4::bigint)
"""
_LAST = (
    "select xid::text::bigint, position from engine.events order by events.xid desc, position desc limit 1"
)


async def started(system: System) -> dict[str, Value]:
    """Start the scheduler with all adbots due, then everything, then each process by itself."""
    values: dict[str, Value] = {}
    processes = system.processes()
    due = await _all_due(system, next(one for one in processes if one.name == "scheduler"))
    memories = await _together(system, processes, values)
    alone = {one.name: await _alone(system, one) for one in processes}
    for name, value in alone.items():
        values[f"{name}: start"] = value
    values["scheduler: from its start until all of 133 due cycles are raised"] = Value(
        Unit.SECONDS, due, alone["scheduler"].ours, "its start"
    )
    return values | memories


async def _all_due(system: System, scheduler: Process) -> float:
    """Return how many seconds a scheduler takes from its start until no adbot is due any more."""
    begin, at = time.perf_counter(), utc_now()
    async with system.running([scheduler]), connected(system, "scheduler") as store:
        await _until(lambda: _nobody_due(store, at))
        return time.perf_counter() - begin


async def _nobody_due(store: "asyncpg.Connection[asyncpg.Record]", at: datetime) -> bool:
    return not await store.fetchval(_DUE, at)


async def _together(system: System, processes: list[Process], values: dict[str, Value]) -> dict[str, Value]:
    """Start everything at once, and return each process's memory when all events have been handled."""
    async with (
        system.running(processes) as (seconds, running),
        connected(system, "scheduler") as scheduler,
        connected(system, "forwarder") as forwarder,
        connected(system, "gateway") as gateway,
    ):
        values["all six processes at once: start"] = Value(Unit.SECONDS, seconds)

        async def handled() -> bool:
            due, cycle = await scheduler.fetchrow(_LAST), await forwarder.fetchrow(_LAST)
            assert due is not None
            assert cycle is not None
            return not (
                await forwarder.fetchval(_BEHIND, "reactions", "scheduler", *due)
                or await gateway.fetchval(_BEHIND, "read-models", "scheduler", *due)
                or await gateway.fetchval(_BEHIND, "read-models", "forwarder", *cycle)
            )

        await _until(handled)
        await asyncio.sleep(SETTLED_SECONDS)  # what a process needs after its work, not while it works
        memories = {f"{one.name}: memory": Value(Unit.BYTES, memory(one.pid).resident) for one in running}
        memories["broker: memory"] = Value(Unit.BYTES, memory(system.nats.pid).resident)
        memories["broker: memory, at most"] = Value(Unit.BYTES, memory(system.nats.pid).highest)
        return memories


async def _alone(system: System, process: Process) -> Value:
    """Measure a process's start, in turn with Python that imports what it imports; the best of several."""
    wiring = process.module if process.module.endswith("worker") else f"{process.module}.service"
    starts, imports = list[float](), list[float]()
    for _ in range(_STARTS):
        async with system.running([process]) as (seconds, _):
            starts.append(seconds)
        imports.append(await _imports(wiring))
    return Value(Unit.SECONDS, min(starts), min(imports), "Python with its imports")


async def _imports(module: str) -> float:
    """Return how many seconds Python takes to start and to import a module, without tidying up at its end."""
    begin = time.perf_counter()
    await Programs({}).output(sys.executable, "-c", f"import {module}, os; os._exit(0)")
    return time.perf_counter() - begin


@asynccontextmanager
async def connected(system: System, service: str) -> "AsyncGenerator[asyncpg.Connection[asyncpg.Record]]":
    """Yield a plain connection to a service's database."""
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(system.databases[service])
    try:
        yield connection
    finally:
        await connection.close(timeout=5)


async def _until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(_WAIT_SECONDS):
        while not await true():  # noqa: ASYNC110 - other processes change the tables
            await asyncio.sleep(_LOOK_SECONDS)
