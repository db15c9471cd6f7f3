"""One long run: a system, its clients, faults that come and go, and the check of the invariants."""

import asyncio
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from adrelay.demo.rest import until
from tests.chaos.faults import Chaos
from tests.chaos.groups import Groups
from tests.chaos.invariants import (
    Breach,
    all_processes_are_ready,
    check,
    every_finished_payment_is_fulfilled_once,
    no_dead_letters,
    no_session_is_on_two_adbots,
    no_session_was_used_twice_at_once,
    readers_have_caught_up,
    the_stream_equals_the_stores,
    versions_have_no_gaps,
)
from tests.chaos.load import Acknowledged
from tests.chaos.schedule import Fault, Kind, draw
from tests.chaos.snapshot import Snapshot, read
from tests.chaos.system import ChaosSystem
from tests.soak.load import Clients, Size
from tests.soak.telegram_faults import TelegramFaults
from tests.soak.waits import Waits
from tests.soak.watch import Watch
from tests.support.forked import fork

WORKERS = 3
LIMITED_SECONDS = 60.0
LEASE_SECONDS = 8.0
"""Some freezes of a worker are longer."""
PACE = 10.0
"""A fault of a process comes about every half minute."""
KINDS = (
    Kind.KILL,
    Kind.KILL_WORKER,
    Kind.KILL_NATS,
    Kind.KILL_POSTGRES,
    Kind.FREEZE_WORKER,
    Kind.CUT,
    Kind.REFUSE,
    Kind.TELEGRAM_DROP,
    Kind.TELEGRAM_ERROR,
    Kind.TELEGRAM_SILENT,
    Kind.TELEGRAM_CLOSE,
)
UNRECORDED_SECONDS = 3.0
"""How long before the death of a process an answer may have come that was not stored."""
OUTAGE_SECONDS = 15.0
"""How long after it answers may still not be stored."""
CALM_SECONDS = 420.0
"""Within this time after the last fault every group is reached again: denials have ended by then."""
SETTLE_SECONDS = 120.0
SETTINGS = {
    "ADRELAY_FORWARDER_ACCOUNT_REST_SECONDS": f"{LIMITED_SECONDS:g}",
    "ADRELAY_FORWARDER_DENIAL_SECONDS": "15",
    "ADRELAY_FORWARDER_LEASE_SECONDS": f"{LEASE_SECONDS:g}",
    "ADRELAY_SCHEDULER_DELAY_SECONDS": "2",
    "ADRELAY_SCHEDULER_JITTER_SECONDS": "1",
    "ADRELAY_GATEWAY_SIGN_INS_PER_MINUTE": "100000",
    "ADRELAY_GATEWAY_READS_PER_MINUTE": "1000000",
    "ADRELAY_GATEWAY_READS_PER_MINUTE_PER_ADDRESS": "1000000",
}
_LEFT = {
    "sends": "select count(*) from cycles.sends",
    "cycles": "select count(*) from cycles.cycles",
    "attempts": "select count(*) from pool.attempts",
    "claims": "select count(*) from pool.claims",
}
_REACHED = """
select distinct on (data::jsonb ->> 'adbot')
       data::jsonb ->> 'adbot' as adbot, data::jsonb ->> 'counts' as counts
from engine.events where type = 'CycleFinished' and (data::jsonb ->> 'started_at')::timestamptz > $1
order by data::jsonb ->> 'adbot', position desc
"""


@dataclass(frozen=True)
class Report:
    """What happened in a run, and what should not have."""

    folder: Path
    remarks: list[str]
    breaches: list[Breach]

    def __str__(self) -> str:
        end = ["every invariant holds"]
        if self.breaches:
            end = [f"BROKEN, {len(self.breaches)} times; logs are in {self.folder}:"]
            end += [f"  {breach}" for breach in self.breaches[:60]]
        return "\n".join([*self.remarks, *end])


