"""Sending mails: each is claimed, handed to the mail server, and its outcome is stored, once."""

import asyncio
import time
from collections import deque
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from prometheus_client import Counter, Gauge

from libs.events.values import NotificationId
from libs.eventsourcing import (
    Alarm,
    Cause,
    Causes,
    Engine,
    StatementRejected,
    Transient,
    UnitOfWork,
    heed_cancellation,
    repeat,
    utc_now,
)
from services.gateway.account.codes import AccessCodes, without_codes
from services.gateway.inbox.commands import GiveUp, RecordSent
from services.gateway.inbox.domain import INBOX
from services.gateway.inbox.tables import DueMail, claim_mails, next_mail, put_off_mail, waiting_mails
from services.gateway.mail.facts import Facts, facts_of
from services.gateway.mail.writing import Writer
from services.gateway.ports import Mailer, MailRefused

log = structlog.stdlib.get_logger()

MAILS = Counter("adrelay_gateway_mails_total", "Mails that were tried, by what came of it.", ["outcome"])
WAITING = Gauge("adrelay_gateway_mails_waiting", "Mails that are still to be sent.")

AT_ONCE = 4
"""So many mails are on their way at the same time: one that is slow holds nobody else up."""
_LEASE_SPARE_SECONDS = 5.0
_SHORTEST_WAIT, _LONGEST_WAIT = timedelta(seconds=0.1), timedelta(seconds=1)
"""Until it is looked again whether all is known that the mail is about."""
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=2), timedelta(minutes=15)
_SHORTEST_SLEEP_SECONDS = 0.05
_GATHER_SECONDS = 0.2
"""Between two looks for mails, unless more are due than can be sent at once: several are claimed as one."""
_COUNT_SECONDS = 1.0
_RECORD_AGAIN_SECONDS = 0.2
_RECORD_TOGETHER_SECONDS = 0.02
"""Mails that were claimed together end together: so long the first waits for the others to be recorded."""
_LAST_SECONDS = 1.5
"""How long a mail that is on its way may take when the process stops."""


@dataclass(frozen=True)
class _Taken:
    """A claimed mail, what it is about if that is known, and when it was claimed."""

    due: DueMail
    facts: Facts | None
    at: datetime


@dataclass(frozen=True, eq=False)
class _Outcome:
    """What became of a mail."""

    due: DueMail
    of: RecordSent | GiveUp


