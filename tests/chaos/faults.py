"""Injects faults into a running system."""

import asyncio
import os
import random
import shutil
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from sandbox.telegram import FaultAction, FaultMoment, FaultSpec
from tests.chaos.schedule import Fault, Kind
from tests.chaos.system import ChaosSystem
from tests.support.suspending import suspend

DEADLINE_SECONDS = 60.0
"""How long a fault waits for its target process to run."""
SENDS = "messages.forwardMessages"


@dataclass
class InjectedFault:
    """An injected fault, its time, and its outcome."""

    fault: Fault
    at: float
    """Seconds since the schedule began."""
    outcome: str = "injected"


class Chaos:
    """Injects the faults of a schedule; long faults overlap with the next ones."""

    def __init__(self, system: ChaosSystem, seed: int) -> None:
        self.injected: list[InjectedFault] = []
        self._system = system
        self._chance = random.Random(seed)
        self.began = time.monotonic()
        self._filling = asyncio.Lock()

    async def run(self, schedule: Sequence[Fault], pace: float = 1.0) -> None:
        """Inject every fault after its pause times `pace`; return when the last one has ended."""
        self.began = time.monotonic()
        async with asyncio.TaskGroup() as lasting:
            for fault in schedule:
                await asyncio.sleep(fault.after * pace)
                note = InjectedFault(fault, round(time.monotonic() - self.began, 1))
                self.injected.append(note)
                lasting.create_task(self._note(note))

    async def heal(self) -> None:
        """End the faults that do not end by themselves."""
        await self._system.telegram.clear_faults()
        await self._system.payments.heal()

    async def _note(self, note: InjectedFault) -> None:
        try:
            note.outcome = await self._strike(note.fault) or note.outcome
        except (LookupError, ProcessLookupError) as error:
            note.outcome = f"missed: {error}"

    async def _strike(self, fault: Fault) -> str | None:
        match fault.kind:
            case Kind.KILL | Kind.KILL_WORKER | Kind.KILL_NATS | Kind.KILL_POSTGRES:
                os.kill(await self._pid(fault.target), signal.SIGKILL)
            case Kind.KILL_BACKEND:
                return await self._kill_backend()
            case Kind.FREEZE | Kind.FREEZE_WORKER | Kind.FREEZE_NATS:
                await self._freeze(fault.target, fault.seconds)
            case Kind.CUT:
                return f"{self._system.proxies[fault.target].cut()} ends cut"
            case Kind.REFUSE:
                await self._system.proxies[fault.target].refuse(fault.seconds)
            case Kind.STALL:
                await self._system.proxies[fault.target].stall(fault.seconds)
            case Kind.WIPE_NATS:
                await self._wipe()
            case Kind.FILL_NATS | Kind.FILL_POSTGRES:
                async with self._filling:
                    filled = await self._system.fill(fault.target, fault.seconds)
                return f"{filled // 1024**2} MiB filled"
            case Kind.PROVIDER_DOWN | Kind.PROVIDER_SLOW | Kind.PROVIDER_LOSES:
                await self._provider(fault)
            case _:
                await self._telegram(fault.kind)
        return None

    async def _pid(self, name: str) -> int:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while True:
            with suppress(LookupError):
                return self._system.pid(name)
            if time.monotonic() > deadline:
                message = f"{name} does not run"
                raise LookupError(message)
            await asyncio.sleep(0.1)

    async def _kill_backend(self) -> str:
        postmaster = await self._pid("postgres")
        backends = [child for child in _children(postmaster) if "adrelay" in _command(child)]
        if not backends:
            message = "no backend of ours is connected"
            raise LookupError(message)
        victim = self._chance.choice(backends)
        what = _command(victim).strip("\0 ")
        os.kill(victim, signal.SIGKILL)
        return what

    async def _freeze(self, name: str, seconds: float) -> None:
        pid = await self._pid(name)
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            with suppress(LookupError, ProcessLookupError):
                if self._system.pid(name) == pid:
                    os.kill(pid, signal.SIGCONT)

    async def _wipe(self) -> None:
        """Delete the streams while the server is stopped, then kill it before its next instruction."""
        pid = await self._pid("nats")
        await suspend(pid)
        lost = self._system.nats_data.with_name(f"lost-{uuid4().hex[:8]}")
        with suppress(FileNotFoundError):
            self._system.nats_data.rename(lost)
        os.kill(pid, signal.SIGKILL)
        await asyncio.to_thread(shutil.rmtree, lost, ignore_errors=True)

    async def _provider(self, fault: Fault) -> None:
        payments = self._system.payments
        match fault.kind:
            case Kind.PROVIDER_DOWN:
                await payments.be_down(for_seconds=fault.seconds)
            case Kind.PROVIDER_SLOW:
                await payments.be_slow(3.0, for_seconds=fault.seconds)
            case _:
                await payments.lose_answers(for_seconds=fault.seconds, count=2)

    async def _telegram(self, kind: Kind) -> None:
        telegram = self._system.telegram
        match kind:
            case Kind.TELEGRAM_WAIT:
                spec = FaultSpec(method=SENDS, name=f"FLOOD_WAIT_{self._chance.randint(1, 4)}", times=3)
            case Kind.TELEGRAM_DROP:
                spec = FaultSpec(
                    method=SENDS, action=FaultAction.DROP_CONNECTION, moment=FaultMoment.AFTER, times=3
                )
            case Kind.TELEGRAM_ERROR:
                spec = FaultSpec(method=SENDS, name="RPC_CALL_FAIL", times=4)
            case Kind.TELEGRAM_SILENT:
                spec = FaultSpec(
                    method=SENDS, action=FaultAction.NEVER_ANSWER, moment=FaultMoment.AFTER, times=2
                )
            case _:
                await telegram.drop_connections()
                return
        await telegram.inject_fault(spec)


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    return ""
