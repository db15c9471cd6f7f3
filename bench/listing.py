"""Lists of the gateway on 16 connections, beside a bare route with the same bytes and their SQL alone."""

import asyncio
import os
import secrets
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import httpx
import jwt

from adrelay.runtime.ports import free_port
from bench.measure import Line, Measure
from bench.servers import Servers
from libs.events.values import AccountId
from libs.eventsourcing.values import utc_now
from services.gateway.registry import REGISTRY
from services.gateway.tables.adbot_query import OWN_ADBOTS
from services.gateway.tables.delivery_log import OWN_LOG
from services.gateway.tables.paging import PagedList, PageRequest

CONNECTIONS = 16
ROUNDS, SECONDS = 3, 1.5
"""Ours and what it is compared with take turns, since other programs use the machine too."""
_WARM_UP_SECONDS = 0.5
_SHARE, _P99_SECONDS = 0.5, 0.02
_START_SECONDS = 60.0
_ACCOUNT, _ADBOT = AccountId(UUID(int=1)), UUID(int=1)
_ADBOTS, _LINES = 10, 50_000
_SCHEMAS = ",".join(table.name for table in (*REGISTRY.state_tables, *REGISTRY.read_models))
_ISSUER = "https://bench.example.org"
_HOUR = timedelta(hours=1)
_FILL = f"""
insert into accounts (account, role, licence, registered_at, epoch_at)
values ('{_ACCOUNT}', 'CLIENT', 'LIC-BENCH', now(), now());
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
    """What calls came to: their number a second, and the time that one of a hundred exceeded."""

    rate: float
    p99_seconds: float

    @classmethod
    def median_of(cls, loads: Sequence["Load"]) -> "Load":
        """Return the medians of several rounds."""
        return cls(median(one.rate for one in loads), median(one.p99_seconds for one in loads))


@dataclass(frozen=True)
class Slowest:
    """The time that one of a hundred requests exceeds, beside the bare route's."""

    what: str
    ours: float
    bare: float

    def cells(self) -> list[str]:
        """Return the row of the table."""
        met = "yes" if self.ours < _P99_SECONDS else "NO"
        target = f"< {_P99_SECONDS * 1000:g} ms"
        figures = [f"{one * 1000:,.1f} ms" for one in (self.ours, self.bare)]
        return [self.what, f"{self.ours / self.bare:.1f} x a bare route", "-", target, met, *figures, "-"]


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
    async with _gateway(servers) as (url, headers), _pool(servers) as pool:
        with servers.profiled("the client's side"):
            for one in _LISTS:
                lines += await _compared(one, f"{url}/api/v1/{one.path}", headers, pool)
    return lines


async def _compared(
    one: _List, url: str, headers: Mapping[str, str], pool: "asyncpg.Pool[asyncpg.Record]"
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
    async with _bare(answer.content) as bare_url:
        begins = (
            lambda: _requests(bare_url, {}),
            lambda: _requests(url, headers),
            lambda: _requests(url, unchanged),
            ask,
        )
        rounds = [[await _load(begin) for begin in begins] for _ in range(ROUNDS)]
    bare, ours, same, sql = (Load.median_of(loads) for loads in zip(*rounds, strict=True))
    what = f"{one.what}, {len(answer.content) / 1000:.0f} kB"
    return [
        Measure(what, ours.rate, sql.rate, "its SQL alone", _SHARE, 0.0, bare.rate, "a bare route"),
        Slowest(f"{what}: 99 of 100 within", ours.p99_seconds, bare.p99_seconds),
        Measure(f"{what}: unchanged (304)", same.rate, sql.rate, "its SQL alone", 0.0, 0.0, bare.rate),
    ]


async def _load(begin: Callable[[], Awaitable[Callable[[], Awaitable[object]]]]) -> Load:
    """Call on all connections, one call after the other on each."""
    calls = [await begin() for _ in range(CONNECTIONS)]
    await asyncio.gather(*(_repeat(call, _WARM_UP_SECONDS) for call in calls))
    took = await asyncio.gather(*(_repeat(call, SECONDS) for call in calls))
    every = sorted(seconds for one in took for seconds in one)
    return Load(len(every) / SECONDS, every[int(len(every) * 0.99)])


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
    settings = {"search_path": f"{_SCHEMAS},public", "timezone": "UTC", "jit": "off"}
    url = servers.postgres.url("bench_lists")
    pool = await asyncpg.create_pool(
        url, min_size=0, max_size=len(_LISTS) * CONNECTIONS, server_settings=settings
    )
    try:
        yield pool
    finally:
        pool.terminate()


@asynccontextmanager
async def _gateway(servers: Servers) -> AsyncGenerator[tuple[str, dict[str, str]]]:
    """Run a gateway with adbots and their log; yield its URL, and the headers of their owner."""
    secret, port = secrets.token_urlsafe(32), free_port()
    database = await servers.postgres.ensure_database("bench_lists")
    environment = {
        "ADRELAY_POSTGRES_URL": database,
        "ADRELAY_NATS_URL": servers.nats.url,
        "ADRELAY_HTTP_PORT": str(port),
        "ADRELAY_GATEWAY_JWT_SECRET": secret,
        "ADRELAY_GATEWAY_ADMIN_TOKEN": secrets.token_urlsafe(32),
        "ADRELAY_GATEWAY_CODE_PEPPER": secrets.token_urlsafe(32),
        "ADRELAY_BILLING_IPN_SECRET": secrets.token_urlsafe(32),
        "ADRELAY_GATEWAY_FOREIGN_JWT_SECRET": secret,
        "ADRELAY_GATEWAY_FOREIGN_JWT_ISSUER": _ISSUER,
        "ADRELAY_GATEWAY_READS_PER_MINUTE": "100000000",
        "ADRELAY_GATEWAY_READS_PER_MINUTE_PER_ADDRESS": "100000000",
        "ADRELAY_LOG_LEVEL": "warning",
    }
    url = f"http://127.0.0.1:{port}"
    async with _running(["-m", "services.gateway"], environment, f"{url}/health/ready"):
        filling = await asyncpg.connect(database, server_settings={"search_path": f"{_SCHEMAS},public"})
        await filling.execute(_FILL)
        await filling.close()
        now = utc_now()
        claims = {
            "iss": _ISSUER,
            "aud": "authenticated",
            "sub": str(_ACCOUNT),
            "iat": now,
            "exp": now + _HOUR,
        }
        token = jwt.encode(claims, secret, "HS256")
        yield url, {"Authorization": f"Bearer {token}"}


@asynccontextmanager
async def _bare(body: bytes) -> AsyncGenerator[str]:
    """Run the bare route with this body; yield its URL."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        async with _running(["-m", "bench.bare_list", str(port), file.name], {}, f"{url}/"):
            yield f"{url}/"


@asynccontextmanager
async def _running(
    arguments: Sequence[str], environment: Mapping[str, str], ready_url: str
) -> AsyncGenerator[None]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, env={**os.environ, **environment}
    )
    try:
        await _until_ready(ready_url, process)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _until_ready(url: str, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(_START_SECONDS), httpx.AsyncClient() as http:
        while True:
            if process.returncode is not None:
                raise RuntimeError(f"{url}: the process has ended")
            try:
                if (await http.get(url)).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)
