"""Payments through the whole system: from the provider's notification to the gateway's adbot."""

import asyncio
import math
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, cycle
from pathlib import Path
from random import Random

import asyncpg

from adrelay.runtime.ports import free_port
from bench.measure import Line, Measure
from bench.provider import FINISHED, Notification, Sender, Sent, notifications, until_listening
from bench.servers import Servers
from bench.shop import Shop

READY_SECONDS = 0.5
ANSWER_SECONDS = 1.0
"""The timeout of a notification at the provider is 3 s."""
SPREAD_SECONDS = 2.0
"""The time within which the notifications of one payment are sent, in any order."""
CONNECTIONS = 16
BARE_SECONDS = 3.0
_BARE = "bare route"
_POLL_SECONDS = 0.02
_DEADLINE_SECONDS = 60.0
"""The time after the last payment within which everything has to be done: a load is sustained until then."""
_READY = """
select o.order_number from orders.orders o join adbots.adbots a on a.adbot = o.adbot
where o.order_number = any($1) and o.status = 'FULFILLED'
"""
_MOMENTS = "select data ->> 'order' as number, at from engine.events where type = $1"


@dataclass(frozen=True)
class Load:
    """The load: payments per second for a time, and then more as fast as they are accepted."""

    rate: int = 50
    seconds: int = 60
    at_once: int = 400

    @property
    def paced(self) -> int:
        """How many payments have a scheduled time."""
        return self.rate * self.seconds

    @property
    def payments(self) -> int:
        """How many orders are paid in total."""
        return self.paced + self.at_once


SHORT = Load(rate=5, seconds=5, at_once=20)
RATES = (50, 30, 20, 10)
"""Payments per second: the target, and what slow machines sustain."""


class NotSustained(Exception):
    """The system fell behind the load, and did not catch up in time."""


@dataclass(frozen=True)
class Overload:
    """A rate that was not sustained, and why not."""

    rate: int
    why: str

    def cells(self) -> list[str]:
        """Return the row of the table."""
        return [f"{self.rate} payments/s", "-", "-", "sustained", "NO", self.why, "-", "-"]


@dataclass(frozen=True)
class Spread:
    """Durations: the median and the 99th percentile."""

    what: str
    ours: Sequence[float]
    limit: Sequence[float] = ()
    limit_is: str = ""
    at_most: float | None = None
    """The target of the 99th percentile; None without one."""

    def cells(self) -> list[str]:
        """Return the row of the table."""
        ours, limit = _both(self.ours), _both(self.limit)
        compared = " / ".join(f"{mine / bare:.1f}" for mine, bare in zip(ours, limit, strict=False))
        target, met = "-", "-"
        if self.at_most is not None:
            target, met = f"p99 < {self.at_most:g} s", "yes" if ours[-1] < self.at_most else "NO"
        return [
            f"{self.what}, p50 / p99",
            f"{compared} x {self.limit_is}" if limit else "-",
            "-",
            target,
            met,
            _milliseconds(ours),
            _milliseconds(limit),
            "-",
        ]


def _both(seconds: Sequence[float]) -> list[float]:
    ranked = sorted(seconds)
    return [ranked[math.ceil(share * len(ranked)) - 1] for share in (0.5, 0.99)] if ranked else []


def _milliseconds(both: Sequence[float]) -> str:
    return " / ".join(f"{seconds * 1000:,.0f}" for seconds in both) + " ms" if both else "-"


@dataclass
class _Notified:
    """The sent notifications, and when the gateway showed the results; times are of `perf_counter`."""

    sent: list[Sent] = field(default_factory=list[Sent])
    paid: dict[str, float] = field(default_factory=dict[str, float])
    """The time of each order's first notification with the status `finished`."""
    ready: dict[str, float] = field(default_factory=dict[str, float])
    _seen: int = 0

    def waiting(self) -> list[str]:
        """Return the paid orders whose adbot is not ready."""
        for sent in self.sent[self._seen :]:
            if sent.notification.status == FINISHED:
                self.paid.setdefault(sent.notification.order, sent.at)
        self._seen = len(self.sent)
        return [order for order in self.paid if order not in self.ready]


