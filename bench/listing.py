"""Lists of the gateway on 16 connections, beside a bare route with the same bytes and their SQL alone."""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import astuple, dataclass
from statistics import median
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import httpx

from adrelay.runtime.ports import free_port
from bench.gateway import SCHEMAS, RunningGateway, gateway, running
from bench.measure import Found, Line, Measure
from bench.servers import Servers
from bench.shop import cpu_seconds
from libs.events.values import AccountId
from services.gateway.tables.adbot_query import OWN_ADBOTS
from services.gateway.tables.delivery_log import OWN_LOG
from services.gateway.tables.paging import PagedList, PageRequest

CONNECTIONS = 16
ROUNDS, SECONDS = 7, 1.0
"""Ours and what it is compared with take turns, since other programs use the machine too."""
_WARM_UP_SECONDS = 0.3
_SHARE, _P99_SECONDS = 0.5, 0.02
_ACCOUNT, _ADBOT = AccountId(UUID(int=1)), UUID(int=1)
_ADBOTS, _LINES = 10, 50_000
_DATABASE = "bench_lists"
_FILL = f"""
insert into stock (session, phone, telegram_user, state, imported_at)
select lpad(n::text, 32, '0')::uuid, '+49…0' || n, n, 'ASSIGNED', now() from generate_series(1, 5) as n;
insert into adbots (
    adbot, account, order_number, plan, plan_name, plan_kind, sessions, interval_seconds, seats_filled,
    valid_from, valid_until, provisioned_at
) select lpad(n::text, 32, '0')::uuid, '{_ACCOUNT}', 'HQADZ-BENCH' || n || '-LIST', 'bench', 'Bench',
         'starter', 5, 600, 5, now(), now() + interval '30 days', now() + n * interval '1 microsecond'
from generate_series(1, {_ADBOTS}) as n;
insert into adbot_schedules (
    adbot, post, more_posts, post_order, targets, chats, options, running, interval_seconds, next_due,
    last_cycle, last_cycle_at
) select adbot, '{{"kind": "link", "channel": "@channel", "message": 42}}', '[]', 'in_turn', groups.json,
         array(select jsonb_array_elements_text(groups.json)), '{{}}', true, 600,
         now() + interval '5 minutes', 42, now()
from adbots cross join (
    select jsonb_agg('@flats_in_berlin_' || n) as json from generate_series(1, 15) as n
) as groups;
select engine.make_day('deliveries', (current_date - n)::date) from generate_series(0, 1) as n;
insert into deliveries (at, adbot, cycle, session, xid, position, line, target, result, error, messages)
select now() - n * interval '1 second', lpad((1 + n % {_ADBOTS})::text, 32, '0')::uuid,
       lpad((n / 20)::text, 32, '0')::uuid, lpad((1 + n % 5)::text, 32, '0')::uuid, 1, n / 20, n % 20,
       '@flats_in_berlin_' || n % 15, 'SENT', '', jsonb_build_array(n)
from generate_series(0, {_LINES} - 1) as n;
analyze;
"""


@dataclass(frozen=True)
class Load:
    """What calls came to: their number a second, how long half and 99 of 100 took, their processor time."""

    rate: float
    p50_seconds: float
    p99_seconds: float
    cpu_seconds: float
    """Of the program that was called, for one call."""

    @classmethod
    def median_of(cls, loads: Sequence["Load"]) -> "Load":
        """Return the medians of several rounds."""
        return cls(*(median(column) for column in zip(*map(astuple, loads), strict=True)))


@dataclass(frozen=True)
class Times:
    """The times of half and of 99 of 100 requests, beside those of the SQL alone and of the bare route."""

    what: str
    ours: Load
    sql: Load
    bare: Load

    def cells(self) -> list[str]:
        """Return the row of the table."""
        met = "yes" if self.ours.p99_seconds < _P99_SECONDS else "NO"
        figures = [
            f"{1000 * one.p50_seconds:,.1f} / {1000 * one.p99_seconds:,.1f} ms"
            for one in (self.ours, self.sql, self.bare)
        ]
        times = [f"{self.ours.p99_seconds / other.p99_seconds:.1f} x" for other in (self.sql, self.bare)]
        return [f"{self.what}: p50 / p99", *times, f"p99 < {1000 * _P99_SECONDS:g} ms", met, *figures]


@dataclass(frozen=True)
class _List:
    what: str
    path: str
    listed: PagedList
    wanted: PageRequest


_LISTS = (
    _List(f"list of {_ADBOTS} adbots", "adbots", OWN_ADBOTS, PageRequest("created_at", 1000, (_ACCOUNT,))),
    _List(
        "log of 100 lines",
        f"adbots/{_ADBOT}/logs",
        OWN_LOG,
        PageRequest("-created_at", 100, (_ADBOT, _ACCOUNT)),
    ),
)


