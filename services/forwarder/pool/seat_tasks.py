"""The tasks of one leased session, done while no send of it is due."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

import structlog

from libs.events.values import ErrorName
from libs.eventsourcing import Engine
from services.forwarder.cycle.commands import Outcome
from services.forwarder.pool.connection import SessionConnection
from services.forwarder.pool.following import RetryLimits
from services.forwarder.pool.health import UNREACHABLE_AFTER, Health, look
from services.forwarder.pool.leases import HeldLease
from services.forwarder.pool.post_checks import Found, PostChecks, PostTask, look_at
from services.forwarder.pool.reach import Reach
from services.forwarder.pool.sends import Send
from services.forwarder.pool.tasks import Task, TaskKind, next_task, put_off
from services.forwarder.ports import MessengerError, NoCredentials
from services.forwarder.settings import ForwarderSettings
from services.forwarder.tables.assignments import application_of

log = structlog.stdlib.get_logger()

LEAST_SECONDS = 2.0
"""The shortest delay between two sends in which a task is begun."""
LONGEST_SECONDS = 60.0
"""How long a task may take while there is no send."""
GRACE_SECONDS = 1.0
"""How long a send that becomes due, or the end of the seat, waits for the end of a task."""
AGAIN_SECONDS = 5.0
"""When a task is done again that a send interrupted."""

T = TypeVar("T")


class SeatTasks:
    """What a seat does apart from sends."""

    def __init__(
        self,
        engine: Engine,
        held: HeldLease,
        connection: SessionConnection,
        settings: ForwarderSettings,
        reach: Reach,
    ) -> None:
        self._engine = engine
        self._session = held.lease.session
        self._connection = connection
        self._reach = reach
        self._health = Health(engine, held.lease, settings, reach)
        self._post_checks = PostChecks(engine, held.lease, RetryLimits.of(settings).lasting)
        self._period = settings.health_check_seconds
        self.due = asyncio.Event()
        """There may be a task to be done now; set at the end, too, so that whoever waits for it goes on."""
        self._sent = False

    def sent(self, outcomes: Iterable[tuple[Send, Outcome]]) -> None:
        """Note outcomes: after a delivery the session is well."""
        if any(outcome.delivery.result.delivered for _, outcome in outcomes):
            self._reach.reached(self._session)
            self._sent = True

    async def settle(self) -> None:
        """Store that the session is well, if it has sent since the last call."""
        if self._sent:
            self._sent = False
            await self._health.reached()

    async def missed(self, error: ErrorName, failures: int) -> None:
        """Store that the session could not be reached for a send, so many times in a row."""
        if failures >= UNREACHABLE_AFTER:
            await self._health.missed(error)

    async def do_next(self, stop: asyncio.Event, seconds: float) -> MessengerError | None:
        """Do the next due task, within these seconds and not long after `stop` is set.

        Return the error if the session turns out to be lost. Raises `LeaseLost`.
        """
        task = await self._engine.query(lambda sql: next_task(sql, self._session))
        if task is None:
            self.due.clear()
            return None
        try:
            return await self._do(task, stop, seconds)
        except TimeoutError:
            await self._engine.query(lambda sql: put_off(sql, self._session, task, AGAIN_SECONDS))
        except NoCredentials as missing:  # an operator has to act
            log.warning("task.impossible", session=str(self._session), kind=task.kind, reason=str(missing))
            await self._engine.query(lambda sql: put_off(sql, self._session, task, self._period))
        return None

    async def _do(self, task: Task, stop: asyncio.Event, seconds: float) -> MessengerError | None:
        match task.kind:
            case TaskKind.HEALTH:
                pair = await self._engine.query(lambda sql: application_of(sql, self._session))
                found = await interruptible(look(self._connection, pair), stop, seconds)
                return await self._health.found(found)
            case TaskKind.POST_CHECK:
                asked = PostTask.of(task)
                answer = await interruptible(self._look_at(asked), stop, seconds)
                if isinstance(answer, Found):
                    await self._health.reached()
                working_for = self._connection.working_for
                if working_for is not None and working_for[0] == asked.adbot:
                    await self._post_checks.learnt(asked, working_for[1])
                return await self._post_checks.found(asked, answer)

    async def _look_at(self, asked: PostTask) -> Found | MessengerError:
        """Look at posts; a loss that may pass is confirmed on a new connection."""
        found = await look_at(self._connection, asked)
        if isinstance(found, MessengerError) and found.meaning.unsure:
            await self._connection.close()
            found = await look_at(self._connection, asked)
        return found


async def interruptible(work: Coroutine[Any, Any, T], stop: asyncio.Event, seconds: float) -> T:
    """Return the result of work; raise `TimeoutError` if it takes longer, or long after `stop` was set."""
    running, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({running, stopping}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if not running.done() and stopping.done():
            await asyncio.wait({running}, timeout=min(GRACE_SECONDS, seconds))
        if not running.done():
            raise TimeoutError
        return running.result()
    finally:
        running.cancel()
        stopping.cancel()
        await asyncio.gather(running, stopping, return_exceptions=True)
