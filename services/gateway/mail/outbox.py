"""Sends mails: claims each, passes it to the mail server, and stores the outcome once."""

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
from libs.eventsourcing import Cause, Causes, Engine, UnitOfWork
from libs.eventsourcing.background import Alarm, heed_cancellation, repeat
from libs.eventsourcing.errors import StatementRejected, Transient
from libs.eventsourcing.values import utc_now
from services.gateway.account.codes import AccessCodes, without_codes
from services.gateway.inbox.commands import GiveUp, RecordSent
from services.gateway.inbox.domain import INBOX
from services.gateway.inbox.tables import DueMail, claim_mails, next_mail, put_off_mail, waiting_mails
from services.gateway.mail.addresses import without_addresses
from services.gateway.mail.facts import Facts, facts_of
from services.gateway.mail.writing import Writer
from services.gateway.ports import Mailer, MailRefused

log = structlog.stdlib.get_logger()

MAILS = Counter("adrelay_gateway_mails_total", "Attempts to send a mail, by outcome.", ["outcome"])
WAITING = Gauge("adrelay_gateway_mails_waiting", "Mails in the outbox.")

AT_ONCE = 4
"""How many mails are sent concurrently, so that a slow one does not delay the others."""
_LEASE_SPARE_SECONDS = 5.0
_SHORTEST_WAIT, _LONGEST_WAIT = timedelta(seconds=0.1), timedelta(seconds=1)
"""The pause before a mail whose data is incomplete is due again."""
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=2), timedelta(minutes=15)
_SHORTEST_SLEEP_SECONDS = 0.05
_GATHER_SECONDS = 0.2
"""Pause between two polls of the outbox, unless a poll filled all senders: mails are claimed in batches."""
_COUNT_SECONDS = 1.0
_RECORD_AGAIN_SECONDS = 0.2
_RECORD_TOGETHER_SECONDS = 0.02
"""Mails claimed in one batch end at about the same time: the first waits for others to store in one unit."""
_LAST_SECONDS = 1.5
"""How long a mail that is being sent may take once the process stops."""


@dataclass(frozen=True)
class _ClaimedMail:
    """A claimed mail, its data unless the read model lacks it, and when it was claimed."""

    due: DueMail
    facts: Facts | None
    at: datetime


@dataclass(frozen=True, eq=False)
class _Outcome:
    """The outcome of a mail, as a command of the inbox."""

    due: DueMail
    of: RecordSent | GiveUp


