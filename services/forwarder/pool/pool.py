"""A worker: leases sessions, runs their seats, and stops each before its lease ends."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress

import structlog
from prometheus_client import Gauge

from libs.events.values import SessionId
from libs.eventsourcing import Engine
from libs.eventsourcing.background import heed_cancellation
from libs.eventsourcing.errors import StatementRejected, Transient
from libs.eventsourcing.values import Recorded, new_id
from services.forwarder.cycle.tables import adds_sends
from services.forwarder.pool.answers import SENDS
from services.forwarder.pool.connection import SessionConnection
from services.forwarder.pool.figures import SendRate, total_of
from services.forwarder.pool.handover import Handover
from services.forwarder.pool.leases import HeldLease, LeaseLost, Leases
from services.forwarder.pool.methods import Allowances
from services.forwarder.pool.reach import Reach
from services.forwarder.pool.rests import Rests
from services.forwarder.pool.seat import SeatAtWork
from services.forwarder.pool.seat_tasks import SeatTasks
from services.forwarder.pool.sweeping import sweep
from services.forwarder.pool.tasks import arm, forget_tasks, with_work
from services.forwarder.pool.waiting import happened
from services.forwarder.ports import Accounts
from services.forwarder.settings import ForwarderSettings

log = structlog.stdlib.get_logger()

HELD = Gauge("adrelay_forwarder_sessions_held", "Sessions that this worker holds.")
STOP_SECONDS = 5.0
SWEEP_SECONDS = 60.0
PACE_SECONDS = 0.02
"""The shortest interval between two polls, in seconds; wake-ups meanwhile share one."""
AVOID_SECONDS = 30.0
"""For how many seconds a session is not leased again after its seat failed."""


class Pool:
    """The seats of one worker. Any number of workers, in any number of processes, share the sessions."""

    def __init__(
        self, engine: Engine, accounts: Accounts, settings: ForwarderSettings, *, name: str = ""
    ) -> None:
        self.name = name or f"worker-{new_id().hex[-12:]}"
        self._engine = engine
        self._accounts = accounts
        self._settings = settings
        self._leases = Leases(engine, self.name, settings.lease_seconds, settings.max_sessions)
        self._seats: dict[SessionId, tuple[SeatAtWork, asyncio.Task[None]]] = {}
        self._has_seats = asyncio.Event()
        """Set while there are seats."""
        self._for_tasks: set[SessionId] = set()
        """The sessions that were leased for tasks alone."""
        self._reach = Reach()
        self._rests = Rests(engine)
        self._broken: dict[SessionId, float] = {}
        self._handover = Handover(self._leases)
        self._rate = SendRate()
        self._wake = asyncio.Event()
        engine.on_commit(self._committed)

    def _committed(self, recorded: Sequence[Recorded]) -> None:
        if any(adds_sends(one.event) for one in recorded):
            self.wake()

    def wake(self) -> None:
        """Poll for work at once."""
        self._wake.set()

    @property
    def held(self) -> list[HeldLease]:
        """This worker's leases."""
        return [seat.held for seat, _ in self._seats.values()]

    async def run(self) -> None:
        """Work until cancelled; then finish and record the sends in progress, and release the sessions."""
        log.info("pool.started", worker=self.name)
        with suppress(Transient, StatementRejected):
            self._handover.begin(await self._leases.show())
        loops = (self._keep_renewing, self._keep_watching, self._keep_sweeping, self._rests.keep_storing)
        keepers = [asyncio.create_task(loop()) for loop in loops]
        try:
            await self._keep_looking()
        finally:
            await self._wind_up()
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)
            with suppress(Transient, StatementRejected):
                await self._leases.leave()
            log.info("pool.stopped", worker=self.name)

    async def _keep_looking(self) -> None:
        while True:
            self._wake.clear()
            pause = self._settings.poll_seconds
            try:
                await self._look()
                pause = min(pause, await self._leases.next_end())
            except (Transient, StatementRejected) as trouble:
                log.warning("pool.retry", worker=self.name, error=repr(trouble))
            heed_cancellation()
            await asyncio.sleep(PACE_SECONDS)
            await happened(self._wake, pause)

    async def _look(self) -> None:
        """Lease sessions with pending sends, and wake the seats of leased ones."""
        self._broken = {one: until for one, until in self._broken.items() if until > time.monotonic()}
        for held in await self._leases.take(self._seats, self._broken):
            self._start(held, self._settings)
        await self._take_for_tasks()
        for session, has in (await self._engine.query(lambda sql: with_work(sql, list(self._seats)))).items():
            if session in self._seats:
                seat, _ = self._seats[session]
                if has.sends:
                    seat.wake()
                if has.tasks:
                    _begin_tasks(seat)

    async def _take_for_tasks(self) -> None:
        """Lease a few sessions for tasks alone; their seats end as soon as they have nothing to do."""
        settings = self._settings
        room = min(settings.task_sessions - len(self._for_tasks), settings.max_sessions - len(self._seats))
        if room > 0:
            for held in await self._leases.take_for_tasks(room, [*self._seats, *self._broken]):
                self._for_tasks.add(held.lease.session)
                _begin_tasks(self._start(held, settings.model_copy(update={"idle_seconds": 0.0})))

    def _start(self, held: HeldLease, settings: ForwarderSettings) -> SeatAtWork:
        session = held.lease.session
        line = SessionConnection(self._engine, held, self._accounts, Allowances.of(settings))
        tasks = SeatTasks(self._engine, held, line, settings, self._reach)
        seat = SeatAtWork(self._engine, line, settings, tasks, self._rests)
        task = asyncio.create_task(self._work(seat), name=f"seat {session}")
        self._seats[session] = seat, task
        self._has_seats.set()
        HELD.set(len(self._seats))
        log.info("seat.taken", worker=self.name, session=str(session), epoch=held.lease.epoch)
        return seat

    async def _work(self, seat: SeatAtWork) -> None:
        session = seat.held.lease.session
        try:
            await seat.run()
            await self._leases.release(seat.held.lease)
            log.info("seat.released", worker=self.name, session=str(session))
        except LeaseLost as lost:
            log.warning("seat.lost", worker=self.name, session=str(session), reason=str(lost))
        except (Transient, StatementRejected, OSError) as trouble:
            log.warning("seat.left", worker=self.name, session=str(session), error=repr(trouble))
        except Exception as error:  # one seat's failure must not end the others
            log.exception("seat.broke", worker=self.name, session=str(session), error=type(error).__name__)
            self._broken[session] = time.monotonic() + AVOID_SECONDS
        finally:
            del self._seats[session]
            if not self._seats:
                self._has_seats.clear()
            HELD.set(len(self._seats))
            if session in self._for_tasks:
                self._for_tasks.remove(session)
                self.wake()  # another session may have been waiting

    async def _keep_renewing(self) -> None:
        period = self._settings.lease_seconds / 3
        while True:
            heed_cancellation()
            await asyncio.sleep(period)
            seats = [seat for seat, _ in self._seats.values()]
            try:
                async with asyncio.timeout(period):
                    await self._leases.renew([seat.held for seat in seats])
                    rate = self._rate.seen(total_of(SENDS), time.monotonic())
                    workers = await self._leases.show(len(self._seats), rate)
            except (Transient, StatementRejected, TimeoutError) as trouble:
                log.warning("pool.not_renewed", worker=self.name, error=repr(trouble))
                continue
            for seat in seats:
                seat.connection.keep()
            with suppress(Transient, StatementRejected):
                await self._handover.share(workers, [seat for seat, _ in self._seats.values()])

    async def _keep_watching(self) -> None:
        """Cancel and disconnect every seat whose lease was not renewed in time, whatever it waits for."""
        while True:
            heed_cancellation()
            await self._has_seats.wait()
            await asyncio.sleep(min(0.2, self._settings.lease_seconds / 20))
            late = [(seat, task) for seat, task in self._seats.values() if seat.held.remaining <= 0]
            for seat, task in late:
                log.warning("seat.abandoned", worker=self.name, session=str(seat.held.lease.session))
                task.cancel()
            await asyncio.gather(*(seat.connection.close() for seat, _ in late))

    async def _keep_sweeping(self) -> None:
        while True:
            with suppress(Transient, StatementRejected):
                await arm(self._engine, self._settings.health_check_seconds)
            heed_cancellation()
            await asyncio.sleep(SWEEP_SECONDS)
            with suppress(Transient, StatementRejected):
                await sweep(self._engine)
                await self._engine.query(forget_tasks)

    async def _wind_up(self) -> None:
        tasks = [task for _, task in self._seats.values()]
        for seat, _ in self._seats.values():
            seat.end()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(TimeoutError):  # another worker would send within a rest that is not stored
            async with asyncio.timeout(STOP_SECONDS):
                await self._rests.store_all()


def _begin_tasks(seat: SeatAtWork) -> None:
    """Wake a seat that has a due task, unless it knows already."""
    if not seat.tasks.due.is_set():
        seat.tasks.due.set()
        seat.wake()
