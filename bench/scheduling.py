"""The cycles of a hundred thousand adbots, raised by one scheduler and by two, and begun by the forwarder."""

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import quantiles
from uuid import uuid4

from adrelay.system import Process, second_process, service_process
from bench.growth.processes import connected
from bench.growth.system import System
from bench.measure import Found, Line
from bench.servers import Servers
from libs.events.values import AccountId, AdbotId, ApplicationId, ChannelPost, Seat, SessionId
from libs.eventsourcing import Causes, Engine, UnitOfWork
from libs.eventsourcing.values import new_id, utc_now
from services.scheduler.schedule.adbot import Adbot
from services.scheduler.schedule.commands import SetAdvertisement, Start
from services.scheduler.schedule.domain import SCHEDULE

ADBOTS = 100_000
INTERVAL_SECONDS = 500
RATE = ADBOTS / INTERVAL_SECONDS
"""Cycles a second."""
SECONDS = 40.0
_TOGETHER = 250
_LOOK_SECONDS = 0.25
_CALM_SECONDS = 240.0
_FEW = 20
_POST = ChannelPost(channel="@newsroom", message=1)
_OVERDUE = "select count(*) from schedules.schedules where wake_at < now() - interval '0.5 seconds'"
_RAISED = """
select extract(epoch from at - (data::jsonb ->> 'due_at')::timestamptz)::float8 as late,
       data::jsonb ->> 'cycle' as cycle, at
from engine.events where type = 'CycleDue' and at between $1 and $2
"""
_BEGUN = (
    "select data::jsonb ->> 'cycle' as cycle, at from engine.events where type = 'CycleStarted' and at > $1"
)
_TWICE = """
select count(*) from (
    select from engine.events where type = 'CycleDue'
    group by data::jsonb ->> 'adbot', data::jsonb ->> 'due_at' having count(*) > 1
) as twice
"""


@dataclass(frozen=True)
class Late:
    """Delays in seconds."""

    what: str
    seconds: Sequence[float]
    at_most: float | None = None
    """The target for 99 of 100; None without one."""

    def cells(self) -> list[str]:
        """Return the row of the table."""
        cuts = quantiles(self.seconds, n=100, method="inclusive")
        target, met = "-", "-"
        if self.at_most is not None:
            target, met = f"< {1000 * self.at_most:g} ms (p99)", "yes" if cuts[98] < self.at_most else "NO"
        found = f"{1000 * cuts[49]:,.0f} / {1000 * cuts[98]:,.0f} / {1000 * max(self.seconds):,.0f} ms"
        return [f"{self.what} (p50 / p99 / max)", "-", "-", target, met, found, "-", "-"]


async def scheduling(servers: Servers) -> list[Line]:
    """Measure how late cycles are raised and begun, with one replica, with two, and when one is killed."""
    with tempfile.TemporaryDirectory(prefix="adrelay-bench-", ignore_cleanup_errors=True) as folder:
        system = System(Path(folder), servers.postgres, servers.nats)
        async with system.engine("scheduler", size=4) as engine:
            await _fill(engine)
        async with system.engine("forwarder"):
            pass
        return await _measure(system)


async def _measure(system: System) -> list[Line]:
    first, second, forwarder = _processes()
    lines: list[Line] = []
    async with system.running([first, forwarder]) as (start, _):
        lines.append(
            Found("start of a scheduler with 100,000 running adbots, and the forwarder", f"{start:.1f} s")
        )
        await _calm(system)
        lines += await _window(system, "one replica", at_most=0.1)
        async with system.running([second]) as (again, (replica,)):
            lines.append(Found("start of a second replica", f"{again:.1f} s"))
            lines += await _window(system, "two replicas", at_most=0.1)
            async with _killed(replica.pid):
                lines += await _window(system, "one of two replicas killed in the middle")
    async with connected(system, "scheduler") as store:
        lines.append(Found("due times that were raised twice", f"{await store.fetchval(_TWICE)}"))
    return lines


def _processes() -> tuple[Process, Process, Process]:
    return (
        service_process("scheduler"),
        second_process("scheduler-2", "scheduler"),
        service_process("forwarder"),
    )