class Outbox:
    """Sends the mails of the outbox.

    One process at a time sends a mail, under a lease that is longer than the attempt's timeout. If the
    process dies between the server's acceptance and the commit of the outcome, the next process sends a copy
    with the same `Message-ID`.
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
        """Mails whose outcome is not stored yet: they must not be claimed again."""
        self._outcomes: list[_Outcome] = []
        """Outcomes that are not stored yet, the oldest first."""
        self._recording = asyncio.Lock()
        self._alarm = Alarm(engine, shortest_seconds=_SHORTEST_SLEEP_SECONDS)
        self._turn = asyncio.Lock()
        """Held by the sender that polls the outbox; the others send or wait for the lock."""
        self._free = 0
        """The number of idle senders, and so of mails that can be claimed at once."""
        self._claimed: deque[_ClaimedMail] = deque()
        """Mails claimed in one batch, for the idle senders."""
        self._look_at = self._count_at = 0.0

    async def run(self) -> None:
        """Send mails until cancelled."""
        async with asyncio.TaskGroup() as senders:
            for _ in range(AT_ONCE):
                senders.create_task(repeat("mails", self._send_next))

    async def _send_next(self) -> float:
        await _finish(self._handle(await self._next()))
        return 0.0

    async def _next(self) -> _ClaimedMail:
        """Return the next claimed mail; waits until one is due."""
        self._free += 1
        try:
            async with self._turn:
                while not self._claimed:
                    await self._claim()
                return self._claimed.popleft()
        finally:
            self._free -= 1

    async def _claim(self) -> None:
        """Claim a due mail for each idle sender; wait until the next is due if there is none."""
        heed_cancellation()
        await asyncio.sleep(max(0.0, self._look_at - time.monotonic()))
        self._alarm.set_anew()
        at = await self._engine.query(next_mail)
        await self._count()
        self._look_at = time.monotonic() + _GATHER_SECONDS
        if at is not None and at <= utc_now():
            free = self._free
            self._claimed.extend(await self._claim_due(free))
            if len(self._claimed) == free:
                self._look_at = 0.0
        if not self._claimed:
            await self._alarm.sleep(at)

    async def _count(self) -> None:
        if time.monotonic() >= self._count_at:
            WAITING.set(await self._engine.query(waiting_mails))
            self._count_at = time.monotonic() + _COUNT_SECONDS

    async def _claim_due(self, limit: int) -> list[_ClaimedMail]:
        async def claim(unit: UnitOfWork) -> list[_ClaimedMail]:
            found = await claim_mails(unit.flushed, unit.at, self._lease, self._settled, limit)
            if not found:
                return []
            facts = await facts_of(unit.flushed, self._codes, [due.notification for due in found])
            return [_ClaimedMail(due, facts.get(due.notification), unit.at) for due in found]

        return (await self._engine.run(claim, self._causes())).value or []

    async def _handle(self, claimed: _ClaimedMail) -> None:
        """Send a claimed mail, give it up, or make it due later."""
        due, facts = claimed.due, claimed.facts
        if claimed.at - due.raised_at >= self._give_up_after:
            await self._settle(due, GiveUp(due.notification, "it could not be sent in time"))
        elif facts is None or not facts.complete:
            pause = min(max(claimed.at - due.raised_at, _SHORTEST_WAIT), _LONGEST_WAIT)
            await self._put_off(due, pause, tried=False)
        elif facts.obsolete:
            await self._settle(due, GiveUp(due.notification, facts.obsolete))
        else:
            await self._try(due, facts)

    async def _try(self, due: DueMail, facts: Facts) -> None:
        # a server's reply may quote the mail, and so its recipient and an access code
        try:
            letter = self._writer.write(facts)
            await self._mailer.send(letter)
        except MailRefused as refusal:
            await self._settle(due, GiveUp(due.notification, _masked(refusal)))
        except Exception as error:  # noqa: BLE001 - logged, and tried again
            # one mail's failure must neither end the process nor block the others
            MAILS.labels("not_taken").inc()
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(due.attempts, 20))
            log.warning(
                "mail.not_taken", notification=due.notification, attempts=due.attempts + 1, why=_masked(error)
            )
            await self._put_off(due, pause)
        else:
            await self._settle(due, RecordSent(due.notification))

    async def _put_off(self, due: DueMail, pause: timedelta, *, tried: bool = True) -> None:
        await self._engine.run(
            lambda unit: put_off_mail(unit.flushed, due.notification, unit.at + pause, tried=tried),
            self._causes(),
        )

    async def _settle(self, due: DueMail, outcome: RecordSent | GiveUp) -> None:
        """Store a mail's outcome; retries for as long as the database can't be reached."""
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
        """Return once the outcome is stored; one caller stores all pending outcomes in one unit of work."""
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


def _masked(error: Exception) -> str:
    return without_addresses(without_codes(str(error)))


async def _store(unit: UnitOfWork, outcomes: Sequence[_Outcome]) -> None:
    for outcome in outcomes:
        due = outcome.due
        cause = Cause(due.correlation_id, due.raised_by)
        await unit.execute(INBOX, due.account, outcome.of, because=cause)


async def _finish(work: Coroutine[Any, Any, None]) -> None:
    """Await some work; on cancellation, give it a short time to finish."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        _, late = await asyncio.wait([task], timeout=_LAST_SECONDS)
        for one in late:
            one.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
