"""State tables: notifications by account, order and adbot, and the outbox of mails."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from libs.events.gateway import (
    HookId,
    MailGivenUp,
    MailSent,
    NotificationKind,
    NotificationRaised,
    NotificationsRead,
)
from libs.events.values import AccountId, AdbotId, GroupRef, NotificationId, OrderNumber
from libs.eventsourcing import Projection, Row, Sql, TableSql
from services.gateway.inbox.domain import MailState
from services.gateway.tables.order_lines import SECOND_OF

NOTIFICATIONS = Projection(
    "notifications",
    version=5,
    ddl="""
    create table notifications (
        notification uuid primary key,
        account      uuid not null,
        kind         text not null,
        order_number text,
        mail         text not null,
        paid         numeric,
        missing      numeric,
        coin         text,
        grp          text,
        chat         text,
        name         text,
        detail       text not null,
        hook         uuid,
        raised_at    timestamptz not null,
        adbot        uuid,
        session      uuid,
        reason       text not null,
        valid_until  timestamptz,
        days         integer,
        groups       text[] not null,
        more_groups  integer not null,
        as_of        timestamptz,
        read_at      timestamptz
    );
    create index on notifications (account, raised_at, notification);
    create index on notifications (account, raised_at, notification) where read_at is null;
    create index on notifications (order_number);
    create index on notifications (adbot, kind) where adbot is not null;
    """,
)
"""All notifications, with the state of their mails. Grows with orders and what happens to adbots; nothing
ends it: a notification is told once, however often its cause is read again."""
PATIENCE = {
    NotificationKind.SEAT_LOST: timedelta(seconds=30),
    NotificationKind.SEAT_REPLACED: timedelta(seconds=30),
}
"""How long a mail waits for what makes it superfluous: a lost seat is usually filled at once, and several
seats may be lost together, of which one mail tells."""

OUTBOX = Projection(
    "outbox",
    version=2,
    ddl="""
    create table outbox (
        notification   uuid primary key,
        account        uuid not null,
        raised_at      timestamptz not null,
        correlation_id uuid not null,
        raised_by      uuid not null,
        try_at         timestamptz not null,
        claimed_until  timestamptz not null,
        attempts       integer not null default 0
    );
    create index on outbox (try_at);
    """,
    undecided=("outbox.try_at", "outbox.claimed_until", "outbox.attempts"),
)
"""Mails that remain to be sent.

Due time, claim and attempts are not decided by events: a rebuild copies them, and in a first fold every row
is due at once, unclaimed.
"""


@dataclass(frozen=True)
class Notification:
    """A notification of an account's owner."""

    notification: NotificationId
    account: AccountId
    kind: NotificationKind
    order: OrderNumber | None
    """None if it is about a webhook."""
    mail: MailState
    paid: Decimal | None
    missing: Decimal | None
    coin: str | None
    raised_at: datetime
    group: GroupRef | None = None
    chat: GroupRef | None = None
    name: GroupRef | None = None
    detail: str = ""
    hook: HookId | None = None
    second_of: OrderNumber | None = None
    """An earlier paid order of the same wish; both orders were open at the same time."""
    adbot: AdbotId | None = None
    reason: str = ""
    valid_until: datetime | None = None
    days: int | None = None
    groups: tuple[GroupRef, ...] = ()
    more_groups: int = 0
    read_at: datetime | None = None


@dataclass(frozen=True)
class DueMail:
    """A mail that this process has claimed and may send until the claim expires."""

    notification: NotificationId
    account: AccountId
    raised_at: datetime
    correlation_id: UUID
    raised_by: UUID
    """The id of the event that raised the notification."""
    attempts: int
    """The number of earlier attempts."""


@NOTIFICATIONS.on(NotificationRaised)
async def _notify(event: NotificationRaised, sql: TableSql) -> None:
    await sql.insert(
        notification=event.notification,
        account=event.account,
        kind=event.kind,
        order_number=event.order,
        mail=MailState.WAITING if event.mail else MailState.NONE,
        paid=event.paid,
        missing=event.missing,
        coin=event.coin,
        grp=event.group,
        chat=event.chat,
        name=event.name,
        detail=event.detail,
        hook=event.hook,
        raised_at=sql.at,
        adbot=event.adbot,
        session=event.session,
        reason=event.reason,
        valid_until=event.valid_until,
        days=event.days,
        groups=list(event.groups),
        more_groups=event.more_groups,
        as_of=event.as_of,
    )


@NOTIFICATIONS.on(MailSent)
async def _sent(event: MailSent, sql: TableSql) -> None:
    await _mail(sql, event.notification, MailState.SENT)


