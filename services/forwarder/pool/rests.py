"""The rests of accounts that a worker knows of and has not stored yet: nothing is sent within them."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from libs.events.values import ErrorName, ResultClass, SessionId
from libs.eventsourcing import Cause, Causes, Engine, UnitOfWork
from libs.eventsourcing.background import heed_cancellation
from libs.eventsourcing.errors import StatementRejected, Transient
from services.forwarder.client.commands import Pause
from services.forwarder.client.domain import CLIENT
from services.forwarder.pool.leases import now

log = structlog.stdlib.get_logger()

ACTOR = "service:forwarder"
RETRY_SECONDS = 0.2


@dataclass(frozen=True)
class Rest:
    """A rest that the messenger asked for. `until` is on the clock of leases."""

    until: float
    result: ResultClass
    error: ErrorName
    cause: Cause


class Rests:
    """The rests that one worker owes the database.

    They are stored without a lease, for they are true of the account whoever holds it: a seat whose lease was
    lost, or whose database was away, has still been told to wait.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._owed: dict[SessionId, Rest] = {}
        self._some = asyncio.Event()
        self._storing = asyncio.Lock()

    def remaining(self, session: SessionId) -> float:
        """Return the seconds until the end of a session's rest that is not stored yet, 0 without one."""
        rest = self._owed.get(session)
        return 0.0 if rest is None else max(0.0, rest.until - now())

    def begin(self, session: SessionId, rest: Rest) -> None:
        """Let a session rest; it is stored by `store`, or later."""
        self._owed[session] = rest
        self._some.set()

    async def store(self, session: SessionId) -> None:
        """Store the rest of a session, if it is not stored yet; raise what the database says."""
        async with self._storing:
            rest = self._owed.get(session)
            if rest is not None:
                await self._store(session, rest)

    async def keep_storing(self) -> None:
        """Store what could not be stored at once, until cancelled."""
        while True:
            heed_cancellation()
            await self._some.wait()
            await asyncio.sleep(RETRY_SECONDS)
            await self.store_all()

    async def store_all(self) -> None:
        """Try once to store each rest that is not stored yet."""
        for session, rest in list(self._owed.items()):
            try:
                await self.store(session)
            except (Transient, StatementRejected, OSError) as trouble:
                log.warning("rest.not_stored", session=str(session), error=repr(trouble))
                if rest.until < now():
                    self._forget(session, rest)

    async def _store(self, session: SessionId, rest: Rest) -> None:
        async def work(unit: UnitOfWork) -> None:
            at: datetime = await unit.flushed.fetchval("select clock_timestamp()")
            until = at + timedelta(seconds=rest.until - now())
            pause = Pause(until, rest.result, rest.error, unit.at)
            await unit.execute(CLIENT, session, pause, because=rest.cause)

        if rest.until > now():  # else there is nothing to wait for any more
            await self._engine.run(work, Causes.unprompted(ACTOR))
        self._forget(session, rest)

    def _forget(self, session: SessionId, rest: Rest) -> None:
        if self._owed.get(session) is rest:
            del self._owed[session]
        if not self._owed:
            self._some.clear()
