"""A thousand listeners to live changes: delays, memory, slow readers, restarts and replicas."""

import asyncio
import resource
import time
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import httpx
from websockets.asyncio.client import connect

from adrelay.runtime.ports import free_port
from bench.audience import Audience, Listener, request, ticket
from bench.gateway import GatewaySecrets, RunningGateway, gateway
from bench.growth.system import memory
from bench.measure import Found, Line
from bench.scheduling import Late
from bench.servers import Servers
from bench.shop import cpu_seconds
from libs.chassis.broker import connect_nats, event_stream
from libs.events.catalogue import published
from libs.events.scheduler import AdbotStarted
from libs.events.values import AccountId, AdbotId
from libs.eventsourcing import Causes, Decider, Engine, Relay, UnitOfWork
from libs.eventsourcing.values import utc_now

LISTENERS, OF_ACCOUNT = 1000, 4
CHANGES_A_SECOND = 50
SECONDS = 15.0
_BURST = 20_000
"""So many changes are more than the system's buffers hold for a connection."""
_OPEN_FILES = 4096
_PATIENCE_SECONDS = 120.0
_DATABASE = "bench_listeners"
_FILL = """
insert into adbots (
    adbot, account, order_number, plan, plan_name, plan_kind, sessions, interval_seconds, seats_filled,
    valid_from, valid_until, provisioned_at
) select id, id, 'HQADZ-BENCH-' || id, 'bench', 'Bench', 'starter', 5, 600, 5, now(),
         now() + interval '30 days', now() from unnest($1::uuid[]) as id
"""


_BURST_FILL = """
select engine.make_day('changes', current_date);
insert into changes
select now(), 'forwarder', n, 1, 'adbot', '{account}', 'cycle_due' from generate_series(1, {number}) as n;
insert into engine.checkpoints (reader, source, xid, position) values ('{reader}', 'forwarder', {number}, 1)
on conflict (reader, source) do update set xid = excluded.xid;
"""


def _decide(event: AdbotStarted, _: int | None) -> Sequence[AdbotStarted]:
    return [event]


def _evolve(count: int | None, _: AdbotStarted) -> int:
    return (count or 0) + 1


_SCHEDULE: Decider[AdbotStarted, int, AdbotStarted] = Decider("schedule", _decide, _evolve)


@dataclass
class Changes:
    """Appends changes of accounts' adbots, as the scheduler does; an adbot has its account's id."""

    engine: Engine
    appended: dict[AccountId, list[datetime]] = field(default_factory=dict[AccountId, list[datetime]])

    async def append(self, account: AccountId) -> None:
        """Append a change of an account's adbot."""
        now = utc_now()
        event = AdbotStarted(adbot=AdbotId(account), started_at=now, anchor=now, interval_seconds=600)

        async def start(unit: UnitOfWork) -> datetime:
            await unit.execute(_SCHEDULE, account, event)
            return unit.at

        done = await self.engine.run(start, Causes.first("service:bench"))
        assert done.value is not None
        self.appended.setdefault(account, []).append(done.value)

    async def flow(self, accounts: Sequence[AccountId], seconds: float) -> None:
        """Append a change of one account after the other, so many a second."""
        begin = time.perf_counter()
        for number in range(int(seconds * CHANGES_A_SECOND)):
            await self.append(accounts[number % len(accounts)])
            await asyncio.sleep(max(0.0, begin + number / CHANGES_A_SECOND - time.perf_counter()))

    def has_all(self, listener: Listener) -> bool:
        """Return whether a listener got as many changes as there were, or more."""
        return len(listener.got) >= len(self.appended.get(listener.account, ()))


