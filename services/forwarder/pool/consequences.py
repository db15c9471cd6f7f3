"""What a seat does about an answer that is no delivery."""

import asyncio
from collections.abc import Awaitable, Callable

from structlog.stdlib import BoundLogger

from libs.events.values import ResultClass
from libs.eventsourcing.errors import Transient
from services.forwarder.cycle.state import SECOND_CHANCE
from services.forwarder.pool.answers import log_answer
from services.forwarder.pool.batch import Batch
from services.forwarder.pool.connection import SessionConnection
from services.forwarder.pool.following import (
    Again,
    BreakSource,
    Following,
    LeaveSource,
    LoseSeat,
    PauseSeat,
    Record,
    RetryLimits,
    what_follows,
)
from services.forwarder.pool.posting import SendFailed
from services.forwarder.pool.queue import Queue
from services.forwarder.pool.recording import Recorder
from services.forwarder.pool.rests import Rest, Rests
from services.forwarder.pool.sends import Send
from services.forwarder.pool.waiting import happened

RETRY_SECONDS = 0.2


class Consequences:
    """Stores what follows from the answers that one seat gets; `flush` records its batch."""

    def __init__(
        self,
        line: SessionConnection,
        limits: RetryLimits,
        *,
        queue: Queue,
        recorder: Recorder,
        batch: Batch,
        rests: Rests,
        flush: Callable[[], Awaitable[None]],
    ) -> None:
        self._line = line
        self._limits = limits
        self._queue, self._recorder, self._batch, self._rests = queue, recorder, batch, rests
        self._flush = flush

    async def follow(
        self, send: Send, failed: SendFailed, log: BoundLogger, *, doubtful: bool, ending: asyncio.Event
    ) -> bool:
        """Store what follows; return whether the session is lost.

        Until that is done nothing else is sent, for the answer may forbid it. Raises `LeaseLost`, and what
        the database says if the seat is ending.
        """
        log_answer(log, send, failed)
        if failed.meaning.disconnects:
            await self._line.close()
        wait, attempts = failed.meaning.wait_seconds, send.attempts + 1
        following = what_follows(failed.result, wait, attempts, self._limits, failed.party)
        if isinstance(following, PauseSeat):
            rest = Rest(failed.at + following.seconds, failed.result, failed.error, send.cause)
            self._rests.begin(self._line.held.lease.session, rest)
        while True:
            try:
                await self._store(send, following, failed, doubtful=doubtful)
                return isinstance(following, LoseSeat)
            except (Transient, OSError) as trouble:
                if ending.is_set():
                    raise
                log.warning("answer.not_stored", error=repr(trouble))
                self._line.held.check()
                await happened(ending, RETRY_SECONDS)

    async def _store(self, send: Send, following: Following, failed: SendFailed, *, doubtful: bool) -> None:
        attempts = send.attempts + 1
        if failed.result is ResultClass.SLOW_MODE:
            await self._recorder.slow_mode(send, failed)
        match following:
            case Record():
                self._batch.note_failed(send, failed, doubtful=doubtful)
                if failed.result in SECOND_CHANCE:  # another seat may be able to serve the group
                    await self._flush()
            case Again(seconds):
                await self._queue.put_off(send, seconds, attempts=attempts, doubtful=doubtful)
            case PauseSeat():
                await self._rest(send, failed, doubtful=doubtful)
            case LoseSeat():
                await self._flush()
                await self._recorder.lose(send, failed)
            case LeaveSource():
                await self._flush()
                await self._recorder.leave_source(send, failed)
            case BreakSource():
                await self._flush()
                await self._recorder.break_source(send, failed.error)

    async def _rest(self, send: Send, failed: SendFailed, *, doubtful: bool) -> None:
        await self._rests.store(self._line.held.lease.session)
        attempts = send.attempts + 1
        if attempts >= self._limits.attempts:
            self._batch.note_failed(send, failed, doubtful=doubtful)
        else:
            await self._queue.put_off(send, 0, attempts=attempts, doubtful=doubtful)
        await self._flush()
