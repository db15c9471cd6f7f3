"""One run: a system, a load, a schedule of faults, and then the reckoning."""

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
from tests.chaos.faults import Chaos, Struck
from tests.chaos.groups import Groups
from tests.chaos.invariants import GENERAL, Breach, check
from tests.chaos.load import Load, Told
from tests.chaos.schedule import DISKS, Kind, draw
from tests.chaos.system import ChaosSystem
from tests.chaos.truth import Truth, read
from tests.support.forked import fork

WORKERS = 3
READY_SECONDS = 60.0
FINISH_SECONDS = 90.0
SETTLE_SECONDS = 90.0
LOOK_SECONDS = 1.5


@dataclass(frozen=True)
class Report:
    """What was done to the system, and what came of it."""

    seed: int
    folder: Path
    struck: list[Struck]
    breaches: list[Breach]
    told: Told
    remarks: list[str]

    @property
    def counts(self) -> Counter[str]:
        """How many faults of each kind did strike."""
        return Counter(one.fault.kind.value for one in self.struck if not one.outcome.startswith("missed"))

    def __str__(self) -> str:
        lines = [f"seed {self.seed}: {self.counts.total()} faults", *self.remarks]
        lines += [f"  {times:3} {kind}" for kind, times in sorted(self.counts.items())]
        if self.breaches:
            lines.append("the schedule as done, in seconds since it began:")
            lines += [f"  {one.at:6.1f}  {one.fault}  [{one.outcome}]" for one in self.struck]
            lines.append(f"BROKEN, {len(self.breaches)} times; logs are in {self.folder}:")
            lines += [f"  {breach}" for breach in self.breaches[:60]]
            lines.append(f"again with: make chaos FAULTS={len(self.struck)} SEED={self.seed}")
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
    tell: Callable[[str], None] = lambda _: None,
) -> Report:
    """Let so many faults of a seed's schedule strike a loaded system; return what holds afterwards."""
    place = folder or Path(tempfile.mkdtemp(prefix="adrelay-chaos-"))
    system = ChaosSystem(place, workers=WORKERS, disks=disks, python=await fork())
    async with system:
        load = Load(system, seed, clients=clients)
        await load.prepare()
        await load.start()
        without = DISKS if system.no_disks else ()
        kinds = [kind for kind in Kind if kind not in without and (kind in only or not only)]
        schedule = draw(seed, faults, workers=WORKERS, kinds=kinds)
        chaos = Chaos(system, seed)
        tell(f"seed {seed}: {faults} faults in about {pace * sum(one.after for one in schedule):.0f} s")
        try:
            await chaos.run(schedule, pace)
            await chaos.heal()
            tell("settling")
            breaches, remarks = await _reckon(system, load, tell)
        finally:
            await load.cancel()
        if system.no_disks:
            remarks.append(f"no disk was filled: {system.no_disks}")
    return Report(seed, place, chaos.struck, breaches, load.told, remarks)


async def _reckon(
    system: ChaosSystem, load: Load, tell: Callable[[str], None]
) -> tuple[list[Breach], list[str]]:
    """Let all settle, for a bounded time, and return what does not hold then."""
    began = time.monotonic()
    breaches: list[Breach] = []
    try:
        await system.supervisor.until_ready(within_seconds=READY_SECONDS)
    except RuntimeFault as fault:
        breaches.append(Breach("all is well again without a hand", str(fault)))
    ready = time.monotonic() - began
    try:
        await load.finish(FINISH_SECONDS)
    except TimeoutError:
        breaches.append(Breach("clients come to an end", f"not within {FINISH_SECONDS:g} s"))
    tell(f"ready again after {ready:.1f} s, clients came to an end after {time.monotonic() - began:.1f} s")
    found, truth = await _settled(system, load, tell)
    remarks = [f"ready again after {ready:.1f} s, settled after {time.monotonic() - began:.1f} s"]
    if truth is not None:
        remarks.append(_amount(truth, load))
        remarks.append(Groups(load.stages).summary(truth))
    again = ", ".join(f"{times} {what}" for what, times in load.told.tries.most_common(12))
    remarks.append(f"asked again: {again or 'never'}")
    return [*breaches, *found], remarks


async def _settled(
    system: ChaosSystem, load: Load, tell: Callable[[str], None]
) -> tuple[list[Breach], Truth | None]:
    """Look until everything holds, or for as long as that may take."""
    groups = Groups(load.stages)
    invariants = [
        *GENERAL,
        groups.no_group_got_a_cycle_twice,
        groups.every_delivery_that_is_claimed_stands_there,
        groups.every_finished_cycle_tells_of_every_message,
        groups.every_cycle_comes_to_an_end,
        groups.the_clients_log_equals_the_events,
    ]
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        truth: Truth | None = None
        try:
            truth = await read(system, load)
            breaches = check(truth, load.told, invariants)
        except (asyncpg.PostgresError, OSError, TimeoutError, NatsError, httpx.HTTPError) as error:
            breaches = [Breach("everything can be read", repr(error))]
        if not breaches or time.monotonic() > deadline:
            return breaches, truth
        unsettled = Counter(breach.invariant for breach in breaches)
        tell(f"not yet: {', '.join(f'{times} {what}' for what, times in unsettled.items())}")
        await asyncio.sleep(LOOK_SECONDS)


def _amount(truth: Truth, load: Load) -> str:
    events = sum(len(store.events) for store in truth.stores.values())
    restarts = sum(status.restarts for status in truth.statuses)
    return (
        f"{events} events, {len(load.told.orders)} orders, {len(truth.notifications)} notifications, "
        f"{len(load.stages)} clients at work, {restarts} restarts"
    )
