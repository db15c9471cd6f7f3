"""A running seat: serves its groups one after the other, paced, and records the outcomes."""

import asyncio
import random
from collections.abc import Sequence

import structlog

from libs.events.values import ErrorName, Party, ResultClass
from libs.eventsourcing import Engine
from libs.eventsourcing.errors import StatementRejected, Transient
from services.forwarder.pool.answers import SENDS
from services.forwarder.pool.batch import Batch
from services.forwarder.pool.block import MOST, Blocks
from services.forwarder.pool.claims import Rival, same_as
from services.forwarder.pool.confirmation import Confirmation
from services.forwarder.pool.connection import SessionConnection
from services.forwarder.pool.consequences import Consequences
from services.forwarder.pool.diagnosis import Diagnosis
from services.forwarder.pool.following import RetryLimits
from services.forwarder.pool.leases import now
from services.forwarder.pool.newest import Newest
from services.forwarder.pool.posting import Posting, Prepared, SendFailed
from services.forwarder.pool.previous import PreviousPosts
from services.forwarder.pool.queue import Queue
from services.forwarder.pool.recording import Recorder
from services.forwarder.pool.rests import Rests
from services.forwarder.pool.seat_tasks import LEAST_SECONDS, LONGEST_SECONDS, SeatTasks
from services.forwarder.pool.sends import Send, Turn
from services.forwarder.pool.waiting import happened
from services.forwarder.ports import MessengerError, Unreachable
from services.forwarder.settings import ForwarderSettings

log = structlog.stdlib.get_logger()

RETRY_SECONDS = 0.2
LOOK_AGAIN_SECONDS = 1.0
"""How long a seat that waits for one group may overlook another that was queued meanwhile, in seconds."""
RIVAL_SECONDS = 0.5
"""The interval at which a reference checks the outcome of another one with the same target, in seconds."""


