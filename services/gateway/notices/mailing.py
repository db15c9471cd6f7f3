"""Mails notices to the operator: those of a few minutes together, and a limited number of mails an hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

import structlog

from libs.events.gateway import NoticeId
from libs.eventsourcing import Cause, Causes, Engine, Sql, UnitOfWork
from libs.eventsourcing.background import DurableEffect
from libs.eventsourcing.values import utc_now
from services.gateway.notices.commands import RecordMailed, key_of
from services.gateway.notices.domain import NOTICE
from services.gateway.notices.tables import Notice, claim_notices, mails_since, next_mail_at, put_off
from services.gateway.notices.writing import NoticeWriter
from services.gateway.ports import Mailer, MailRefused

log = structlog.stdlib.get_logger()

_MAILS = UUID("0d3c4a59-1c52-4b8e-9d39-7a1f0e0f6f52")
_HOUR = timedelta(hours=1)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=10), timedelta(minutes=15)
_SHORTEST_SLEEP_SECONDS = 1.0
_MOST = 200
"""How many notices one mail is about at most."""


@dataclass(frozen=True)
class Mailing:
    """To whom notices are mailed, and how often."""

    addresses: Sequence[str]
    gather: timedelta
    """How long after the first notice the mail is sent, with those that came meanwhile."""
    most_an_hour: int
    lease: timedelta
    """How long sending to all addresses may take."""


class NoticeMails:
    """Sends the mails. A notice that is over, or acknowledged, before its mail is sent is left out.

    The outcome is stored once all addresses had their mail. If the process dies before, the mail is sent
    again with the same `Message-ID`. An address that is refused for good is left out.
    """

    def __init__(self, engine: Engine, mailer: Mailer, writer: NoticeWriter, mailing: Mailing) -> None:
        self._engine, self._mailer, self._writer, self._mailing = engine, mailer, writer, mailing
        self._done: set[tuple[NoticeId, str]] = set()
        """What was sent to which address, while it is still to be sent to another one."""

    async def run(self) -> None:
        """Send mails until cancelled."""

        async def due() -> datetime | None:
            return await self._engine.query(lambda sql: next_mail_at(sql, self._mailing.gather))

        effect = DurableEffect(
            "notice mails",
            self._engine,
            claim=self.claim,
            act=self.send,
            due=due,
            shortest_seconds=_SHORTEST_SLEEP_SECONDS,
        )
        await effect.run()

    async def claim(self) -> list[Notice] | None:
        """Claim the notices of the next mail, None if none is due or the limit of the hour is reached."""
        if not await self._engine.query(self._may_mail):
            return None

        async def claim(unit: UnitOfWork) -> list[Notice]:
            return await claim_notices(unit.flushed, unit.at, self._mailing.lease, _MOST)

        return (await self._engine.run(claim, self._causes())).value or None

    async def _may_mail(self, sql: Sql) -> bool:
        """Return whether a mail is due, and another one is within the limit."""
        at, now = await next_mail_at(sql, self._mailing.gather), utc_now()
        if at is None or now < at:
            return False
        return await mails_since(sql, now - _HOUR) < self._mailing.most_an_hour

    async def send(self, notices: list[Notice]) -> float:
        """Send the mail of claimed notices to all addresses, and record it; after a failure, put it off."""
        failures = [
            failure
            for address in self._mailing.addresses
            if (failure := await self._send_to(address, notices)) is not None
        ]
        if failures:
            attempts = max(one.attempts for one in notices)
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(attempts, 20))
            log.warning("notices.not_mailed", attempts=attempts + 1, why=failures[0])
            await self._put_off(notices, utc_now() + pause)
            return 0.0
        await self._record(notices)
        sent = {one.notice for one in notices}
        self._done = {(notice, address) for notice, address in self._done if notice not in sent}
        log.info("notices.mailed", notices=len(notices))
        return 0.0

    async def _send_to(self, address: str, notices: Sequence[Notice]) -> str | None:
        """Send the notices that this address has not got yet; return why that failed, None if it did not."""
        left = [one for one in notices if (one.notice, address) not in self._done]
        if not left:
            return None
        try:
            letter = self._writer.write(address, _mail_of(left), left, left[0].raised_at)
            await self._mailer.send(letter)
        except MailRefused as refusal:
            log.warning("notices.refused", address=address, why=str(refusal))
        except Exception as error:  # noqa: BLE001 - logged, and tried again
            # one failure must neither end the process nor keep the mail from others
            return str(error) or repr(error)
        self._done.update((one.notice, address) for one in left)
        return None

    async def _put_off(self, notices: Sequence[Notice], until: datetime) -> None:
        ids = [one.notice for one in notices]
        await self._engine.run(lambda unit: put_off(unit.flushed, ids, until), self._causes())

    async def _record(self, notices: Sequence[Notice]) -> None:
        mail = _mail_of(notices)

        async def record(unit: UnitOfWork) -> None:
            for one in notices:
                cause = Cause(one.correlation_id, one.raised_by)
                command = RecordMailed(one.notice, mail)
                await unit.execute(NOTICE, key_of(one.kind, one.subject), command, because=cause)

        await self._engine.run(record, self._causes())

    def _causes(self) -> Causes:
        return Causes.unprompted(f"service:{self._engine.service}")


def _mail_of(notices: Sequence[Notice]) -> UUID:
    """Return the id of the mail of these notices, the same at each attempt."""
    return uuid5(_MAILS, " ".join(str(one.notice) for one in notices))
