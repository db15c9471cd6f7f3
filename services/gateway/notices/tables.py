"""State table: the notices to the operator, and which of them are still to be mailed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from libs.events.gateway import (
    NoticeAcknowledged,
    NoticeCleared,
    NoticeId,
    NoticeKind,
    NoticeMailed,
    NoticeRaised,
)
from libs.eventsourcing import Projection, Row, Sql, TableSql
from services.gateway.tables.paging import Key, KeyType, PagedList

KEPT_DAYS = 90
"""How long a notice that is over or acknowledged is listed."""

NOTICES = Projection(
    "notices",
    version=1,
    ddl="""
    create table notices (
        notice          uuid primary key,
        kind            text not null,
        subject         text not null,
        detail          text not null,
        count           integer not null,
        raised_at       timestamptz not null,
        cleared_at      timestamptz,
        acknowledged_at timestamptz,
        mail            boolean not null,
        mailed_at       timestamptz,
        mailed_in       uuid,
        correlation_id  uuid not null,
        raised_by       uuid not null,
        try_at          timestamptz not null,
        attempts        integer not null default 0
    );
    create index on notices (raised_at, notice);
    create index on notices (kind, subject) where cleared_at is null;
    create index on notices (raised_at)
        where mail and mailed_at is null and cleared_at is null and acknowledged_at is null;
    create index on notices (mailed_at) where mailed_at is not null;
    """,
    undecided=("notices.try_at", "notices.attempts"),
)
"""One row for each notice, for 90 days after it is over. Grows with what goes wrong, not with clients: a kind
and subject has one notice at a time. When a mail is tried again is not decided by events."""
_TO_MAIL = "mail and mailed_at is null and cleared_at is null and acknowledged_at is null"


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice to the operator."""

    notice: NoticeId
    kind: NoticeKind
    subject: str
    detail: str
    count: int
    raised_at: datetime
    cleared_at: datetime | None
    acknowledged_at: datetime | None
    mailed_at: datetime | None
    correlation_id: UUID
    raised_by: UUID
    attempts: int
    """How often its mail was not accepted."""


NOTICE_LINES = PagedList(
    name="notices",
    source="notices n",
    extra="n.*",
    sorts={"created_at": (Key("n.raised_at", KeyType.INSTANT), Key("n.notice", KeyType.ID))},
    filters={"open": "(n.cleared_at is null and n.acknowledged_at is null) = {}", "kind": "n.kind = {}"},
)


@NOTICES.on(NoticeRaised)
async def raised(event: NoticeRaised, sql: TableSql) -> None:
    """Add the notice in place of an earlier one of its subject, and delete those that are long over."""
    await sql.execute(
        "update notices set cleared_at = $3 where kind = $1 and subject = $2 and cleared_at is null",
        event.kind,
        event.subject,
        sql.at,
    )
    await sql.execute(
        "delete from notices where raised_at < $1 and (cleared_at < $1 or acknowledged_at < $1)",
        sql.at - timedelta(days=KEPT_DAYS),
    )
    envelope = sql.recorded.envelope
    await sql.insert(
        notice=event.notice,
        kind=event.kind,
        subject=event.subject,
        detail=event.detail,
        count=event.count,
        raised_at=sql.at,
        mail=event.mail,
        correlation_id=envelope.correlation_id,
        raised_by=envelope.id,
        try_at=sql.at,
    )


@NOTICES.on(NoticeCleared)
async def cleared(event: NoticeCleared, sql: TableSql) -> None:
    """Store that it is over."""
    await sql.execute("update notices set cleared_at = $2 where notice = $1", event.notice, sql.at)


@NOTICES.on(NoticeAcknowledged)
async def acknowledged(event: NoticeAcknowledged, sql: TableSql) -> None:
    """Store that the operator has seen it."""
    await sql.execute("update notices set acknowledged_at = $2 where notice = $1", event.notice, sql.at)


@NOTICES.on(NoticeMailed)
async def mailed(event: NoticeMailed, sql: TableSql) -> None:
    """Store that it was mailed."""
    await sql.execute(
        "update notices set mailed_at = $2, mailed_in = $3 where notice = $1",
        event.notice,
        sql.at,
        event.mail,
    )


async def notice_of(sql: Sql, notice: NoticeId) -> Notice | None:
    """Return a notice."""
    row = await sql.fetchrow("select * from notices where notice = $1", notice)
    return None if row is None else notice_in(row)


async def lasting(sql: Sql, kinds: Sequence[NoticeKind]) -> set[tuple[NoticeKind, str]]:
    """Return the kinds and subjects of notices that are not over."""
    rows = await sql.fetch(
        "select kind, subject from notices where cleared_at is null and kind = any($1::text[])", list(kinds)
    )
    return {(NoticeKind(row["kind"]), row["subject"]) for row in rows}


async def next_mail_at(sql: Sql, gather: timedelta) -> datetime | None:
    """Return when the next mail may be sent: `gather` after its oldest notice, or when it is tried again."""
    found: datetime | None = await sql.fetchval(
        f"select greatest(min(raised_at) + $1, min(try_at)) from notices where {_TO_MAIL}",  # noqa: S608 - a constant
        gather,
    )
    return found


async def mails_since(sql: Sql, at: datetime) -> int:
    """Return how many mails there were since an instant."""
    found: int = await sql.fetchval("select count(distinct mailed_in) from notices where mailed_at > $1", at)
    return found


async def claim_notices(sql: Sql, at: datetime, lease: timedelta, limit: int) -> list[Notice]:
    """Claim the notices to be mailed, the oldest first; no other process claims them during the lease."""
    rows = await sql.fetch(
        "with due as materialized (select notice from notices "  # noqa: S608 - a constant
        f"where {_TO_MAIL} and try_at <= $1 order by raised_at limit $3 for update skip locked) "
        "update notices set try_at = $2 from due where notices.notice = due.notice returning notices.*",
        at,
        at + lease,
        limit,
    )
    return sorted((notice_in(row) for row in rows), key=lambda one: (one.raised_at, str(one.notice)))


async def put_off(sql: Sql, notices: Sequence[NoticeId], until: datetime) -> None:
    """Let the mail of notices be tried again at an instant."""
    await sql.execute(
        "update notices set try_at = $2, attempts = attempts + 1 where notice = any($1::uuid[])",
        list(notices),
        until,
    )


def notice_in(row: Row) -> Notice:
    """Return the notice of a row."""
    return Notice(
        notice=NoticeId(row["notice"]),
        kind=NoticeKind(row["kind"]),
        subject=row["subject"],
        detail=row["detail"],
        count=row["count"],
        raised_at=row["raised_at"],
        cleared_at=row["cleared_at"],
        acknowledged_at=row["acknowledged_at"],
        mailed_at=row["mailed_at"],
        correlation_id=row["correlation_id"],
        raised_by=row["raised_by"],
        attempts=row["attempts"],
    )