async def listeners(servers: Servers) -> list[Line]:
    """Measure a thousand listeners of 250 accounts."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, _OPEN_FILES), hard))
    run = _Run(servers)
    async with AsyncExitStack() as stack:
        return await run.measure(stack)


class _Run:
    """One run: its gateways, its listeners and its changes."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._secrets = GatewaySecrets.new()
        self._accounts = [AccountId(UUID(int=number + 1)) for number in range(LISTENERS // OF_ACCOUNT)]
        self._metrics: dict[str, int] = {}
        self._lines: list[Line] = []

    async def measure(self, stack: AsyncExitStack) -> list[Line]:
        """Return the lines of all parts."""
        changes = await stack.enter_async_context(_scheduler(self._servers))
        first = await stack.enter_async_context(AsyncExitStack())
        one = await self._gateway(first)
        audience = await self._audience(stack, one)
        await self._connected(one, audience)
        await self._given(one, audience, changes)
        await self._slow(one)
        await self._restarted(stack, first, audience, changes)
        return self._lines

    async def _gateway(self, stack: AsyncExitStack) -> RunningGateway:
        port = free_port()
        limits = {
            "ADRELAY_GATEWAY_LISTENERS": str(2 * LISTENERS),
            "ADRELAY_GATEWAY_CONNECTIONS": str(3 * LISTENERS),
            "ADRELAY_GATEWAY_CONNECTIONS_PER_ADDRESS": str(3 * LISTENERS),
            "ADRELAY_GATEWAY_METRICS_PORT": str(port),
        }
        one = await stack.enter_async_context(gateway(self._servers, _DATABASE, self._secrets, limits))
        self._metrics[one.url] = port
        return one

    async def _audience(self, stack: AsyncExitStack, one: RunningGateway) -> Audience:
        await one.sign_in(self._accounts)
        await one.execute(_FILL, self._accounts)
        found = [
            Listener(account, one.headers_of(account), over_socket=number % 2 == 0)
            for account in self._accounts
            for number in range(OF_ACCOUNT)
        ]
        audience = Audience(found, [one.url])
        tasks = await stack.enter_async_context(_cancelled_at_end())
        tasks += [asyncio.create_task(listener.run(audience.url)) for listener in found]
        return audience

    async def _connected(self, one: RunningGateway, audience: Audience) -> None:
        before = memory(one.pid).resident
        took = await audience.until(lambda listener: listener.listening, _PATIENCE_SECONDS)
        await asyncio.sleep(1)
        each = (memory(one.pid).resident - before) / LISTENERS
        self._say(f"{LISTENERS} listeners: all connected within", _seconds(took))
        self._say("memory of the gateway, for each listener", f"{each / 1024:.0f} KiB")

    async def _given(self, one: RunningGateway, audience: Audience, changes: Changes) -> None:
        cpu, begin = cpu_seconds(one.pid), time.perf_counter()
        await changes.flow(self._accounts, SECONDS)
        share = (cpu_seconds(one.pid) - cpu) / (time.perf_counter() - begin)
        await audience.until(changes.has_all, _PATIENCE_SECONDS)
        late = [seconds for listener in audience.listeners for seconds in listener.late]
        self._lines.append(Late(f"{CHANGES_A_SECOND} changes a second: appended until received", late))
        self._say("processor time of the gateway meanwhile", f"{share:.0%} of one core")
        self._say("changes lost / received twice", _wrong(audience.listeners, changes))

    async def _slow(self, one: RunningGateway) -> None:
        """Let two listeners of an account read nothing, and a third read, while there are many changes.

        These are written into the table, as if they had just been folded.
        """
        account = AccountId(UUID(int=10_000))
        await one.sign_in([account])
        await one.execute(_FILL, [account])
        headers = one.headers_of(account)
        _, writer = await request(one.url, headers, small=True)
        address = f"ws{one.url.removeprefix('http')}/api/v1/live/socket"
        opened = await connect(address, compression=None, max_queue=1)
        await opened.send(f'{{"ticket": "{await ticket(one.url, headers)}"}}')
        quick = Listener(account, headers, over_socket=False)
        reading = asyncio.create_task(quick.run(lambda: one.url))
        await self._until_listening(one, LISTENERS + 3)
        before = memory(one.pid).resident
        await one.execute(_BURST_FILL.format(account=account, number=_BURST, reader="read-models"))
        dropped = await self._until_listening(one, LISTENERS + 1)
        got_all = await Audience([quick]).until(lambda _: len(quick.got) >= _BURST, _PATIENCE_SECONDS)
        more = (memory(one.pid).resident - before) / 2**20
        whole = got_all is not None and quick.joined == 1
        self._say(f"two that read none of {_BURST:,} changes: dropped", "yes" if dropped else "NO")
        self._say("memory of the gateway meanwhile", f"+ {more:.0f} MiB")
        self._say("one that reads beside them got all", "yes" if whole else "NO")
        reading.cancel()
        writer.transport.abort()
        opened.transport.abort()

    async def _restarted(
        self, stack: AsyncExitStack, first: AsyncExitStack, audience: Audience, changes: Changes
    ) -> None:
        """Stop the gateway and run two instead, while changes flow on."""
        flowing = asyncio.create_task(changes.flow(self._accounts, 2 * SECONDS))
        joined = {id(listener): listener.joined for listener in audience.listeners}
        audience.urls.clear()
        await first.aclose()
        replicas = await asyncio.gather(*(self._gateway(stack) for _ in range(2)))
        audience.urls += [one.url for one in replicas]
        took = await audience.until(
            lambda listener: listener.listening and listener.joined > joined[id(listener)], _PATIENCE_SECONDS
        )
        await flowing
        await audience.until(changes.has_all, _PATIENCE_SECONDS)
        shares = [await self._listening(one) for one in replicas]
        self._say("after a restart, on two replicas: all connected within", _seconds(took))
        self._say("listeners of the first / second replica", " / ".join(f"{share:.0f}" for share in shares))
        self._say("changes lost / received twice, with the restart", _wrong(audience.listeners, changes))

    async def _listening(self, one: RunningGateway) -> float:
        async with httpx.AsyncClient(timeout=30) as http:
            text = (await http.get(f"http://127.0.0.1:{self._metrics[one.url]}/metrics")).text
        name = 'adrelay_gateway_listeners{feed="changes"} '
        return next(float(line.removeprefix(name)) for line in text.splitlines() if line.startswith(name))

    async def _until_listening(self, one: RunningGateway, number: int) -> bool:
        deadline = time.perf_counter() + _PATIENCE_SECONDS
        while await self._listening(one) != number:
            if time.perf_counter() > deadline:
                return False
            await asyncio.sleep(0.2)
        return True

    def _say(self, what: str, found: str) -> None:
        print(f"{what}: {found}")
        self._lines.append(Found(what, found))


def _wrong(audience: Sequence[Listener], changes: Changes) -> str:
    """Return how many changes were not received, and how many twice."""
    lost = twice = 0
    for listener in audience:
        expected, got = Counter(changes.appended.get(listener.account, ())), Counter(listener.got)
        lost += (expected - got).total()
        twice += (got - expected).total()
    return f"{lost} / {twice}"


def _seconds(took: float | None) -> str:
    return "not in time" if took is None else f"{took:.1f} s"


@asynccontextmanager
async def _cancelled_at_end() -> AsyncGenerator[list[asyncio.Task[None]]]:
    """Yield a list of tasks, which are cancelled in the end."""
    tasks: list[asyncio.Task[None]] = []
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def _scheduler(servers: Servers) -> AsyncGenerator[Changes]:
    """Yield changes, with a store and a relay of their own."""
    url = await servers.postgres.ensure_database("bench_listeners_scheduler")
    engine = Engine("scheduler", url, published())
    await engine.start(pool_size=4)
    nats = await connect_nats(servers.nats.url, "bench")
    relaying = asyncio.create_task(Relay(engine, event_stream(nats)).run())
    try:
        yield Changes(engine)
    finally:
        relaying.cancel()
        await asyncio.gather(relaying, return_exceptions=True)
        await nats.close()
        await engine.stop()