class Outbox:
    """Sends what waits in the outbox.

    One process at a time tries a mail, under a lease that outlasts the try. Should it die between the
    server's acceptance and the record, the next sends a copy, with the same `Message-ID`.
    """

    def __init__(
        self,
        engine: Engine,
        mailer: Mailer,
        writer: Writer,
        codes: AccessCodes,
        *,
        timeout_seconds: float,
        give_up_seconds: float,
    ) -> None:
        self._engine, self._mailer, self._writer, self._codes = engine, mailer, writer, codes
        self._lease = timedelta(seconds=timeout_seconds + _LEASE_SPARE_SECONDS)
        self._give_up_after = timedelta(seconds=give_up_seconds)
        self._settled: set[NotificationId] = set()
        """Mails whose outcome is known here and not stored yet: they must not be tried again."""
        self._outcomes: list[_Outcome] = []
        """What is known here and not stored yet, in the order in which it became known."""
        self._recording = asyncio.Lock()
        self._alarm = Alarm(engine, shortest_seconds=_SHORTEST_SLEEP_SECONDS)
        self._turn = asyncio.Lock()
        """Held by the one sender that waits for the next mail; the others send, or wait for their turn."""
        self._free = 0
        """How many senders have nothing to send: so many mails can be claimed and tried at once."""
        self._claimed: deque[_Taken] = deque()
        """Claimed together with another, for the senders that wait for their turn."""
        self._look_at = self._count_at = 0.0

    async def run(self) -> None:
        """Keep sending until cancelled."""
        async with asyncio.TaskGroup() as senders:
            for _ in range(AT_ONCE):
                senders.create_task(repeat("mails", self._send_next))

    async def _send_next(self) -> float:
        await _finish(self._handle(await self._next()))
        return 0.0

    async def _next(self) -> _Taken:
        """Wait for a mail that is due and claimed."""
        self._free += 1
        try:
            async with self._turn:
                while not self._claimed:
                    await self._claim()
                return self._claimed.popleft()
        finally:
            self._free -= 1

    async def _claim(self) -> None:
        """Claim as many of the mails that are due as can be tried at once; wait a little if there is none."""
        heed_cancellation()
        await asyncio.sleep(max(0.0, self._look_at - time.monotonic()))
        self._alarm.set_anew()
        at = await self._engine.query(next_mail)
        await self._count()
        self._look_at = time.monotonic() + _GATHER_SECONDS
        if at is not None and at <= utc_now():
            free = self._free
            self._claimed.extend(await self._take(free))
            if len(self._claimed) == free:
                self._look_at = 0.0
        if not self._claimed:
            await self._alarm.sleep(at)

    async def _count(self) -> None:
        if time.monotonic() >= self._count_at:
            WAITING.set(await self._engine.query(waiting_mails))
            self._count_at = time.monotonic() + _COUNT_SECONDS

    async def _take(self, limit: int) -> list[_Taken]:
        async def take(unit: UnitOfWork) -> list[_Taken]:
            found = await claim_mails(unit.flushed, unit.at, self._lease, self._settled, limit)
            if not found:
                return []
            facts = await facts_of(unit.flushed, self._codes, [due.notification for due in found])
            return [_Taken(due, facts.get(due.notification), unit.at) for due in found]

        return (await self._engine.run(take, self._causes())).value or []

    async def _handle(self, taken: _Taken) -> None:
        """Have a claimed mail sent, given up, or put off."""
        due, facts = taken.due, taken.facts
        if taken.at - due.raised_at >= self._give_up_after:
            await self._settle(due, GiveUp(due.notification, "it could not be sent in time"))
        elif facts is None or not facts.complete:
            pause = min(max(taken.at - due.raised_at, _SHORTEST_WAIT), _LONGEST_WAIT)
            await self._put_off(due, pause, tried=False)
        elif facts.over:
            await self._settle(due, GiveUp(due.notification, "the order was over before"))
        else:
            await self._try(due, facts)

    async def _try(self, due: DueMail, facts: Facts) -> None:
        # a server may quote the mail in its answer, and the code with it
        try:
            letter = self._writer.write(facts)
            await self._mailer.send(letter)
        except MailRefused as refusal:
            await self._settle(due, GiveUp(due.notification, without_codes(str(refusal))))
        except Exception as error:  # noqa: BLE001 - logged, and tried again
            # whatever is wrong with one mail must neither end the process nor hold up the others
            MAILS.labels("not_taken").inc()
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(due.attempts, 20))
            why = without_codes(str(error))
            log.warning("mail.not_taken", notification=due.notification, attempts=due.attempts + 1, why=why)
            await self._put_off(due, pause)
        else:
            await self._settle(due, RecordSent(due.notification))

    async def _put_off(self, due: DueMail, pause: timedelta, *, tried: bool = True) -> None:
        await self._engine.run(
            lambda unit: put_off_mail(unit.flushed, due.notification, unit.at + pause, tried=tried),
            self._causes(),
        )

    async def _settle(self, due: DueMail, outcome: RecordSent | GiveUp) -> None:
        """Store what became of a mail, however long the database can't be reached."""
        self._settled.add(due.notification)
        try:
            await self._record(_Outcome(due, outcome))
        finally:
            self._settled.discard(due.notification)
        match outcome:
            case RecordSent():
                MAILS.labels("sent").inc()
                log.info("mail.sent", notification=due.notification)
            case GiveUp():
                MAILS.labels("given_up").inc()
                log.warning("mail.given_up", notification=due.notification, why=outcome.reason)

    async def _record(self, outcome: _Outcome) -> None:
        """Return once it is stored: by whoever comes first, with all else that is to be."""
        self._outcomes.append(outcome)
        async with self._recording:
            if outcome in self._outcomes:
                await asyncio.sleep(_RECORD_TOGETHER_SECONDS)
            while outcome in self._outcomes:
                together = list(self._outcomes)
                with suppress(Transient, StatementRejected):
                    await self._engine.run(lambda unit: _store(unit, together), self._causes())  # noqa: B023 - run before the loop goes on
                    del self._outcomes[: len(together)]
                    break
                await asyncio.sleep(_RECORD_AGAIN_SECONDS)

    def _causes(self) -> Causes:
        return Causes.unprompted(f"service:{self._engine.service}")


async def _store(unit: UnitOfWork, outcomes: Sequence[_Outcome]) -> None:
    for outcome in outcomes:
        due = outcome.due
        cause = Cause(due.correlation_id, due.raised_by)
        await unit.execute(INBOX, due.account, outcome.of, because=cause)


async def _finish(work: Coroutine[Any, Any, None]) -> None:
    """Do some work; when this is cancelled meanwhile, let the work come to its end if that is near."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        _, late = await asyncio.wait([task], timeout=_LAST_SECONDS)
        for one in late:
            one.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
