"""Reactions of which the operator is told: an account is limited, a mail is given up."""

from libs.events.forwarder import SeatRested
from libs.events.gateway import MailGivenUp, NoticeKind
from libs.events.values import ResultClass
from libs.eventsourcing import Reactions, UnitOfWork
from services.gateway.context import Context
from services.gateway.inbox.telling import STALE
from services.gateway.mail.facts import OBSOLETE
from services.gateway.notices.commands import Tell, key_of
from services.gateway.notices.domain import NOTICE


def react(reactions: Reactions[Context]) -> None:
    """Register the reactions."""
    reactions.to(SeatRested, context=True)(rested)
    reactions.to(MailGivenUp, context=True)(given_up)


async def rested(event: SeatRested, unit: UnitOfWork, context: Context) -> None:
    """Tell that Telegram limits an account."""
    if event.result is not ResultClass.ACCOUNT_LIMITED:
        return
    until = event.until.isoformat(timespec="minutes")
    detail = f"Telegram limits session {event.session} ({event.error}); it rests until {until}"
    await _tell(unit, context, NoticeKind.ACCOUNT_LIMITED, str(event.session), detail)


async def given_up(event: MailGivenUp, unit: UnitOfWork, context: Context) -> None:
    """Tell that a mail to a client failed for good."""
    if event.reason in OBSOLETE:
        return
    detail = f"the mail of notification {event.notification} to account {event.account}: {event.reason}"
    await _tell(unit, context, NoticeKind.MAIL_GIVEN_UP, "", detail)


async def _tell(unit: UnitOfWork, context: Context, kind: NoticeKind, subject: str, detail: str) -> None:
    if unit.at - unit.cause.at < STALE:
        command = Tell(kind, subject, detail, context.operator_mails, unit.at)
        await unit.execute(NOTICE, key_of(kind, subject), command)