class SeatAtWork:
    """A leased session at work, which ends after it has been idle for a while."""

    def __init__(
        self,
        engine: Engine,
        line: SessionConnection,
        settings: ForwarderSettings,
        tasks: SeatTasks,
        rests: Rests,
    ) -> None:
        self.held = held = line.held
        self.tasks = tasks
        self.connection = line
        self._rests = rests
        self._limits = limits = RetryLimits.of(settings)
        self._queue = Queue(engine, held.lease, settings)
        self._recorder = Recorder(engine, held.lease, limits, line.ban)
        self._batch = Batch(settings, held.lease.session)
        self._diagnosis = Diagnosis()
        self._confirmation = Confirmation(line)
        self._idle_seconds = settings.idle_seconds
        self._wake = asyncio.Event()
        self._ending = asyncio.Event()
        self._blocks = Blocks(self._queue, self._batch, Newest(engine))
        self._previous = PreviousPosts(engine, held, line)
        self._consequences = Consequences(
            line,
            limits,
            queue=self._queue,
            recorder=self._recorder,
            batch=self._batch,
            rests=rests,
            flush=self._flush,
        )
        self._dead = False
        self._failures = 0
        self._log = log.bind(session=str(held.lease.session), epoch=held.lease.epoch)

    def wake(self) -> None:
        """Wake an idle seat, which then polls its queue."""
        self._wake.set()

    def end(self) -> None:
        """Request the end: the send in progress is finished, and the outcomes are recorded."""
        self._ending.set()
        self.tasks.due.set()
        self._wake.set()

    async def run(self) -> None:
        """Work until idle or ended; raise `LeaseLost` if the lease was lost.

        Afterwards the connection is closed, and all outcomes are recorded unless it raised.
        """
        try:
            await self._recorder.known()
            while not self._ending.is_set() and not self._dead:
                self.held.check()
                if not await self._patiently():
                    break
            await self._flush()
            await self._blocks.give_back()
        finally:
            await self.connection.close()

    async def _patiently(self) -> bool:
        try:
            return await self._step()
        except (Transient, StatementRejected, OSError) as trouble:
            self._log.warning("seat.retry", error=repr(trouble))
            self._blocks.stop()
            await self._pause(RETRY_SECONDS)
            return True

    async def _step(self) -> bool:
        """Do the next action; return whether to continue."""
        self._wake.clear()
        if self._batch.due_in <= 0:
            await self._flush()
        if (rest := self._rests.remaining(self.held.lease.session)) > 0:
            self._blocks.stop()
            await self._pause(rest)
            return True
        if await self._go_on():
            return True
        turn = await self._queue.next(self._batch.keys, min(MOST, self._batch.room))
        if turn.send is None:
            return await self._idle()
        if turn.rest > self._limits.wait_seconds:
            await self._leave_out(turn)
        elif turn.pause > 0 or turn.wait > 0:
            await self._rest(max(turn.pause, min(turn.wait, LOOK_AGAIN_SECONDS)))
        else:
            await self._serve(turn.send, turn.behind)
        return True

    async def _go_on(self) -> bool:
        """Make the next send of the block, or wait for its time; return whether there is one."""
        block = await self._blocks.next()
        if block is None:
            return False
        if block.wait > 0:
            await self._rest(block.wait)
        else:
            await self._make(block.posting, block.take())
        return True

    async def _idle(self) -> bool:
        if self._batch.outcomes:
            await self._flush()
            return True
        await self.tasks.settle()
        if self.tasks.due.is_set():
            return await self._do_task(self._wake, LONGEST_SECONDS)
        if (wait := await self._previous.delete_one()) is not None:
            await self._pause(wait)
            return True
        return await self.connection.idle(self._wake, self._idle_seconds)

    async def _rest(self, seconds: float) -> None:
        """Wait for the time of the next send; delete a post that was replaced meanwhile."""
        until = now() + seconds
        await self._previous.delete_one()
        await self._pause(max(0.0, until - now()))

    async def _pause(self, seconds: float) -> None:
        """Wait, but not beyond the instant at which outcomes must be recorded."""
        seconds = min(seconds, self._batch.due_in)
        if seconds < LEAST_SECONDS or self._failures:
            await happened(self._ending, seconds)
        elif self.tasks.due.is_set():
            await self._do_task(self._ending, seconds)
        else:
            await happened(self.tasks.due, seconds)

    async def _do_task(self, stop: asyncio.Event, seconds: float) -> bool:
        """Do a due task; end the seat if the session turns out to be lost."""
        lost = await self.tasks.do_next(stop, seconds)
        if lost is not None:
            await self._flush()
            await self._blocks.give_back()
            await self._recorder.lose(None, SendFailed(lost))
            self._dead = True
        return True

    async def _flush(self) -> None:
        if self._batch.outcomes:
            await self._recorder.outcomes(self._batch.outcomes)
            self.tasks.sent(self._batch.outcomes)
            self._previous.recorded(self._batch.outcomes)
            self._batch.outcomes.clear()

    async def _leave_out(self, turn: Turn) -> None:
        """Record the seat's groups as not sent: it is paused for longer than their cycles wait."""
        for send in await self._queue.left(self._batch.keys):
            self._batch.note(
                send, turn.rest_result, turn.rest_error, doubtful=send.doubtful, party=Party.ACCOUNT
            )
        await self._flush()

    # -- one send

    async def _serve(self, send: Send, behind: Sequence[Send]) -> None:
        try:
            posting = await self.connection.open(send.pair, send.adbot)
        except Unreachable as error:
            await self._back_off(error.name)
        except MessengerError as error:
            await self._not_connected(send, error)
        else:
            await self._prepare(send, posting, behind)

    async def _prepare(self, send: Send, posting: Posting, behind: Sequence[Send]) -> None:
        try:
            ready = await posting.prepare(send)
        except Unreachable as error:
            await self._back_off(error.name)
        except SendFailed as failed:
            await self._recorder.learnt(send, posting)
            await self._diagnose(send, posting, failed, doubtful=send.doubtful)
        else:
            self._failures = 0
            await self._recorder.learnt(send, posting)
            rival = await self._blocks.begin(posting, ready, behind)
            await (self._go_on() if rival is None else self._give_way(*rival))

    async def _not_connected(self, send: Send, error: MessengerError) -> None:
        if error.meaning.result is ResultClass.TRANSIENT:
            await self._back_off(error.name)
        else:
            await self._diagnose(send, None, SendFailed(error), doubtful=send.doubtful)

    async def _give_way(self, send: Send, rival: Rival) -> None:
        """Skip a send: the target has received the post under another reference, or is about to."""
        if rival.waiting:
            await self._flush()  # the other reference's outcome may be one of these
            await self._queue.put_off(send, RIVAL_SECONDS, attempts=send.attempts, doubtful=send.doubtful)
        else:
            SENDS.labels(ResultClass.ALREADY_SENT).inc()
            self._batch.note(send, ResultClass.ALREADY_SENT, same_as(rival.group))

    async def _make(self, posting: Posting, ready: Prepared) -> None:
        """Make a begun send. Any answer but a delivery ends its block."""
        send = ready.send
        self.held.check()  # the last check before an effect that can't be undone
        try:
            messages = await posting.send(ready)
        except Unreachable as error:  # nothing was sent
            await self._blocks.give_back()
            await self._queue.put_off(send, 0, attempts=send.attempts, doubtful=send.doubtful)
            await self._back_off(error.name)
        except SendFailed as failed:
            await self._blocks.give_back()
            unknown = failed.result in {ResultClass.TRANSIENT, ResultClass.UNREADABLE}
            await self._diagnose(send, posting, failed, doubtful=send.doubtful or unknown)
        else:
            SENDS.labels(ResultClass.SENT).inc()
            self._batch.note(send, ResultClass.SENT, messages=messages)

    async def _diagnose(
        self, send: Send, posting: Posting | None, failed: SendFailed, *, doubtful: bool
    ) -> None:
        """Find out whom an answer is about; make the send again if what was remembered was outdated."""
        attempts = send.attempts + 1
        try:
            concluded = await self._diagnosis.conclude(posting, send, failed) if posting else failed
            concluded = concluded and await self._confirmation.conclude(send, concluded)
        except Unreachable as error:
            await self._queue.put_off(send, 0, attempts=attempts, doubtful=doubtful)
            await self._back_off(error.name)
            return
        if posting is not None:
            await self._recorder.learnt(send, posting)
        if concluded is None:
            self._log.info("send.refreshed", cycle=str(send.cycle), group=send.group, error=failed.error)
            await self._queue.put_off(send, 0, attempts=attempts, doubtful=doubtful)
        else:
            self._dead = await self._consequences.follow(
                send, concluded, self._log, doubtful=doubtful, ending=self._ending
            )

    async def _back_off(self, error: ErrorName) -> None:
        """Wait before the next attempt to reach the messenger, which is retried without limit."""
        self._failures += 1
        seconds = self._limits.backoff(self._failures) * random.uniform(0.5, 1.0)
        self._log.warning("seat.unreachable", error=error, failures=self._failures, seconds=seconds)
        await self._flush()
        await self.tasks.missed(error, self._failures)
        await self._pause(seconds)
