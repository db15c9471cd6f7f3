"""Bytes a delivery in each place that stores it, and what a large installation stores in five years."""

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from bench.growth.filling import FIRST_XID
from bench.growth.folding import fold_events
from bench.growth.real_cycles import GROUPS, INTERVAL, Adbot
from bench.growth.system import disk_bytes, system
from bench.orders import COLUMNS, Row
from bench.relaying import relayed
from libs.eventsourcing import Engine, EventStream
from libs.eventsourcing.model.envelope import Envelope
from libs.eventsourcing.operations import rebase
from libs.eventsourcing.values import START, Cursor, utc_now
from services.gateway.settings import GatewaySettings
from services.gateway.tables.deliveries import DELIVERIES

ADBOTS, CYCLES = 20, 140
"""The adbots of the measurement, and the cycles of each: a day of ten-minute cycles."""
MANY_ADBOTS, YEARS = 1000, 5
CYCLES_A_DAY = MANY_ADBOTS * int(timedelta(days=1) / INTERVAL)
_DAYS = YEARS * 365.25
_LOG = "the gateway's deliveries, with indexes"
_DAYS_OF_LOG: int = GatewaySettings.model_fields["deliveries_days"].default
"""The gateway drops older days of its log."""
_SIZES = """
select pg_relation_size('engine.events') as rows, pg_indexes_size('engine.events') as indexes,
       pg_table_size('engine.events') - pg_relation_size('engine.events') as long
"""
_TABLES = """
select coalesce(sum(pg_total_relation_size(oid)), 0) from pg_class
where relnamespace = $1::text::regnamespace and relkind = 'r'
"""


async def bytes_a_delivery(folder: Path) -> list[list[str]]:
    """Return the table of bytes a cycle and a delivery, with its headings."""
    begin = time.perf_counter()
    async with system(folder, durable=False) as running, AsyncExitStack() as stack:
        engines = {
            service: await stack.enter_async_context(running.engine(service))
            for service in ("scheduler", "forwarder", "gateway")
        }
        stream = await stack.enter_async_context(running.stream())
        places = await _places(engines, stream, folder)
    cycles = ADBOTS * CYCLES
    print(f"growth: {cycles:,} cycles of {GROUPS} groups took {time.perf_counter() - begin:.0f} s")
    return table({place: size / cycles for place, size in places.items()})


def table(places: Mapping[str, float]) -> list[list[str]]:
    """Return the table of these places, given the bytes of a cycle in each."""
    headings = ["place", "bytes a cycle", "bytes a delivery", "GB a day", f"TB after {YEARS} years"]
    kept = {place: size * (_DAYS_OF_LOG if place == _LOG else _DAYS) for place, size in places.items()}
    return [
        headings,
        *(_line(place, size, kept[place]) for place, size in places.items()),
        _line("in all", sum(places.values()), sum(kept.values())),
    ]


def _line(place: str, size: float, kept: float) -> list[str]:
    """Return the line of a place, given its bytes a cycle, and those of a cycle every day that it keeps."""
    day = size * CYCLES_A_DAY
    return [
        place,
        f"{size:,.0f}",
        f"{size / GROUPS:,.0f}",
        f"{day / 1e9:,.1f}",
        f"{kept * CYCLES_A_DAY / 1e12:,.1f}",
    ]


async def _places(engines: Mapping[str, Engine], stream: EventStream, folder: Path) -> dict[str, float]:
    made = sorted(
        (row, service)
        for number in range(ADBOTS)
        for service, row in Adbot(number).cycles(utc_now() - CYCLES * INTERVAL, CYCLES)
    )
    envelopes = [envelope async for envelope in _stored(engines, made)]
    places: dict[str, float] = {}
    for service in ("forwarder", "scheduler"):
        await relayed(engines[service], stream)
        sizes = await engines[service].pool.fetchrow(_SIZES)
        assert sizes is not None
        places[f"the {service}'s events: rows"] = sizes["rows"]
        places[f"the {service}'s events: long values (TOAST)"] = sizes["long"]
        places[f"the {service}'s events: indexes"] = sizes["indexes"]
    await fold_events(engines["gateway"], DELIVERIES, envelopes)
    await engines["gateway"].pool.execute("vacuum analyze", timeout=300)
    places["the stream (JetStream, compressed)"] = disk_bytes(folder / "nats" / "jetstream")
    places[_LOG] = int(await engines["gateway"].pool.fetchval(_TABLES, DELIVERIES.name))
    return places


async def _stored(engines: Mapping[str, Engine], made: Sequence[tuple[Row, str]]) -> AsyncGenerator[Envelope]:
    """Insert events into the stores, whose indexes grow with them; yield their envelopes."""
    lines: dict[str, list[str]] = {"scheduler": [], "forwarder": []}
    for number, ((_, line), service) in enumerate(made):
        lines[service].append(f"{FIRST_XID + number}\t{len(lines[service]) + 1}\t{line}")
        id_, name, version, kind, schema, at, correlation_id, causation_id, actor, data = line[:-1].split(
            "\t"
        )
        yield Envelope(
            UUID(id_), kind, int(schema), name, int(version), Cursor(FIRST_XID + number, len(lines[service])),
            datetime.fromisoformat(at), UUID(correlation_id), UUID(causation_id), actor, data,
        )  # fmt: skip
    for service, own in lines.items():
        async with engines[service].pool.acquire() as connection:
            await connection.copy_to_table(
                "events",
                schema_name="engine",
                columns=("xid", "position", *COLUMNS),
                source=_encoded(own),
                timeout=300,
            )
            await connection.execute("vacuum analyze engine.events", timeout=300)
            await rebase(connection, START)


async def _encoded(lines: Sequence[str]) -> AsyncGenerator[bytes]:
    for first in range(0, len(lines), 1000):
        yield "".join(lines[first : first + 1000]).encode()
