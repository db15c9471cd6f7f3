"""Sending mails: each is claimed, handed to the mail server, and its outcome is stored, once."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from jinja2 import TemplateError
from prometheus_client import Counter, Gauge

from libs.events.values import NotificationId
from libs.eventsourcing.cancelling import heed_cancellation
from libs.eventsourcing.engine import CLASHES, Engine
from libs.eventsourcing.handling import POISON
from libs.eventsourcing.postgres import DATABASE_TROUBLE
from libs.eventsourcing.record import Causes, Cursor, utc_now
from libs.eventsourcing.unit import UnitOfWork
from services.gateway.account.codes import AccessCodes, without_codes
from services.gateway.inbox.domain import INBOX, GiveUp, RecordSent
from services.gateway.inbox.tables import DueMail, claim_mail, next_mail, put_off_mail
from services.gateway.mail.facts import Facts, facts_of
from services.gateway.mail.writing import Writer
from services.gateway.ports import Mailer, MailNotTaken, MailRefused

log = structlog.stdlib.get_logger()

MAILS = Counter("adrelay_gateway_mails_total", "Mails that were tried, by what came of it.", ["outcome"])
WAITING = Gauge("adrelay_gateway_mails_waiting", "Mails that are still to be sent.")

AT_ONCE = 4
"""So many mails are on their way at the same time: one that is slow holds nobody else up."""
_LEASE_SPARE_SECONDS = 5.0
_SHORTEST_WAIT, _LONGEST_WAIT = timedelta(seconds=0.1), timedelta(seconds=1)
"""Until it is looked again whether all is known that the mail is about."""
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=2), timedelta(minutes=15)
_LONGEST_SLEEP_SECONDS, _SHORTEST_SLEEP_SECONDS = 1.0, 0.05
_RECORD_AGAIN_SECONDS = 0.2
_LAST_SECONDS = 1.5
"""How long a mail that is on its way may take when the process stops."""


@dataclass(frozen=True)
class _Taken:
    """A claimed mail, what it is about if that is known, and when it was claimed."""

    due: DueMail
    facts: Facts | None
    at: datetime


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
        self._wake = asyncio.Event()
        self._turn = asyncio.Lock()
        """Held by the one sender that waits for the next mail; the others send, or wait for their turn."""
        engine.on_commit(self._changed)

    def _changed(self, _: Cursor) -> None:
        self._wake.set()

    async def run(self) -> None:
        """Keep sending until cancelled."""
        async with asyncio.TaskGroup() as senders:
            for _ in range(AT_ONCE):
                senders.create_task(self._keep_sending())

    async def _keep_sending(self) -> None:
        while True:
            heed_cancellation()
            try:
                async with self._turn:
                    taken = await self._next()
                await _finish(self._handle(taken))
            except (*CLASHES, *DATABASE_TROUBLE) as trouble:
                log.warning("mail.retry", error=repr(trouble))
                await asyncio.sleep(_LONGEST_SLEEP_SECONDS)

    async def _next(self) -> _Taken:
        """Wait for a mail that is due, and claim it."""
        while True:
            heed_cancellation()
            self._wake.clear()
            waiting, at = await self._engine.query(next_mail)
            WAITING.set(waiting)
            if at is not None and at <= utc_now() and (taken := await self._take()) is not None:
                return taken
            await self._sleep(at)

    async def _sleep(self, until: datetime | None) -> None:
        seconds = _LONGEST_SLEEP_SECONDS
        if until is not None:
            seconds = min(seconds, max(_SHORTEST_SLEEP_SECONDS, (until - utc_now()).total_seconds()))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        await asyncio.sleep(_SHORTEST_SLEEP_SECONDS)  # of many commits at once, one look is enough

    async def _take(self) -> _Taken | None:
        async def take(unit: UnitOfWork) -> _Taken | None:
            due = await claim_mail(unit.sql, unit.at, self._lease, self._settled)
            if due is None:
                return None
            return _Taken(due, await facts_of(unit.sql, self._codes, due.notification), unit.at)

        return (await self._engine.run(take, Causes.first(f"service:{self._engine.service}"))).value

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
        except (MailNotTaken, TemplateError, *POISON) as error:
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
            lambda unit: put_off_mail(unit.sql, due.notification, unit.at + pause, tried=tried),
            Causes.first(f"service:{self._engine.service}"),
        )

    async def _settle(self, due: DueMail, outcome: RecordSent | GiveUp) -> None:
        """Store what became of a mail, however long the database can't be reached."""
        causes = Causes(due.correlation_id, due.raised_by, f"service:{self._engine.service}")
        self._settled.add(due.notification)
        try:
            while True:
                with suppress(*CLASHES, *DATABASE_TROUBLE):
                    await self._engine.run(lambda unit: unit.execute(INBOX, due.account, outcome), causes)
                    break
                await asyncio.sleep(_RECORD_AGAIN_SECONDS)
        finally:
            self._settled.discard(due.notification)
        match outcome:
            case RecordSent():
                MAILS.labels("sent").inc()
                log.info("mail.sent", notification=due.notification)
            case GiveUp():
                MAILS.labels("given_up").inc()
                log.warning("mail.given_up", notification=due.notification, why=outcome.reason)


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
