"""One run: a system, a load, a schedule of faults, and the check of the invariants."""

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
from nats.errors import Error as NatsError

from adrelay.runtime.faults import RuntimeFault
from tests.chaos.faults import Chaos, InjectedFault
from tests.chaos.groups import Groups
from tests.chaos.invariants import GENERAL, Breach, check
from tests.chaos.load import Acknowledged, Load
from tests.chaos.schedule import DISKS, Kind, draw
from tests.chaos.snapshot import Snapshot, read
from tests.chaos.system import ChaosSystem
from tests.support.forked import fork

WORKERS = 3
READY_SECONDS = 60.0
FINISH_SECONDS = 90.0
SETTLE_SECONDS = 90.0
LOOK_SECONDS = 1.5


@dataclass(frozen=True)
class Report:
    """The faults of a run, and their outcome."""

    seed: int
    folder: Path
    injected: list[InjectedFault]
    breaches: list[Breach]
    acknowledged: Acknowledged
    remarks: list[str]

    @property
    def counts(self) -> Counter[str]:
        """The number of injected faults of each kind."""
        return Counter(one.fault.kind.value for one in self.injected if not one.outcome.startswith("missed"))

    def __str__(self) -> str:
        lines = [f"seed {self.seed}: {self.counts.total()} faults", *self.remarks]
        lines += [f"  {times:3} {kind}" for kind, times in sorted(self.counts.items())]
        if self.breaches:
            lines.append("the schedule as done, in seconds since it began:")
            lines += [f"  {one.at:6.1f}  {one.fault}  [{one.outcome}]" for one in self.injected]
            lines.append(f"BROKEN, {len(self.breaches)} times; logs are in {self.folder}:")
            lines += [f"  {breach}" for breach in self.breaches[:60]]
            lines.append(f"again with: make chaos FAULTS={len(self.injected)} SEED={self.seed}")
        else:
            lines.append("every invariant holds")
        return "\n".join(lines)


async def run(
    seed: int,
    faults: int,
    *,
    folder: Path | None = None,
    clients: int = 5,
    disks: bool = True,
    only: Collection[Kind] = (),
    pace: float = 1.0,
    together: bool = False,
    log: Callable[[str], None] = lambda _: None,
) -> Report:
    """Inject this many faults of a seed's schedule into a loaded system; return the report.

    Its services may run `together` in one process.
    """
    folder = folder or Path(tempfile.mkdtemp(prefix="adrelay-chaos-"))
    workers = 0 if together else WORKERS
    system = ChaosSystem(folder, workers=workers, together=together, disks=disks, python=await fork())
    async with system:
        load = Load(system, seed, clients=clients)
        await load.prepare()
        await load.start()
        without = DISKS if system.no_disks else ()
        kinds = [kind for kind in Kind if kind not in without and (kind in only or not only)]
        schedule = draw(seed, faults, workers=workers, kinds=kinds)
        chaos = Chaos(system, seed)
        log(f"seed {seed}: {faults} faults in about {pace * sum(one.after for one in schedule):.0f} s")
        try:
            await chaos.run(schedule, pace)
            await chaos.heal()
            log("settling")
            breaches, remarks = await _settle(system, load, log)
        finally:
            await load.cancel()
        if system.no_disks:
            remarks.append(f"no disk was filled: {system.no_disks}")
    return Report(seed, folder, chaos.injected, breaches, load.acknowledged, remarks)


async def _settle(
    system: ChaosSystem, load: Load, log: Callable[[str], None]
) -> tuple[list[Breach], list[str]]:
    """Wait until the system has settled, for a bounded time; return the breaches and remarks."""
    began = time.monotonic()
    breaches: list[Breach] = []
    try:
        await system.supervisor.until_ready(within_seconds=READY_SECONDS)
    except RuntimeFault as fault:
        breaches.append(Breach("the system recovers by itself", str(fault)))
    ready = time.monotonic() - began
    try:
        await load.finish(FINISH_SECONDS)
    except TimeoutError:
        breaches.append(Breach("clients end", f"not within {FINISH_SECONDS:g} s"))
    log(f"ready again after {ready:.1f} s, clients ended after {time.monotonic() - began:.1f} s")
    found, snapshot = await _settled(system, load, log)
    remarks = [f"ready again after {ready:.1f} s, settled after {time.monotonic() - began:.1f} s"]
    if snapshot is not None:
        remarks.append(_amount(snapshot, load))
        remarks.append(Groups(load.advertisements).summary(snapshot))
    again = ", ".join(f"{times} {what}" for what, times in load.acknowledged.tries.most_common(12))
    remarks.append(f"retries: {again or 'never'}")
    return [*breaches, *found], remarks


async def _settled(
    system: ChaosSystem, load: Load, log: Callable[[str], None]
) -> tuple[list[Breach], Snapshot | None]:
    """Check until everything holds, or until the deadline."""
    groups = Groups(load.advertisements)
    invariants = [
        *GENERAL,
        groups.no_group_received_a_cycle_twice,
        groups.every_recorded_delivery_is_in_its_group,
        groups.every_message_of_a_finished_cycle_is_recorded,
        groups.every_started_cycle_ends,
        groups.the_clients_log_equals_the_events,
    ]
    chats = {chat for one in load.advertisements.values() for chat in one.groups.values()}
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        snapshot: Snapshot | None = None
        try:
            snapshot = await read(system, chats)
            breaches = check(snapshot, load.acknowledged, invariants)
        except (asyncpg.PostgresError, OSError, TimeoutError, NatsError, httpx.HTTPError) as error:
            breaches = [Breach("everything can be read", repr(error))]
        if not breaches or time.monotonic() > deadline:
            return breaches, snapshot
        unsettled = Counter(breach.invariant for breach in breaches)
        log(f"not yet: {', '.join(f'{times} {what}' for what, times in unsettled.items())}")
        await asyncio.sleep(LOOK_SECONDS)


def _amount(snapshot: Snapshot, load: Load) -> str:
    events = sum(len(store.events) for store in snapshot.stores.values())
    restarts = sum(status.restarts for status in snapshot.statuses)
    return (
        f"{events} events, {len(load.acknowledged.orders)} orders, {restarts} restarts, "
        f"{len(snapshot.notifications)} notifications, {len(load.advertisements)} clients"
    )
