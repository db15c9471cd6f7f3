"""Queries of notifications: an account's list, and what was told about an adbot."""

from dataclasses import dataclass

from libs.events.gateway import NotificationKind
from libs.events.values import (
    AccountId,
    AdbotId,
    OrderNumber,
    SessionId,
    SessionLoss,
)
from libs.eventsourcing import Sql
from services.gateway.inbox.tables import SECOND
from services.gateway.tables.paging import Key, KeyType, PagedList

NOTIFICATIONS = PagedList(
    name="notifications",
    source="notifications n left join orders o using (order_number)",
    where="n.account = $1",
    extra=f"n.*, {SECOND} as second_of",
    sorts={"created_at": (Key("n.raised_at", KeyType.INSTANT), Key("n.notification", KeyType.ID))},
    filters={"unread": "(n.read_at is null) = {}"},
)
"""An account's notifications, `$1`; joins the read model of orders."""
_OWNER = """
select account, order_number from notifications where adbot = $1 and kind = any($2)
order by raised_at limit 1
"""
_EARLIER_OWNER = "select account, order_number from adbots where adbot = $1"
_LOSS = """
select l.session, l.reason from notifications l where l.adbot = $1 and l.kind = $2
  and not exists (
    select from notifications r where r.adbot = $1 and r.kind = $3 and r.session = l.session
  )
  and not exists (
    select from notifications e where e.adbot = $1 and e.kind = any($4) and e.raised_at >= l.raised_at
  )
order by l.raised_at, l.notification limit 1
"""
_DELIVERED = (NotificationKind.ADBOT_READY, NotificationKind.ADBOT_WAITING)
_EMPTIED = (NotificationKind.EXPIRED, NotificationKind.ADBOT_SUSPENDED)


@dataclass(frozen=True, slots=True)
class AdbotOwner:
    """Whom notifications of an adbot are for, and the order that it was provisioned for."""

    account: AccountId
    order: OrderNumber


@dataclass(frozen=True, slots=True)
class Loss:
    """A session that an adbot lost."""

    session: SessionId
    loss: SessionLoss


async def unread_of(sql: Sql, account: AccountId) -> int:
    """Return how many notifications an account's owner has not read."""
    found: int = await sql.fetchval(
        "select count(*) from notifications where account = $1 and read_at is null", account
    )
    return found


async def owner_of_adbot(sql: Sql, adbot: AdbotId) -> AdbotOwner:
    """Return whom an adbot's notifications are for; raise `LookupError` if no event about it was read.

    The first notification about the adbot says it. There is none for adbots that an earlier version of the
    gateway heard of; they are in the read model.
    """
    row = await sql.fetchrow(_OWNER, adbot, list(_DELIVERED)) or await sql.fetchrow(_EARLIER_OWNER, adbot)
    if row is None:
        message = f"no AdbotProvisioned was read for {adbot}"
        raise LookupError(message)
    return AdbotOwner(AccountId(row["account"]), row["order_number"])


async def waits_for_first_seat(sql: Sql, adbot: AdbotId) -> bool:
    """Return whether the owner was told that an adbot waits for its first seat, and not that it is ready."""
    kinds = await sql.fetch(
        "select kind from notifications where adbot = $1 and kind = any($2)", adbot, list(_DELIVERED)
    )
    return [row["kind"] for row in kinds] == [NotificationKind.ADBOT_WAITING]


async def unreplaced_loss(sql: Sql, adbot: AdbotId) -> Loss | None:
    """Return the first loss that the owner was told of, and not that the seat has another session.

    A loss before the end of the validity, or before a suspension, is none any more.
    """
    row = await sql.fetchrow(
        _LOSS, adbot, NotificationKind.SEAT_LOST, NotificationKind.SEAT_REPLACED, list(_EMPTIED)
    )
    return None if row is None else Loss(SessionId(row["session"]), SessionLoss(row["reason"]))