def catalogue(size: Size) -> str:
    """Return the plan that all clients buy."""
    return (
        f'[[plan]]\ncode = "soak"\nname = "Soak"\nkind = "enterprise"\nsessions = {size.seats}\n'
        f"interval_seconds = {size.interval_seconds}\nprice_usd = 30\nvalidity_days = 30\n"
    )


class Soak:
    """A run on a started system."""

    def __init__(self, system: ChaosSystem, size: Size, seed: int, log: Callable[[str], None]) -> None:
        chance = random.Random(seed)
        self.clients = Clients(system, size, chance)
        self.remarks: list[str] = []
        self._system, self._size, self._seed, self._log = system, size, seed, log
        self._chaos = Chaos(system, seed)
        self._watch = Watch(system, Waits(LIMITED_SECONDS, self._unrecorded), self._say)
        groups = [chat for number in range(size.adbots) for chat in self.clients.groups(number).values()]
        self._in_telegram = TelegramFaults(
            system.telegram,
            chance,
            accounts=self.clients.accounts,
            groups=groups,
            channels=self.clients.channels,
            bans=size.spare,
        )

    async def run(self, minutes: float) -> list[Breach]:
        """Run the load under faults for so many minutes, then without; return what does not hold."""
        await self.clients.prepare()
        self._log(f"{self._size.accounts} sessions and {len(self._all_groups())} groups are ready")
        async with self._watch.running():
            async with asyncio.TaskGroup() as looking:
                looking.create_task(self.clients.run())
                await self._disturb(60 * minutes)
                unreached = await self._calm()
                self.clients.end()
            await self.clients.stop()
            breaches = await self._settle()
        breaches += [Breach("no send during a wait", one) for one in self._watch.waits.broken]
        breaches += [Breach("every group is reached again", one) for one in unreached]
        breaches += [
            Breach("memory is flat", str(one)) for one in self._watch.memory.growth() if not one.flat
        ]
        self.remarks += self._said()
        return breaches

    async def _disturb(self, seconds: float) -> None:
        number = int(seconds / PACE) + 1
        faults = draw(self._seed, number, workers=WORKERS, kinds=KINDS)
        telegram = asyncio.create_task(self._in_telegram.run())
        injecting = asyncio.create_task(self._chaos.run(_within(faults, seconds / PACE), PACE))
        await asyncio.sleep(seconds)
        telegram.cancel()
        for end in await asyncio.gather(telegram, injecting, return_exceptions=True):
            if isinstance(end, Exception):  # faults that were not made would prove nothing
                raise end
        await self._chaos.heal()

    async def _calm(self) -> list[str]:
        """Wait without faults until each adbot has had a cycle that reached all groups; return the others."""
        since = datetime.now(UTC)
        self._log("no more faults")
        with suppress(TimeoutError):
            await until(
                lambda: self._unreached(since),
                lambda left: not left,
                within_seconds=CALM_SECONDS,
                every_seconds=5,
            )
        return await self._unreached(since)

    async def _unreached(self, since: datetime) -> list[str]:
        connection = await asyncpg.connect(self._system.databases["forwarder"], timeout=60)
        try:
            rows = await connection.fetch(_REACHED, since)
        finally:
            await connection.close()
        counts: dict[str, dict[str, int]] = {row["adbot"]: json.loads(row["counts"]) for row in rows}
        return [
            f"{adbot}: {counts.get(adbot, 'no cycle has finished')}"
            for adbot in self.clients.advertisements
            if adbot not in counts or _delivered(counts[adbot]) < self._size.groups
        ]

    async def _settle(self) -> list[Breach]:
        """Check all invariants until they hold, or until the deadline."""
        groups = Groups(self.clients.advertisements)
        invariants = [
            every_finished_payment_is_fulfilled_once,
            no_session_is_on_two_adbots,
            no_session_was_used_twice_at_once,
            versions_have_no_gaps,
            the_stream_equals_the_stores,
            readers_have_caught_up,
            no_dead_letters,
            all_processes_are_ready,
            groups.no_group_received_a_cycle_twice,
            groups.every_recorded_delivery_is_in_its_group,
            groups.every_message_of_a_finished_cycle_is_recorded,
            groups.every_started_cycle_ends,
            groups.the_clients_log_equals_the_events,
        ]
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            snapshot = await read(self._system, self._all_groups())
            breaches = [*check(snapshot, Acknowledged(), invariants), *await self._left()]
            if not breaches or time.monotonic() > deadline:
                self.remarks.append(groups.summary(snapshot))
                self.remarks.append(_restarts(snapshot))
                return breaches
            unsettled = Counter(breach.invariant for breach in breaches)
            self._log(f"not yet: {', '.join(f'{times} {what}' for what, times in unsettled.items())}")
            await asyncio.sleep(5)

    async def _left(self) -> list[Breach]:
        connection = await asyncpg.connect(self._system.databases["forwarder"], timeout=60)
        try:
            left = {name: await connection.fetchval(query) for name, query in _LEFT.items()}
        finally:
            await connection.close()
        rows = [f"{number} rows in {name}" for name, number in left.items() if number]
        return [Breach("nothing is left of ended cycles", one) for one in rows]

    def _say(self, seconds: float) -> None:
        faults, telegram = len(self._chaos.injected), self._in_telegram.happened.total()
        self._log(
            f"{seconds / 60:.0f} min: {faults} faults of processes, {telegram} in Telegram, "
            f"{self._watch.waits.asked.total()} waits, {len(self._watch.waits.broken)} broken, "
            f"stopped: {dict(self.clients.stops)}"
        )

    def _unrecorded(self, at: float) -> bool:
        """Return whether an answer at an instant may have died with a process before it was stored."""
        deaths = [self._chaos.began + one.at for one in self._chaos.injected]
        return any(-UNRECORDED_SECONDS < at - death < OUTAGE_SECONDS for death in deaths)

    def _said(self) -> list[str]:
        injected = Counter(one.fault.kind.value for one in self._chaos.injected)
        waits = ", ".join(f"{times} {name}" for name, times in self._watch.waits.asked.items())
        return [
            *(
                f"  {times:4} {what}"
                for what, times in sorted({**injected, **self._in_telegram.happened}.items())
            ),
            f"waits: {waits}; {self._watch.waits.forgotten} sends in a wait whose answer died with a process",
            f"adbots stopped themselves: {dict(self.clients.stops) or 'never'}",
            *(f"memory of {growth}" for growth in self._watch.memory.growth()),
        ]

    def _all_groups(self) -> list[int]:
        return [chat for one in range(self._size.adbots) for chat in self.clients.groups(one).values()]