async def sustained(servers: Servers) -> list[Line]:
    """Measure at the highest of the rates that is sustained, after a line for each that is not."""
    lines: list[Line] = []
    for rate in RATES:
        try:
            return lines + await paying(servers, Load(rate=rate))
        except NotSustained as fell_behind:
            print(f"pay: {rate} payments/s were not sustained: {fell_behind}")
            lines.append(Overload(rate, str(fell_behind)))
    return lines


async def paying(servers: Servers, load: Load) -> list[Line]:
    """Measure in a system of its own; raise `NotSustained` if it does not keep up."""
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="adrelay-bench-", ignore_cleanup_errors=True) as folder:
        shop = Shop(Path(folder), load.payments, watching=servers.watching)
        async with shop, _bare(shop.secret) as bare:
            print(f"pay: the system runs after {time.perf_counter() - begin:.0f} s")
            await shop.calm()
            random = Random(load.payments)
            payments = [notifications(buyer, shop.secret, random) for buyer in shop.buyers]
            print(f"pay: all wait for {load.payments} payments after {time.perf_counter() - begin:.0f} s")
            lines = await _measured(shop, bare, payments, load)
        if servers.watching:
            shop.print_profiles()
    return lines


@asynccontextmanager
async def _bare(secret: str) -> AsyncGenerator[Sender]:
    """Run the bare route in a process of its own, and yield a client of it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "bench.bare_webhook", str(port)]
    environment = {**os.environ, "ADRELAY_BENCH_SECRET": secret}
    server = await asyncio.create_subprocess_exec(*command, env=environment)
    try:
        await until_listening(url, within_seconds=20)
        async with Sender(url) as sender:
            yield sender
    finally:
        server.terminate()
        await server.wait()


async def _measured(shop: Shop, bare: Sender, payments: list[list[Notification]], load: Load) -> list[Line]:
    paced, rest = payments[: load.paced], list(chain.from_iterable(payments[load.paced :]))
    plan = _plan(paced, load)
    bare_paced, bare_at_once = list[Sent](), list[Sent]()
    await bare.on_time([due for due in plan if due[0] < BARE_SECONDS], bare_paced)
    limit = await bare.at_once(cycle(rest), CONNECTIONS, bare_at_once, seconds=BARE_SECONDS)
    _check(bare_paced + bare_at_once)
    timed, crowd = _Notified(), _Notified()
    async with Sender(shop.url) as sender:
        offset, before = time.time() - time.perf_counter(), shop.cpu_seconds()
        async with _watching(shop, timed, load.paced):
            await _in_time(sender.on_time(plan, timed.sent), plan[-1][0] + _DEADLINE_SECONDS, timed)
        _print_cpu(before, shop.cpu_seconds(), load.paced)
        async with _watching(shop, crowd, load.at_once):
            rate = await sender.at_once(rest, CONNECTIONS, crowd.sent)
    _check(timed.sent + crowd.sent)
    await _check_adbots(shop, {*timed.paid, *crowd.paid})
    again = sum(one.tries > 1 for one in timed.sent)
    print(f"pay: {again} of {len(timed.sent)} notifications had to be sent again")
    print(f"pay: the sender was late by {_milliseconds(_both([one.at - one.due for one in timed.sent]))}")
    answers = Spread(
        f"at {load.rate} payments/s: webhook to 200",
        [one.seconds for one in timed.sent],
        [one.seconds for one in bare_paced],
        _BARE,
        ANSWER_SECONDS,
    )
    return [
        answers,
        *await _stages(shop, timed, offset, load),
        Measure("notifications accepted", rate, limit, f"{_BARE} that checks the HMAC"),
    ]


async def _in_time(sending: Awaitable[None], seconds: float, notified: _Notified) -> None:
    try:
        async with asyncio.timeout(seconds):
            await sending
    except TimeoutError:
        waiting = sum(not one.answered for one in notified.sent)
        message = (
            f"{waiting} of {len(notified.sent)} notifications not accepted {_DEADLINE_SECONDS:.0f} s later"
        )
        raise NotSustained(message) from None


def _plan(payments: Sequence[Sequence[Notification]], load: Load) -> list[tuple[float, Notification]]:
    """Return the second at which each is sent: payments in order, their notifications mixed."""
    random = Random(load.rate)
    plan = [
        (number / load.rate + random.uniform(0, SPREAD_SECONDS), one)
        for number, payment in enumerate(payments)
        for one in payment
    ]
    return sorted(plan, key=lambda due: due[0])


def _check(sent: Sequence[Sent]) -> None:
    """Raise unless all were accepted: each is signed, and of a known order."""
    answered = Counter(one.status for one in sent)
    if set(answered) != {200}:
        message = f"notifications were answered with {dict(answered)}"
        raise RuntimeError(message)


@asynccontextmanager
async def _watching(shop: Shop, notified: _Notified, payments: int) -> AsyncGenerator[None]:
    """Store when each adbot is ready; return when all are."""
    connection = await asyncpg.connect(shop.databases["gateway"])
    watch = asyncio.create_task(_watch(connection, notified, payments))
    try:
        yield
        await asyncio.wait([watch], timeout=_DEADLINE_SECONDS)
        if len(notified.ready) < payments:
            missing = payments - len(notified.ready)
            message = f"{missing} of {payments} adbots not ready {_DEADLINE_SECONDS:.0f} s later"
            raise NotSustained(message)
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
        await connection.close()


async def _watch(
    connection: "asyncpg.Connection[asyncpg.Record]", notified: _Notified, payments: int
) -> None:
    while len(notified.ready) < payments:
        begin = time.perf_counter()
        if waiting := notified.waiting():
            found = await connection.fetch(_READY, waiting)
            notified.ready.update((row["order_number"], time.perf_counter()) for row in found)
        await asyncio.sleep(max(_POLL_SECONDS, time.perf_counter() - begin))


async def _check_adbots(shop: Shop, orders: set[str]) -> None:
    """Raise unless there is exactly one adbot per order, in provisioning and in the gateway."""
    asked = {
        "provisioning": "select data ->> 'order' from engine.events where type = 'AdbotProvisioned'",
        "gateway": "select order_number from adbots.adbots",
    }
    for service, query in asked.items():
        adbots = Counter(row[0] for row in await _fetch(shop, service, query))
        if adbots != Counter(orders):
            message = (
                f"{service} knows {adbots.total()} adbots of {len(adbots)} orders, not one of {len(orders)}"
            )
            raise RuntimeError(message)


async def _stages(shop: Shop, notified: _Notified, offset: float, load: Load) -> list[Line]:
    """Return the durations until adbots were ready, and until each event before was appended."""
    paid = await _moments(shop, "billing", "PaymentFinished")
    made = await _moments(shop, "provisioning", "AdbotProvisioned")
    fulfilled = await _moments(shop, "billing", "OrderFulfilled")

    def since(moments: dict[str, float], before: dict[str, float]) -> list[float]:
        return [moments[order] - before[order] for order in notified.paid]

    begun = {order: at + offset for order, at in notified.paid.items()}
    ready = {order: at + offset for order, at in notified.ready.items()}
    return [
        Spread(
            f"at {load.rate} payments/s: webhook to adbot ready", since(ready, begun), at_most=READY_SECONDS
        ),
        Spread("of that, webhook to PaymentFinished", since(paid, begun)),
        Spread("of that, to AdbotProvisioned", since(made, paid)),
        Spread("of that, to OrderFulfilled", since(fulfilled, made)),
        Spread("of that, until the gateway shows it", since(ready, fulfilled)),
    ]


async def _moments(shop: Shop, service: str, kind: str) -> dict[str, float]:
    rows = await _fetch(shop, service, _MOMENTS, kind)
    return {row["number"]: _seconds(row["at"]) for row in rows}


def _seconds(at: datetime) -> float:
    return at.timestamp()


async def _fetch(shop: Shop, service: str, query: str, *arguments: object) -> "list[asyncpg.Record]":
    connection = await asyncpg.connect(shop.databases[service])
    try:
        return await connection.fetch(query, *arguments)
    finally:
        await connection.close()


def _print_cpu(before: dict[str, float], after: dict[str, float], payments: int) -> None:
    used = {name: 1000 * (after[name] - before.get(name, 0.0)) / payments for name in after}
    print(f"pay: processor time a payment, {sum(used.values()):.1f} ms in all")
    for name, milliseconds in sorted(used.items(), key=lambda one: -one[1]):
        if milliseconds >= 0.1:
            print(f"{milliseconds:7.1f} ms  {name}")