async def _fill(engine: Engine) -> None:
    """Start adbots whose due times are spread evenly over the interval, from now on."""
    now, begin = utc_now(), time.perf_counter()
    made = [adbot_with(_seat(), INTERVAL_SECONDS) for _ in range(ADBOTS)]
    await know(engine, made)
    for number in range(0, ADBOTS, _TOGETHER):
        some = made[number : number + _TOGETHER]

        async def work(unit: UnitOfWork) -> None:
            for place, adbot in enumerate(some, number):  # noqa: B023 - runs at once
                at = now + timedelta(seconds=place / RATE)
                wanted = SetAdvertisement(adbot, None, _POST, ("@a_group",), at)
                await unit.execute(SCHEDULE, adbot.adbot, wanted)
                await unit.execute(SCHEDULE, adbot.adbot, Start(adbot, None, at))

        await engine.run(work, Causes.first("bench"))
    print(f"{ADBOTS} adbots were started in {time.perf_counter() - begin:.0f} s")


def _seat() -> Seat:
    return Seat(session=SessionId(uuid4()), pair=ApplicationId(uuid4()))


def adbot_with(seat: Seat, interval_seconds: int) -> Adbot:
    """Return an adbot with one seat."""
    return Adbot(
        adbot=AdbotId(uuid4()),
        account=AccountId(uuid4()),
        interval_seconds=interval_seconds,
        valid_until=utc_now() + timedelta(days=30),
        expired=False,
        suspended=False,
        seats=(seat,),
        ended_cycle=None,
        correlation_id=new_id(),
        private_ids=False,
    )


async def know(engine: Engine, adbots: Sequence[Adbot]) -> None:
    """Write the read model, which provisioning's events would have filled."""
    columns = ["adbot", "account", "interval_seconds", "valid_until", "correlation_id"]
    rows = [
        (one.adbot, one.account, one.interval_seconds, one.valid_until, one.correlation_id) for one in adbots
    ]
    await engine.pool.copy_records_to_table("adbots", schema_name="adbots", columns=columns, records=rows)
    await engine.pool.copy_records_to_table(
        "adbot_seats",
        schema_name="adbots",
        columns=["session", "adbot", "pair"],
        records=[(one.seats[0].session, one.adbot, one.seats[0].pair) for one in adbots],
    )


async def _calm(system: System) -> None:
    """Wait until what came due before the start is raised."""
    begin = time.perf_counter()
    async with connected(system, "scheduler") as store, asyncio.timeout(_CALM_SECONDS):
        while await store.fetchval(_OVERDUE) > _FEW:  # noqa: ASYNC110 - other processes change the table
            await asyncio.sleep(_LOOK_SECONDS)
    print(f"nothing is overdue after {time.perf_counter() - begin:.0f} s")


async def _window(system: System, what: str, *, at_most: float | None = None) -> list[Line]:
    """Return how late the cycles of some time were raised, and how much later begun."""
    begin = utc_now()
    await asyncio.sleep(SECONDS)
    end = utc_now()
    async with connected(system, "scheduler") as scheduler, connected(system, "forwarder") as forwarder:
        raised = await scheduler.fetch(_RAISED, begin, end)
        begun: dict[str, datetime] = {row["cycle"]: row["at"] for row in await forwarder.fetch(_BEGUN, begin)}
    after = [(begun[row["cycle"]] - row["at"]).total_seconds() for row in raised if row["cycle"] in begun]
    rate, missing = len(raised) / SECONDS, len(raised) - len(after)
    return [
        Late(
            f"{what}: due until raised, {rate:.0f} cycles a second", [row["late"] for row in raised], at_most
        ),
        Late(f"{what}: raised until begun by the forwarder, {missing} not yet", after),
    ]


@asynccontextmanager
async def _killed(pid: int | None) -> AsyncGenerator[None]:
    """Kill a process in the middle of a window."""

    async def kill() -> None:
        await asyncio.sleep(SECONDS / 2)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)

    killing = asyncio.create_task(kill())
    try:
        yield
    finally:
        await killing
