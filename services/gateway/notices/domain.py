"""The aggregate of the notices of one kind and subject: of each the operator is told once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never
from uuid import uuid5

from libs.events.gateway import (
    NoticeAcknowledged,
    NoticeCleared,
    NoticeId,
    NoticeKind,
    NoticeMailed,
    NoticeRaised,
)
from libs.eventsourcing import Decider, ImpossibleEvent, Refused, Snapshots
from services.gateway.notices.commands import Acknowledge, Clear, Command, RecordMailed, Tell, key_of

LONGEST_DETAIL = 500

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
PAUSES: Mapping[NoticeKind, timedelta] = {
    NoticeKind.SALE_REFUSED: _HOUR,
    NoticeKind.MAIL_GIVEN_UP: _HOUR,
    NoticeKind.ACCOUNT_LIMITED: _DAY,
}
"""Kinds without a state, and how long after a notice the next one of the same subject is raised."""
FLAPPING = timedelta(minutes=10)
"""The same for kinds with a state: what ends and begins again within this time is told once."""


@dataclass(frozen=True)
class Notices:
    """The last notice of a kind and subject."""

    kind: NoticeKind
    last: NoticeId
    number: int
    """How many there were."""
    quiet_until: datetime
    """No other one is raised before, whatever happens."""
    over: bool = False
    acknowledged: bool = False
    mailed: bool = False


NoticeEvent = NoticeRaised | NoticeCleared | NoticeAcknowledged | NoticeMailed


def decide(command: Command, notices: Notices | None) -> list[NoticeEvent]:
    """Return the events of a command; none for a duplicate, or about an earlier notice than the last."""
    if isinstance(command, Tell):
        return _tell(command, notices)
    if isinstance(command, Clear):
        lasts = notices is not None and not notices.over and notices.kind not in PAUSES
        return [NoticeCleared(notice=notices.last)] if notices and lasts else []
    if notices is None:
        raise Refused("unknown_notice", "there is no such notice")
    last = command.notice == notices.last
    match command:
        case Acknowledge(notice=notice):
            return [NoticeAcknowledged(notice=notice)] if last and not notices.acknowledged else []
        case RecordMailed(notice=notice, mail=mail):
            return [NoticeMailed(notice=notice, mail=mail)] if last and not notices.mailed else []
        case _:
            assert_never(command)


def _tell(command: Tell, notices: Notices | None) -> list[NoticeEvent]:
    if notices is not None:
        holds = command.kind not in PAUSES and not notices.over
        if holds or command.at < notices.quiet_until:
            return []
    number = notices.number + 1 if notices else 1
    key = key_of(command.kind, command.subject)
    return [
        NoticeRaised(
            notice=NoticeId(uuid5(key, str(number))),
            kind=command.kind,
            subject=command.subject,
            detail=command.detail[:LONGEST_DETAIL],
            count=command.count,
            mail=command.mail,
            quiet_until=command.at + PAUSES.get(command.kind, FLAPPING),
        )
    ]


def evolve(notices: Notices | None, event: NoticeEvent) -> Notices:
    """Return the notices after an event."""
    match event:
        case NoticeRaised():
            number = notices.number + 1 if notices else 1
            return Notices(event.kind, event.notice, number, event.quiet_until)
        case _ if notices is None or event.notice != notices.last:
            raise ImpossibleEvent(f"{type(event).__name__} can't be about another notice than the last one")
        case NoticeCleared():
            return replace(notices, over=True)
        case NoticeAcknowledged():
            return replace(notices, acknowledged=True)
        case NoticeMailed():
            return replace(notices, mailed=True)
        case _:
            assert_never(event)


NOTICE: Decider[Command, Notices, NoticeEvent] = Decider(
    "notice", decide, evolve, snapshots=Snapshots(Notices, version=1)
)
