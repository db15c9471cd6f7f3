"""A worker: leases sessions, runs their seats, and stops each before its lease ends."""

import asyncio
import math
import time
from collections.abc import Sequence
from contextlib import suppress

import structlog
from prometheus_client import Gauge

from libs.events.values import SessionId
from libs.eventsourcing import Engine
from libs.eventsourcing.errors import StatementRejected, Transient
from libs.eventsourcing.values import Recorded, new_id
from services.forwarder.cycle.tables import adds_sends
from services.forwarder.pool.connection import SessionConnection
from services.forwarder.pool.figures import SendRate, total_of
from services.forwarder.pool.leases import HeldLease, LeaseLost, Leases
from services.forwarder.pool.queue import sweep
from services.forwarder.pool.seat import SENDS, SeatAtWork
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
        self._broken: dict[SessionId, float] = {}
        self._rate = SendRate()
        self._workers = 0
        """How many workers lived at the last look."""
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
            self._workers = await self._leases.show()
        loops = (self._keep_renewing, self._keep_watching, self._keep_sweeping)
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
            await asyncio.sleep(PACE_SECONDS)
            await happened(self._wake, pause)

    async def _look(self) -> None:
        """Lease sessions with pending sends, and wake the seats of leased ones."""
        self._broken = {one: until for one, until in self._broken.items() if until > time.monotonic()}
        for held in await self._leases.take(self._seats, self._broken):
            self._start(held)
        rows = await self._engine.query(
            lambda sql: sql.fetch(
                "select session from unnest($1::uuid[]) as held (session) "
                "where exists (select from sends s where s.session = held.session)",
                list(self._seats),
            )
        )
        for row in rows:
            if row["session"] in self._seats:
                self._seats[row["session"]][0].wake()

    def _start(self, held: HeldLease) -> None:
        session = held.lease.session
        line = SessionConnection(self._engine, held, self._accounts)
        seat = SeatAtWork(self._engine, held, line, self._settings)
        task = asyncio.create_task(self._work(seat), name=f"seat {session}")
        self._seats[session] = seat, task
        HELD.set(len(self._seats))
        log.info("seat.taken", worker=self.name, session=str(session), epoch=held.lease.epoch)

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
            HELD.set(len(self._seats))

    async def _keep_renewing(self) -> None:
        period = self._settings.lease_seconds / 3
        while True:
            await asyncio.sleep(period)
            seats = [seat for seat, _ in self._seats.values()]
            try:
                async with asyncio.timeout(period):
                    await self._leases.renew([seat.held for seat in seats])
                    rate = self._rate.seen(total_of(SENDS), time.monotonic())
                    workers = await self._leases.show(rate)
            except (Transient, StatementRejected, TimeoutError) as trouble:
                log.warning("pool.not_renewed", worker=self.name, error=repr(trouble))
                continue
            for seat in seats:
                seat.renewed()
            self._share(workers)

    def _share(self, workers: int) -> None:
        """Give up idle sessions for workers that have joined, which then take their part as it gets work."""
        if workers > self._workers > 0:
            surplus = len(self._seats) - math.ceil(len(self._seats) * self._workers / workers)
            for seat in [seat for seat, _ in self._seats.values() if seat.connection.idling][:surplus]:
                seat.end()
        self._workers = workers

    async def _keep_watching(self) -> None:
        """Cancel and disconnect every seat whose lease was not renewed in time, whatever it waits for."""
        while True:
            await asyncio.sleep(min(0.2, self._settings.lease_seconds / 20))
            late = [(seat, task) for seat, task in self._seats.values() if seat.held.remaining <= 0]
            for seat, task in late:
                log.warning("seat.abandoned", worker=self.name, session=str(seat.held.lease.session))
                task.cancel()
            await asyncio.gather(*(seat.abandon() for seat, _ in late))

    async def _keep_sweeping(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            with suppress(Transient, StatementRejected):
                await sweep(self._engine)

    async def _wind_up(self) -> None:
        tasks = [task for _, task in self._seats.values()]
        for seat, _ in self._seats.values():
            seat.end()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
