"""A trial: a worker process is brought to an exact point of its work, and killed; others finish the work."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from libs.events.forwarder import DeliveriesRecorded
from libs.events.values import AdbotId, CycleId, GroupRef, Pacing, ResultClass, Seat
from sandbox.telegram.models import FaultView
from sandbox.telegram.specs import FaultAction, FaultMoment, FaultSpec
from services.forwarder.settings import ForwarderSettings
from tests.integration.forwarder.harness import ForwarderHarness
from tests.integration.forwarder.processes import running
from tests.support.process import Process
from tests.support.waiting import until

SEND = "messages.forwardMessages"
RESOLVE = "contacts.resolveUsername"
"""Each group's name is resolved just before its first send, and the source's before all of them."""
PACING = Pacing(delay_seconds=0.01)
COMMIT_LOCK = 4711
_BLOCKED = """
select count(*) from pg_stat_activity
where datname = current_database() and wait_event_type = 'Lock' and query ilike $1
"""
_HOLD_COMMITS = f"""
create function hold_commit() returns trigger language plpgsql as
    $$ begin perform pg_advisory_xact_lock_shared({COMMIT_LOCK}); return null; end $$;
create constraint trigger hold_commit after insert on engine.events deferrable initially deferred
    for each row when (new.type = 'DeliveriesRecorded') execute function hold_commit();
"""


class Trial:
    """Seats with cycles, whose outcomes a worker records late: only when a batch of them is full."""

    def __init__(self, harness: ForwarderHarness, settings: ForwarderSettings, logs: Path) -> None:
        self.harness = harness
        self.settings = settings.model_copy(
            update={
                "lease_seconds": 60.0,
                "request_seconds": 60.0,
                "batch_seconds": 60.0,
                "max_batch_seconds": 60.0,
            }
        )
        self.cycles: dict[CycleId, list[GroupRef]] = {}
        self.seats: list[Seat] = []
        self._logs = logs

    @property
    def groups(self) -> list[GroupRef]:
        """The groups of all cycles, in the order in which they get the post."""
        return [group for groups in self.cycles.values() for group in groups]

    @property
    def account(self) -> int:
        """The account of the first seat."""
        return self.harness.account(self.seats[0])

    async def begin(self, groups: int = 5, *, seats: int = 1, pacing: Pacing = PACING) -> CycleId:
        """Begin a cycle of another adbot with the same seats."""
        self.seats = self.seats or await self.harness.seats(seats)
        self.harness.adbot = AdbotId(uuid4())
        named = self.harness.groups(groups, self.seats)
        cycle = await self.harness.begin(self.seats, named, pacing=pacing)
        self.cycles[cycle] = named
        return cycle

    @asynccontextmanager
    async def worker(self, *, batch_size: int = 20) -> AsyncGenerator[Process]:
        """Run a worker process until the end of the block, at which it is killed."""
        settings = self.settings.model_copy(update={"batch_size": batch_size})
        async with running(settings, self._logs) as process:
            yield process
            await process.killed()

    # -- points

    def hold(self, method: str, moment: FaultMoment, *, after: int) -> FaultView:
        """Hold one call of this method by the first seat, or its answer, after so many others."""
        call = {"account": self.account, "method": method}
        if after:
            passed = {"action": FaultAction.DELAY, "seconds": 0.001, "times": after}
            self.harness.telegram.inject_fault(FaultSpec.model_validate(call | passed))
        held = {"action": FaultAction.HOLD, "moment": moment, "times": 1}
        return self.harness.telegram.inject_fault(FaultSpec.model_validate(call | held))

    async def held(self, fault: FaultView) -> None:
        """Wait until the call is held."""

        async def struck() -> bool:
            return any(one.id == fault.id and one.struck for one in self.harness.telegram.faults())

        await until(struck, why="the call to be held")

    @asynccontextmanager
    async def locked(self, statement: str, *arguments: object) -> AsyncGenerator[None]:
        """Lock rows with a statement until the end of the block."""
        async with self.harness.engine.pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                await connection.execute(statement, *arguments)
                yield
            finally:
                await transaction.rollback()

    @asynccontextmanager
    async def commits_held(self) -> AsyncGenerator[None]:
        """Let commits of deliveries wait until the end of the block."""
        await self.harness.engine.query(lambda sql: sql.execute(_HOLD_COMMITS))
        async with self.locked(f"select pg_advisory_xact_lock({COMMIT_LOCK})"):
            yield

    async def blocked(self, statement: str) -> None:
        """Wait until a statement like this one waits for a lock."""

        async def waits() -> int:
            found: int = await self.harness.engine.query(lambda sql: sql.fetchval(_BLOCKED, statement))
            return found

        await until(waits, why=f"{statement!r} to wait for a lock")

    async def expire_leases(self) -> None:
        """End the leases of workers that were killed, as if their time had passed."""
        await self.harness.engine.query(lambda sql: sql.execute("update pool.seats set until = '-infinity'"))

    async def lease_expired(self) -> bool:
        """Return whether the lease has expired."""
        expired = "select true from pool.seats where until < clock_timestamp()"
        return bool(await self.harness.engine.query(lambda sql: sql.fetchval(expired)))

    # -- what became of it

    def delivered(self) -> int:
        """Return how many groups have the post."""
        return len([group for group in self.groups if self.harness.messages(group)])

    async def until_delivered(self, count: int) -> None:
        """Wait until so many groups have the post."""

        async def enough() -> bool:
            return self.delivered() >= count

        await until(enough)

    async def recorded(self) -> int:
        """Return how many deliveries are recorded."""
        events = await self.harness.events_of(DeliveriesRecorded)
        return sum(len(event.deliveries) for event in events)

    def sends(self, outcome: str) -> int:
        """Return how many sends had this outcome at the server."""
        return len([entry for entry in self.harness.sent() if entry.outcome == outcome])

    async def finish(self, cycles: Sequence[CycleId] | None = None) -> None:
        """Let another worker finish these cycles, or all, once the leases of killed ones have ended."""
        await self.expire_leases()
        changes = self.settings.model_dump(include={"lease_seconds", "request_seconds"})
        async with self.harness.working(**changes):
            for cycle in self.cycles if cycles is None else cycles:
                counts = await self.harness.finished(cycle)
                assert counts == {ResultClass.SENT: len(self.cycles[cycle])}

    async def check(self) -> None:
        """Check that each group has the post once, and that this is recorded once, with the message's id."""
        self.harness.telegram.clear_faults()  # what is held is executed, now at the latest
        assert self.harness.copies(self.groups) == {1: len(self.groups)}
        for cycle, groups in self.cycles.items():
            deliveries = await self.harness.deliveries(cycle)
            assert set(deliveries) == set(groups)
            for group in groups:
                assert deliveries[group].messages == (self.harness.messages(group)[0].id,)
        assert self.sends("ok") == len(self.groups)
        assert not self.harness.telegram.held_twice()