async def listing(servers: Servers) -> list[Line]:
    """Measure both lists."""
    lines: list[Line] = []
    async with gateway(servers, _DATABASE) as one, _pool(servers) as pool:
        await _fill(one)
        headers = one.headers_of(_ACCOUNT)
        with servers.profiled("the client's side"):
            for listed in _LISTS:
                lines += await _compared(listed, f"{one.url}/api/v1/{listed.path}", one.pid, headers, pool)
    return lines


async def _fill(one: RunningGateway) -> None:
    await one.sign_in([_ACCOUNT])
    await one.execute(_FILL)


async def _compared(
    one: _List, url: str, pid: int, headers: Mapping[str, str], pool: "asyncpg.Pool[asyncpg.Record]"
) -> list[Line]:
    async with httpx.AsyncClient(headers=headers) as http:
        answer = await http.get(url)
        answer.raise_for_status()
    text, values = one.listed.statement(one.wanted)

    connections = [await pool.acquire() for _ in range(CONNECTIONS)]
    idle = iter(connections * ROUNDS)

    async def ask() -> Callable[[], Awaitable[object]]:
        connection = next(idle)
        return lambda: connection.fetch(text, *values)

    unchanged = {**headers, "If-None-Match": answer.headers["ETag"]}
    async with _bare(answer.content) as (bare_url, bare_pid):
        begins = (
            (lambda: _requests(bare_url, {}), bare_pid),
            (lambda: _requests(url, headers), pid),
            (lambda: _requests(url, unchanged), pid),
            (ask, os.getpid()),
        )
        rounds = [[await _load(*begin) for begin in begins] for _ in range(ROUNDS)]
    bare, ours, same, sql = (Load.median_of(loads) for loads in zip(*rounds, strict=True))
    what = f"{one.what}, {len(answer.content) / 1000:.0f} kB"
    micros = [f"{1e6 * load.cpu_seconds:,.0f} µs" for load in (ours, same, bare)]
    return [
        Measure(what, ours.rate, sql.rate, "its SQL alone", _SHARE, 0.0, bare.rate, "a bare route"),
        Times(what, ours, sql, bare),
        Measure(f"{what}: unchanged (304)", same.rate, sql.rate, "its SQL alone", 0.0, 0.0, bare.rate),
        Times(f"{what}: unchanged (304)", same, sql, bare),
        Found(f"{what}: processor time of the server, 304, a bare route", " / ".join(micros)),
    ]


async def _load(begin: Callable[[], Awaitable[Callable[[], Awaitable[object]]]], pid: int) -> Load:
    """Call a program on all connections, one call after the other on each."""
    calls = [await begin() for _ in range(CONNECTIONS)]
    cpu = cpu_seconds(pid)
    warm = await asyncio.gather(*(_repeat(call, _WARM_UP_SECONDS) for call in calls))
    took = await asyncio.gather(*(_repeat(call, SECONDS) for call in calls))
    cpu = cpu_seconds(pid) - cpu
    every = sorted(seconds for one in took for seconds in one)
    p50, p99 = (every[int(len(every) * share)] for share in (0.5, 0.99))
    return Load(len(every) / SECONDS, p50, p99, cpu / (len(every) + sum(map(len, warm))))


async def _repeat(call: Callable[[], Awaitable[object]], seconds: float) -> list[float]:
    took: list[float] = []
    end = (begun := time.perf_counter()) + seconds
    while begun < end:
        await call()
        took.append((now := time.perf_counter()) - begun)
        begun = now
    return took


async def _requests(url: str, headers: Mapping[str, str]) -> Callable[[], Awaitable[object]]:
    """Return a call of `url` on a connection of its own, with as little work as possible."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    lines = [f"GET {parts.path or '/'} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    sent = "\r\n".join([*lines, "", ""]).encode()

    async def call() -> None:
        writer.write(sent)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        status = int(head[9:12])
        if status not in {200, 304}:
            raise RuntimeError(head.decode())
        if status == 200:
            await reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r\n")[0]))

    return call


@asynccontextmanager
async def _pool(servers: Servers) -> "AsyncGenerator[asyncpg.Pool[asyncpg.Record]]":
    """Yield connections to the gateway's database, for SQL alone."""
    settings = {"search_path": f"{SCHEMAS},public", "timezone": "UTC", "jit": "off"}
    url = servers.postgres.url(_DATABASE)
    pool = await asyncpg.create_pool(
        url, min_size=0, max_size=len(_LISTS) * CONNECTIONS, server_settings=settings
    )
    try:
        yield pool
    finally:
        pool.terminate()


@asynccontextmanager
async def _bare(body: bytes) -> AsyncGenerator[tuple[str, int]]:
    """Run the bare route with this body; yield its URL and its process."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        async with running(["-m", "bench.bare_list", str(port), file.name], {}, f"{url}/") as process:
            yield f"{url}/", process.pid