async def run(
    minutes: float,
    *,
    seed: int = 1,
    size: Size | None = None,
    folder: Path | None = None,
    log: Callable[[str], None] = lambda _: None,
) -> Report:
    """Run a system of this size under faults for so many minutes; return the report."""
    size, folder = size or Size(), folder or Path(tempfile.mkdtemp(prefix="adrelay-soak-"))
    system = ChaosSystem(
        folder,
        workers=WORKERS,
        disks=False,
        python=await fork(),
        settings=SETTINGS,
        catalogue=catalogue(size),
    )
    async with system:
        soak = Soak(system, size, seed, log)
        breaches = await soak.run(minutes)
    return Report(folder, soak.remarks, breaches)


def _within(faults: list[Fault], seconds: float) -> list[Fault]:
    """Return the faults that begin within so many seconds, a lease before the end at the latest."""
    begun, at = list[Fault](), 0.0
    for fault in faults:
        at += fault.after
        if at > seconds - LEASE_SECONDS / PACE:
            break
        begun.append(fault)
    return begun


def _delivered(counts: Mapping[str, int]) -> int:
    return counts.get("SENT", 0) + counts.get("ALREADY_SENT", 0)


def _restarts(snapshot: Snapshot) -> str:
    restarts = sum(status.restarts for status in snapshot.statuses)
    events = sum(len(store.events) for store in snapshot.stores.values())
    return f"{events} events, {restarts} restarts"
