"""What goes wrong while the demo's cycles run, and what is seen to follow from it."""

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import httpx

from adrelay.demo.rest import Json, Rest
from adrelay.demo.sample import Sample
from adrelay.demo.steps import Client, cycles_in
from adrelay.demo.system import LocalSystem
from sandbox.telegram import AccountState, FaultSpec, JournalEntry, JournalQuery
from services.forwarder.adapters.telegram.account import masked

SENDS = "messages.forwardMessages"
READS = "channels.getMessages"
WAIT_SECONDS = 4
FLOOD_WAIT = f"FLOOD_WAIT_{WAIT_SECONDS}"
PRIVATE = "CHANNEL_PRIVATE"
_HELD = "adrelay_forwarder_sessions_held "
_ENTRIES = 100_000


@dataclass(frozen=True)
class Scene:
    """Where incidents happen, and where their consequences are read."""

    system: LocalSystem
    sample: Sample
    client: Client

    async def calls(self, method: str, *, outcome: str | None = None) -> list[JournalEntry]:
        """Return the calls of a method to the Telegram sandbox, oldest first."""
        query = JournalQuery(method=method, outcome=outcome, limit=_ENTRIES)
        return await self.system.telegram.journal(query)

    async def name(self, account: int | None) -> str:
        """Return an account's name and masked phone number, as the log shows it."""
        found = next(one for one in await self.system.telegram.accounts() if one.id == account)
        return f"{found.name} ({masked(found.phone)})"


@dataclass(frozen=True)
class Finding:
    """Something that went wrong, what followed, and what should not have."""

    what: str
    followed: str
    problem: str = ""


class Incident(Protocol):
    """Something that goes wrong in one cycle."""

    cycle: int
    """The number of the cycle, from 1."""

    async def begin(self, scene: Scene) -> None:
        """Let it happen: the cycle before is complete, this one is not due yet."""
        ...

    async def strike(self, scene: Scene) -> None:
        """Let happen what belongs in the middle of the cycle; called until the cycle is complete."""
        ...

    async def finding(self, scene: Scene, log: Sequence[Json]) -> Finding:
        """Return what followed, by the client's log and the sandbox's journal."""
        ...


class _AtOnce:
    async def strike(self, scene: Scene) -> None:
        """Do nothing: it has happened before the cycle."""


class FloodWait(_AtOnce):
    """Telegram asks one account to wait."""

    cycle = 1

    async def begin(self, scene: Scene) -> None:
        """Answer the next send with a flood wait."""
        fault = FaultSpec(method=SENDS, name=FLOOD_WAIT, times=1)
        await scene.system.telegram.inject_fault(fault)

    async def finding(self, scene: Scene, log: Sequence[Json]) -> Finding:
        """Look for sends of the account within its wait."""
        del log
        refused = next(iter(await scene.calls(SENDS, outcome=FLOOD_WAIT)), None)
        if refused is None:
            return Finding("an account was told to wait", "", "no send was answered so")
        later = [
            one.monotonic - refused.monotonic
            for one in await scene.calls(SENDS)
            if one.account == refused.account and one.number > refused.number
        ]
        what = f"{await scene.name(refused.account)} was told to wait {WAIT_SECONDS} s"
        if not later:
            return Finding(what, "it sent nothing any more", "its groups were not served")
        problem = "it sent within its wait" if min(later) < WAIT_SECONDS else ""
        return Finding(
            what, f"its groups waited for it; its next send came after {min(later):.1f} s", problem
        )


class Ban(_AtOnce):
    """Telegram bans the account of a seat."""

    cycle = 2

    def __init__(self) -> None:
        self._account: int | None = None

    async def begin(self, scene: Scene) -> None:
        """Ban the account that sent last, but not one that was told to wait."""
        waited = {one.account for one in await scene.calls(SENDS, outcome=FLOOD_WAIT)}
        sent = [one.account for one in await scene.calls(SENDS, outcome="ok")]
        self._account = next(account for account in reversed(sent) if account not in waited)
        if self._account is not None:
            await scene.system.telegram.set_account_state(self._account, AccountState.BANNED)

    async def finding(self, scene: Scene, log: Sequence[Json]) -> Finding:
        """Look for the session among the lost ones, and for the filled seats."""
        del log
        async with Rest(scene.system.url, scene.system.admin_token) as operator:
            counts = (await operator.get("/admin/stock"))["counts"]
        seats = (await scene.client.state())["seats"]
        what = f"{await scene.name(self._account)} was banned"
        if counts.get("BANNED", 0) != 1:
            return Finding(what, "", f"the stock shows {counts}")
        problem = f"{seats['awaited']} seats are empty" if seats["awaited"] else ""
        followed = (
            f"its groups went to the other seats; replaced from stock, {seats['filled']} seats are filled"
        )
        return Finding(what, followed, problem)


