"""`make bench growth`: the same measurements on ever longer histories, which should not differ."""

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from adrelay.system import SERVICES
from bench.growth import table
from bench.growth.broker import restarted
from bench.growth.deliveries import bytes_a_delivery
from bench.growth.engine import measured
from bench.growth.filling import fill
from bench.growth.folding import fold_all, store_snapshots
from bench.growth.history import LongHistory
from bench.growth.processes import started
from bench.growth.system import disk_bytes, system
from bench.growth.table import Column, Unit, Value
from libs.eventsourcing.values import utc_now

SIZES = (1_000_000, 10_000_000)
BEYOND = 100_000_000
"""A size whose room on the disk is only computed."""
BYTES_AN_EVENT = 2_500
"""An upper bound of what an event takes in all places while a history is written."""
README = Path(__file__).parents[1] / "README.md"
_STORES, _STREAM = "size of the stores (PostgreSQL)", "size of the stream (JetStream)"


class DiskFull(Exception):
    """The disk lacks room for a history."""


async def growth(sizes: Sequence[int]) -> None:
    """Measure every size; the results of the default sizes are written to bench/README.md."""
    columns: dict[int, Column] = {}
    for size in sorted(sizes):
        with tempfile.TemporaryDirectory(prefix="adrelay-growth-", ignore_cleanup_errors=True) as folder:
            columns[size] = await _column(size, Path(folder))
    with tempfile.TemporaryDirectory(prefix="adrelay-growth-", ignore_cleanup_errors=True) as folder:
        deliveries = await bytes_a_delivery(Path(folder))
    grown, beyond = table.rows(columns), _beyond(columns)
    table.show("what grows with history", grown)
    table.show("bytes a delivery", deliveries)
    print(beyond)
    if tuple(sorted(sizes)) == SIZES:
        table.write(README, [table.markdown(grown), beyond, table.markdown(deliveries)])


async def _column(size: int, folder: Path) -> dict[str, Value]:
    """Write a history of this size, and measure on it."""
    if (free := shutil.disk_usage(folder).free) < size * BYTES_AN_EVENT:
        raise DiskFull(
            f"{size:,} events need {size * BYTES_AN_EVENT / 1e9:,.0f} GB, {free / 1e9:,.0f} GB are free"
        )
    begin = time.perf_counter()
    history = LongHistory.of(size, now=utc_now())
    made = await _write(history, folder)
    await asyncio.to_thread(os.sync)  # else writing it out would slow down what is measured
    print(f"growth: {size:,} events were written and folded after {time.perf_counter() - begin:.0f} s")
    async with system(folder, durable=True) as running:
        values = await started(running)
        print(f"growth: processes were measured after {time.perf_counter() - begin:.0f} s")
        values |= await measured(running, history) | await restarted(running)
    print(f"growth: {size:,} events were measured after {time.perf_counter() - begin:.0f} s")
    table.show(f"{size:,} events", table.rows({size: values}))
    return values | made


async def _write(history: LongHistory, folder: Path) -> dict[str, Value]:
    """Write a history into fresh servers that sync nothing; return how long it took, and the sizes."""
    async with system(folder, durable=False) as servers, AsyncExitStack() as stack:
        engines = {service: await stack.enter_async_context(servers.engine(service)) for service in SERVICES}
        stream = await stack.enter_async_context(servers.stream())
        written = await fill(engines, stream, history)
        begin = time.perf_counter()
        await fold_all(engines, stream, written)
        await store_snapshots(engines["scheduler"], history)
        folding = time.perf_counter() - begin
        sizes = await asyncio.gather(
            *(
                engine.pool.fetchval("select pg_database_size(current_database())")
                for engine in engines.values()
            )
        )
    return {
        "writing the history into the stores and the stream": Value(Unit.SECONDS, written.seconds),
        "folding its tables": Value(Unit.SECONDS, folding),
        _STORES: Value(Unit.BYTES, sum(sizes)),
        _STREAM: Value(Unit.BYTES, disk_bytes(folder / "nats" / "jetstream")),
    }


def _beyond(columns: Mapping[int, Column]) -> str:
    """Say how much room the next size would need, by the largest one that was measured."""
    largest = max(columns)
    stored = (columns[largest][_STORES].ours + columns[largest][_STREAM].ours) / largest
    free = shutil.disk_usage(tempfile.gettempdir()).free
    fits = "there is room for it" if stored * BEYOND < free else "so it was not measured"
    return (
        f"{BEYOND:,} events would take {stored * BEYOND / 1e9:,.0f} GB ({stored:,.0f} bytes each, without "
        f"what sorting the indexes takes meanwhile); {free / 1e9:,.0f} GB were free here, {fits}."
    )
