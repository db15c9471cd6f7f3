"""Supervises programs: starts, checks and restarts them, and stops them in reverse order."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Protocol, Self

from adrelay.runtime.child import explains_itself, how_it_ended
from adrelay.runtime.faults import RuntimeFault
from adrelay.runtime.states import Pace, State, Status

FAILED_STARTS_ALLOWED = 3
log = logging.getLogger(__name__)


class Program(Protocol):
    """A program for the supervisor: a `Service`, an `EmbeddedPostgres`, an `EmbeddedNats`."""

    @property
    def name(self) -> str:
        """Return a name that is unique in its supervisor."""
        ...

    @property
    def pid(self) -> int | None:
        """Return the process id while it runs."""
        ...

    async def start(self) -> None:
        """Start or restart it; raise `RuntimeFault` if that fails."""
        ...

    async def ready(self) -> bool:
        """Return whether it is ready."""
        ...

    async def wait(self) -> int:
        """Return the exit code once it has ended."""
        ...

    async def stop(self, deadline_seconds: float) -> bool:
        """Terminate it; return whether it ended before it was killed at the deadline."""
        ...

    def last_words(self) -> str:
        """Return the reason that it printed before its end."""
        ...


class Supervisor:
    """Runs programs until it is stopped; one that ends by itself is restarted.

    ``on_change`` is called with every change of state, in the event loop. Leaving ``async with`` stops all.
    """

    def __init__(
        self, on_change: Callable[[Status], None] | None = None, *, pace: Pace | None = None
    ) -> None:
        self._on_change = on_change
        self._pace = pace or Pace()
        self._watches: dict[str, _Watch] = {}
        self._groups: list[list[_Watch]] = []
        self._changed = asyncio.Event()
        self._hurry = asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        stopping = asyncio.create_task(self.stop())
        try:
            await asyncio.shield(stopping)
        except asyncio.CancelledError:
            await stopping  # a stop in progress is awaited, even if this task is cancelled meanwhile
            raise

    def supervise(self, *programs: Program) -> None:
        """Start programs that do not depend on each other, and keep them running.

        Add those that they depend on before.
        """
        group: list[_Watch] = []
        self._groups.append(group)
        for program in programs:
            if program.name in self._watches:
                raise ValueError(f"{program.name} is supervised already")
            watch = self._watches[program.name] = _Watch(program, self._pace, self._note)
            group.append(watch)
            watch.begin()

    def statuses(self) -> list[Status]:
        """Return the state of each program, in the order of their addition."""
        return [watch.status() for watch in self._watches.values()]

    def status(self, name: str) -> Status:
        """Return the state of one program."""
        return self._watches[name].status()

    async def until_ready(self, *names: str, within_seconds: float = 60) -> None:
        """Wait until these programs are ready; all, if none is named.

        Raises `RuntimeFault`, in one line, for a program that can't be started, has ended several times
        without being ready, or is not ready in time. Its supervision continues.
        """
        watches = [self._watches[name] for name in names or self._watches]
        try:
            async with asyncio.timeout(within_seconds):
                while not _all_ready(watches):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            late = ", ".join(str(watch) for watch in watches if watch.state is not State.READY)
            raise RuntimeFault(f"not ready within {within_seconds:.0f} s: {late}") from None

    async def stop(self) -> None:
        """Stop all programs in the reverse order of their addition, those of one addition at once."""
        for watch in self._watches.values():
            watch.give_up()
        for group in reversed(self._groups):
            await asyncio.gather(*(watch.end(self._hurry) for watch in group))

    def hurry(self) -> None:
        """Kill all programs that are still running, without waiting for their deadlines."""
        self._hurry.set()

    def _note(self, status: Status) -> None:
        self._changed.set()
        if self._on_change is not None:
            self._on_change(status)


class _Watch:
    """One supervised program, and the task that restarts it."""

    def __init__(self, program: Program, pace: Pace, note: Callable[[Status], None]) -> None:
        self.state = State.STOPPED
        self._program = program
        self._pace = pace
        self._note = note
        self._task: asyncio.Task[None] | None = None
        self._started_at: float | None = None
        self._restarts = 0
        self._failures = 0
        self._ever_ready = False
        self._fault: RuntimeFault | None = None
        self._detail = ""

    def __str__(self) -> str:
        return f"{self._program.name} is {self.state}" + (f" ({self._detail})" if self._detail else "")

    def begin(self) -> None:
        """Start the program and keep it running."""
        self._task = asyncio.create_task(self._keep_running(), name=f"supervise {self._program.name}")
        self._task.add_done_callback(self._report_if_broken)

    def give_up(self) -> None:
        """Stop restarting it."""
        if self._task is not None:
            self._task.cancel()

    async def end(self, hurry: asyncio.Event) -> None:
        """Stop the program; kill it as soon as `hurry` is called."""
        if self._task is not None:
            await asyncio.wait([self._task])
        if self._program.pid is not None:
            self._enter(State.STOPPING)
        stopping = asyncio.create_task(self._program.stop(self._pace.stop_seconds))
        hurried = asyncio.create_task(hurry.wait())
        await asyncio.wait([stopping, hurried], return_when=asyncio.FIRST_COMPLETED)
        hurried.cancel()
        if not stopping.done():
            stopping.cancel()
            await asyncio.wait([stopping])
            await self._program.stop(0)
            self._detail = "killed, for it was told to end at once"
        elif not stopping.result():
            self._detail = f"killed, for it did not end within {self._pace.stop_seconds:g} s"
        self._enter(State.STOPPED)

    def status(self) -> Status:
        """Return its current state."""
        pid = self._program.pid
        up = time.monotonic() - self._started_at if self._started_at is not None and pid else 0.0
        return Status(self._program.name, self.state, pid, self._restarts, up, self._detail)

    def raise_if_hopeless(self) -> None:
        """Raise if it was never ready and further waiting is pointless."""
        if self._task is not None and self._task.done() and not self._task.cancelled():
            self._task.result()
        if self._ever_ready:
            return
        if self._fault is not None:
            raise self._fault
        if self._failures >= FAILED_STARTS_ALLOWED:
            raise RuntimeFault(f"{self._program.name}: ended {self._failures} times at start: {self._detail}")

    def _report_if_broken(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            self._note(self.status())

    async def _keep_running(self) -> None:
        while True:
            self._enter(State.STARTING)
            if await self._run_once() >= self._pace.calm_after_seconds:
                self._failures = 0
            self._failures += 1
            self._enter(State.RESTARTING)
            await asyncio.sleep(self._pace.delay_seconds(self._failures))
            self._restarts += 1

    async def _run_once(self) -> float:
        """Run it until it ends; return for how many seconds it ran, 0 after an error."""
        try:
            await self._program.start()
            return await self._follow()
        except Exception as error:  # noqa: BLE001 - whatever went wrong, it is tried again
            self._fault = self._note_fault(error)
            return 0

    async def _follow(self) -> float:
        """Check its health until it ends; return for how many seconds it ran."""
        self._started_at = time.monotonic()
        health = asyncio.create_task(self._follow_health())
        try:
            code = await self._program.wait()
        finally:
            health.cancel()
            await asyncio.wait([health])
        words = self._program.last_words() if explains_itself(code) else ""
        self._detail = f"{how_it_ended(code)}: {words}" if words else how_it_ended(code)
        return time.monotonic() - self._started_at

    async def _follow_health(self) -> None:
        while True:
            if await self._is_ready():
                self._ever_ready = True
                self._enter(State.READY)
            elif self.state is State.READY:
                self._enter(State.UNREADY)
            is_ready = self.state is State.READY
            await asyncio.sleep(self._pace.check_seconds if is_ready else self._pace.poll_seconds)

    async def _is_ready(self) -> bool:
        try:
            return await self._program.ready()
        except Exception as error:  # noqa: BLE001 - who is not known to be ready is not ready
            self._note_fault(error)
            return False

    def _note_fault(self, error: Exception) -> RuntimeFault:
        """Record an error in the status, and log an unexpected one; return it as a fault."""
        if isinstance(error, RuntimeFault):
            fault = error
        else:
            fault = RuntimeFault(f"{self._program.name}: {type(error).__name__}: {error}")
            if self._detail != str(fault):  # each check may find the same
                log.error("%s", fault, exc_info=error)
        self._detail = str(fault)
        return fault

    def _enter(self, state: State) -> None:
        if state is not self.state:
            self.state = state
            self._note(self.status())


def _all_ready(watches: Iterable[_Watch]) -> bool:
    for watch in watches:
        watch.raise_if_hopeless()
    return all(watch.state is State.READY for watch in watches)