@NOTIFICATIONS.on(MailGivenUp)
async def _given_up(event: MailGivenUp, sql: TableSql) -> None:
    await _mail(sql, event.notification, MailState.GIVEN_UP)


@NOTIFICATIONS.on(NotificationsRead)
async def _read(event: NotificationsRead, sql: TableSql) -> None:
    await sql.execute(
        "update notifications set read_at = $2 where notification = any($1::uuid[])",
        list(event.notifications),
        sql.at,
    )


async def _mail(sql: TableSql, notification: NotificationId, state: MailState) -> None:
    await sql.execute("update notifications set mail = $2 where notification = $1", notification, state)


@OUTBOX.on(NotificationRaised)
async def _put_in(event: NotificationRaised, sql: TableSql) -> None:
    if event.mail:
        await sql.insert(
            notification=event.notification,
            account=event.account,
            raised_at=sql.at,
            correlation_id=sql.recorded.envelope.correlation_id,
            raised_by=sql.recorded.envelope.id,
            try_at=sql.at + PATIENCE.get(event.kind, timedelta(0)),
            claimed_until=sql.at,
        )


async def _take_out(event: MailSent | MailGivenUp, sql: TableSql) -> None:
    await sql.execute("delete from outbox where notification = $1", event.notification)


OUTBOX.on(MailSent)(_take_out)
OUTBOX.on(MailGivenUp)(_take_out)

TABLES = (NOTIFICATIONS, OUTBOX)


SECOND = f"case when n.kind = '{NotificationKind.PAYMENT_RECEIVED}' then {SECOND_OF} end"


async def whose_order(sql: Sql, order: OrderNumber) -> AccountId | None:
    """Return the account of an order, from its first notification."""
    found = await sql.fetchval(
        "select account from notifications where order_number = $1 and kind = $2",
        order,
        NotificationKind.ORDER_PLACED,
    )
    return None if found is None else AccountId(found)


async def claim_mails(
    sql: Sql, at: datetime, lease: timedelta, but: Collection[NotificationId], limit: int
) -> list[DueMail]:
    """Claim the mails that have been due longest, at most `limit` and none of `but`."""
    rows = await sql.fetch(
        "with due as materialized ("
        " select notification from outbox where try_at <= $1 and claimed_until <= $1"
        " and notification <> all($3::uuid[]) order by try_at limit $4 for update skip locked)"
        " update outbox set try_at = $2, claimed_until = $2 from due"
        " where outbox.notification = due.notification returning outbox.*",
        at,
        at + lease,
        list(but),
        limit,
    )
    return [_due_mail(row) for row in rows]


async def next_mail(sql: Sql) -> datetime | None:
    """Return when the next mail is due for any process, None if the outbox is empty."""
    found: datetime | None = await sql.fetchval("select min(try_at) from outbox")
    return found


async def waiting_mails(sql: Sql) -> int:
    """Return the number of mails in the outbox."""
    return int(await sql.fetchval("select count(*) from outbox"))


async def put_off_mail(
    sql: Sql, notification: NotificationId, until: datetime, *, tried: bool = True
) -> None:
    """Release the claim on a mail and make it due again at `until`; `tried` counts an attempt."""
    await sql.execute(
        "update outbox set try_at = $2, claimed_until = $2, attempts = attempts + $3 where notification = $1",
        notification,
        until,
        int(tried),
    )


def _due_mail(row: Row) -> DueMail:
    return DueMail(
        notification=NotificationId(row["notification"]),
        account=AccountId(row["account"]),
        raised_at=row["raised_at"],
        correlation_id=row["correlation_id"],
        raised_by=row["raised_by"],
        attempts=row["attempts"],
    )


def notification_in(row: Row) -> Notification:
    """Return the notification in a row of the table."""
    return Notification(
        notification=NotificationId(row["notification"]),
        account=AccountId(row["account"]),
        kind=NotificationKind(row["kind"]),
        order=row["order_number"],
        mail=MailState(row["mail"]),
        paid=row["paid"],
        missing=row["missing"],
        coin=row["coin"],
        detail=row["detail"],
        hook=row["hook"],
        raised_at=row["raised_at"],
        group=row["grp"],
        chat=row["chat"],
        name=row["name"],
        second_of=row["second_of"],
        adbot=row["adbot"],
        reason=row["reason"],
        valid_until=row["valid_until"],
        days=row["days"],
        groups=tuple(row["groups"]),
        more_groups=row["more_groups"],
        read_at=row["read_at"],
    )