class PrivateGroup(_AtOnce):
    """A group turns private."""

    cycle = 2

    def __init__(self, sample: Sample) -> None:
        self.group, self._chat = list(sample.groups.items())[-1]

    async def begin(self, scene: Scene) -> None:
        """Answer every call about the group with the error of a private one."""
        await scene.system.telegram.inject_fault(FaultSpec(chat=self._chat, name=PRIVATE))

    async def finding(self, scene: Scene, log: Sequence[Json]) -> Finding:
        """Look for the group's lines since, and for how often it was asked."""
        cycles = cycles_in(log)[self.cycle - 1 :]
        lines = [line for line in log if line["group"] == self.group and line["cycle"] in cycles]
        asked = [one for one in await scene.calls(SENDS, outcome=PRIVATE) if one.chat == self._chat]
        accounts = len({one.account for one in asked})
        what = f"{self.group} turned private"
        said = ", ".join(f"{line['result']} {line['error']}" for line in lines)
        problem = "" if len(lines) == len(cycles) else f"{len(lines)} lines for {len(cycles)} cycles"
        return Finding(what, f"the log says {said}; {accounts} seats had asked {len(asked)} times", problem)


class UnreadableSource(_AtOnce):
    """A seat can't read the post for a moment."""

    cycle = 3

    async def begin(self, scene: Scene) -> None:
        """Answer the next look at the post as if its channel were private."""
        fault = FaultSpec(method=READS, chat=scene.sample.channel, name=PRIVATE, times=1)
        await scene.system.telegram.inject_fault(fault)

    async def finding(self, scene: Scene, log: Sequence[Json]) -> Finding:
        """Look for the account that could not read, and whether the adbot went on."""
        refused = next(iter(await scene.calls(READS, outcome=PRIVATE)), None)
        if refused is None:
            return Finding("a seat could not read the post for a moment", "", "no look at it was answered so")
        stopped = (await scene.client.state())["stop_reason"]
        cycle = cycles_in(log)[self.cycle - 1]
        sent = sum(1 for line in log if line["cycle"] == cycle and line["messages"])
        what = f"{await scene.name(refused.account)} could not read the post for a moment"
        problem = f"the adbot stopped: {stopped}" if stopped not in {None, "requested"} else ""
        return Finding(what, f"the adbot went on: this cycle reached {sent} groups", problem)


class KilledWorker:
    """A worker, or the process of all services, is killed in the middle of a cycle."""

    cycle = 3

    def __init__(self) -> None:
        self._worker = ""
        self._before = 0

    async def begin(self, scene: Scene) -> None:
        """Count what was sent before."""
        self._before = len(await scene.calls(SENDS, outcome="ok"))

    async def strike(self, scene: Scene) -> None:
        """Kill the worker with the most sessions as soon as this cycle has reached a group."""
        if not self._worker and len(await scene.calls(SENDS, outcome="ok")) > self._before:
            self._worker = await _busiest(scene.system)
            os.kill(scene.system.pid(self._worker), signal.SIGKILL)

    async def finding(self, scene: Scene, log: Sequence[Json]) -> Finding:
        """Look for its restart, and for repeated sends, which Telegram drops."""
        del log
        restarts = scene.system.supervisor.status(self._worker).restarts
        repeated = len(await scene.calls(SENDS, outcome="repeat"))
        followed = f"its sessions were leased again; {repeated} sends were repeated, and dropped by Telegram"
        return Finding(
            f"{self._worker} was killed with -9", followed, "" if restarts else "it was not restarted"
        )


async def _busiest(system: LocalSystem) -> str:
    held: dict[str, float] = {}
    async with httpx.AsyncClient(trust_env=False) as http:
        for worker in (process for process in system.processes if process.forwards):
            metrics = (await http.get(f"{worker.url_of('forwarder')}/metrics")).text.splitlines()
            held[worker.name] = sum(float(line.split()[-1]) for line in metrics if line.startswith(_HELD))
    return max(held, key=lambda name: held[name])


class Incidents:
    """The incidents of a demo of some cycles; none if it is to run undisturbed."""

    def __init__(self, scene: Scene, cycles: int, *, undisturbed: bool) -> None:
        private = PrivateGroup(scene.sample)
        planned: list[Incident] = [FloodWait(), Ban(), private, UnreadableSource(), KilledWorker()]
        self._scene = scene
        self._incidents = [] if undisturbed else [one for one in planned if one.cycle <= cycles]
        self.reachable = {private.group: private.cycle - 1} if private in self._incidents else {}
        """For a group that turns private, how many cycles reach it."""

    async def before(self, cycle: int) -> None:
        """Let happen what belongs before a cycle, by its number from 1."""
        for one in self._of(cycle):
            await one.begin(self._scene)

    async def during(self, cycle: int) -> None:
        """Let happen what belongs in the middle of a cycle."""
        for one in self._of(cycle):
            await one.strike(self._scene)

    async def findings(self, log: Sequence[Json]) -> list[Finding]:
        """Return what followed from each."""
        return [await one.finding(self._scene, log) for one in self._incidents]

    def _of(self, cycle: int) -> list[Incident]:
        return [one for one in self._incidents if one.cycle == cycle]
