"""Checks whether a session is alive and reached, and stores what is found."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from libs.events.values import ApplicationId, ErrorName
from libs.eventsourcing import Causes, Engine, UnitOfWork
from services.forwarder.client.commands import MarkReachable, MarkUnreachable
from services.forwarder.client.domain import CLIENT
from services.forwarder.pool.confirmation import LOSSES
from services.forwarder.pool.connection import SessionConnection
from services.forwarder.pool.leases import Lease, require
from services.forwarder.pool.reach import Reach
from services.forwarder.pool.recording import ACTOR
from services.forwarder.pool.tasks import checked
from services.forwarder.ports import MessengerError
from services.forwarder.settings import ForwarderSettings

UNREACHABLE_AFTER = 3
"""A session that fails so many times in a row is marked as unreachable."""
_MOST_DOUBLINGS = 4

_REACHED = """
insert into pool.health as h (session, reached_at) values ($1, clock_timestamp())
on conflict (session) do update
set reached_at = clock_timestamp(), failures = 0, failing_since = null, error = null
"""
_MISSED = """
insert into pool.health as h (session, failures, failing_since, error) values ($1, 1, clock_timestamp(), $2)
on conflict (session) do update set failures = h.failures + 1, error = $2,
    failing_since = coalesce(h.failing_since, clock_timestamp())
returning failures, failing_since
"""
_RETRY = """
update pool.tasks set attempts = attempts + 1, due_at = clock_timestamp() + $2
where session = $1 and kind = 'HEALTH'
"""
_WAIT = "update pool.tasks set due_at = clock_timestamp() + $2 where session = $1 and kind = 'HEALTH'"


async def look(connection: SessionConnection, application: ApplicationId | None) -> MessengerError | None:
    """Ask for the session's user; return what the messenger answers if it is no user.

    A loss that may pass is asked about again on a new connection. Raises `LeaseLost`, `NoCredentials`.
    """
    for anew in (False, True):
        try:
            await connection.identify(application, anew=anew)
        except MessengerError as error:
            if anew or not error.meaning.unsure:
                return error
        else:
            break
    return None


class Health:
    """The health of one leased session."""

    def __init__(self, engine: Engine, lease: Lease, settings: ForwarderSettings, reach: Reach) -> None:
        self._engine = engine
        self._lease = lease
        self._period = settings.health_check_seconds
        self._retry = settings.health_retry_seconds
        self._reach = reach

    async def found(self, error: MessengerError | None) -> MessengerError | None:
        """Store the result of a look; return the error if the session is lost, which is stored elsewhere."""
        if error is None:
            await self.reached()
        elif error.meaning.result in LOSSES:
            return error
        elif error.meaning.wait_seconds:
            wait = timedelta(seconds=error.meaning.wait_seconds)
            await self._engine.query(lambda sql: sql.execute(_WAIT, self._lease.session, wait))
        else:
            await self.missed(error.name)
        return None

    async def reached(self) -> None:
        """Store that the session was reached, and let the next check wait."""
        self._reach.reached(self._lease.session)

        async def work(unit: UnitOfWork) -> None:
            session = self._lease.session
            failures = await unit.flushed.fetchval(
                "select failures from pool.health where session = $1", session
            )
            await unit.flushed.execute(_REACHED, session)
            await checked(unit.flushed, session, self._period)
            if failures:
                await unit.execute(CLIENT, session, MarkReachable())

        await self._run(work)

    async def missed(self, error: ErrorName) -> None:
        """Store that the session was not reached; mark it if this goes on, and others are reached."""
        others = self._reach.missed(self._lease.session)

        async def work(unit: UnitOfWork) -> None:
            session = self._lease.session
            row = await unit.flushed.fetchrow(_MISSED, session, error)
            failures, since = (row["failures"], row["failing_since"]) if row else (1, unit.at)
            wait = self._retry * 2 ** min(failures - 1, _MOST_DOUBLINGS)
            await unit.flushed.execute(_RETRY, session, timedelta(seconds=wait))
            if others and failures >= UNREACHABLE_AFTER:
                await self._mark(unit, error, since)

        await self._run(work)

    async def _mark(self, unit: UnitOfWork, error: ErrorName, since: datetime) -> None:
        await unit.execute(CLIENT, self._lease.session, MarkUnreachable(error, since))

    async def _run(self, work: Callable[[UnitOfWork], Awaitable[None]]) -> None:
        async def fenced(unit: UnitOfWork) -> None:
            await require(unit.flushed, self._lease)
            await work(unit)

        await self._engine.run(fenced, Causes.first(ACTOR))
