"""The messages of webhooks: those that wait, and the log of those that ended."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from libs.events.gateway import HookId
from libs.events.values import AccountId
from libs.eventsourcing import Row, Sql
from services.gateway.hooks.posting import Answer
from services.gateway.hooks.retrying import GIVE_UP_AFTER
from services.gateway.tables.paging import Key, KeyType, PagedList, instant

KEPT = timedelta(days=7)
"""For how long messages are in the log after their end."""
MOST_WAITING = 1000
"""How many messages of a webhook may wait; of more, the oldest are given up."""
MOST_IN_FLIGHT, MOST_OF_ACCOUNT = 2, 4
"""How many messages of a webhook, and of all webhooks of an account, are sent at a time."""
_MESSAGES = UUID("6d2b9df4-0b43-4c0e-8f57-0d1c1e9bb7a5")
_ADD = """
insert into webhooks.deliveries (message, hook, type, body, created_at, give_up_at, try_at, claimed_until)
values ($1, $2, $3, $4, $5::timestamptz, $6, $5::timestamptz, $5::timestamptz) on conflict do nothing
"""
_CLAIM = """
with busy as materialized (
    select hook, h.account from hooks h join (
        select distinct hook from webhooks.deliveries where state = 'waiting' and try_at <= $1
    ) d using (hook)
), sent as materialized (  -- until the end of a claim its message is due at that end
    select h.account, count(*) as number from webhooks.deliveries f join hooks h using (hook)
    where f.state = 'waiting' and f.try_at > $1 and f.try_at <= $2 and f.claimed_until > $1
    group by h.account
), turns as materialized (
    select c.message, c.try_at, coalesce(sent.number, 0) + row_number() over (
        partition by busy.account order by c.try_at, c.message
    ) as turn
    from busy left join sent using (account) cross join lateral (
        select message, try_at from webhooks.deliveries w
        where w.hook = busy.hook and w.state = 'waiting' and w.try_at <= $1
        order by w.try_at, w.message
        limit greatest(0, $3 - (
            select count(*) from webhooks.deliveries f
            where f.hook = busy.hook and f.state = 'waiting' and f.claimed_until > $1
        ))
    ) c
), due as materialized (
    select message from turns where turn <= $5 order by turn, try_at, message limit $4
)
update webhooks.deliveries d set try_at = $2::timestamptz, claimed_until = $2::timestamptz
from due, hooks h, webhooks.endpoints e
where d.message = due.message and h.hook = d.hook and e.hook = d.hook
returning d.message, d.hook, d.type, d.body, d.tries, d.give_up_at, h.account, h.url,
    e.sealed, case when e.old_until > $1 then e.old_sealed end as old_sealed
"""
"""A claimed message is due again when its claim ends.

Two processes that claim at once want the same messages, the first ones of a webhook: one of them tries again,
so that the limit holds for both together.
"""
_ATTEMPTED = """
update webhooks.deliveries
set attempts = attempts + 1, tries = tries + 1,
    last_at = $2::timestamptz, last_status = $3, last_trouble = $4, state = $5::text,
    detail = $6, try_at = $7, claimed_until = $2::timestamptz,
    ended_at = case when $5::text <> 'waiting' then $2::timestamptz end
where message = $1 and state = 'waiting'
"""
_GIVE_UP_ALL = """
update webhooks.deliveries set state = 'given_up', detail = $2, ended_at = $3
where hook = $1 and state = 'waiting'
"""
_GIVE_UP_OLDEST = """
update webhooks.deliveries set state = 'given_up', detail = 'too_many_waiting', ended_at = $2
where message in (
    select message from webhooks.deliveries where hook = $1 and state = 'waiting' and claimed_until <= $2
    order by created_at, message limit greatest(0, (
        select count(*) from (
            select from webhooks.deliveries where hook = $1 and state = 'waiting' limit $3 + 1
        ) as w
    ) - $3)
)
"""
"""Counts in an index, up to one more than may wait."""
_GIVE_UP_OFF = """
update webhooks.deliveries d set state = 'given_up', detail = 'switched_off', ended_at = $1
from hooks h join accounts a using (account)
where h.hook = d.hook and d.state = 'waiting' and (h.off_why is not null or a.suspended_for is not null)
"""
_DELETE_ORPHANS = """
delete from webhooks.deliveries d
where d.state = 'waiting' and not exists (select from webhooks.endpoints e where e.hook = d.hook)
"""
_FORGET = """
delete from webhooks.deliveries where message in (
    select message from webhooks.deliveries where state <> 'waiting' and ended_at < $1 limit $2
)
"""
_AGAIN = """
update webhooks.deliveries
set state = 'waiting', detail = '', tries = 0, try_at = $3::timestamptz,
    claimed_until = $3::timestamptz, give_up_at = $4,
    ended_at = null
where hook = $1 and message = $2 and state <> 'delivered' and claimed_until <= $3::timestamptz
"""
DELIVERIES = PagedList(
    name="webhook-deliveries",
    source="webhooks.deliveries d",
    where="d.hook = $1",
    fields=f"""
        d.message as id, d.type, d.state, d.detail, {instant("d.created_at")} as created_at, d.attempts,
        {instant("d.last_at")} as last_attempt_at, d.last_status, d.last_trouble as last_error,
        case when d.state = 'waiting' then {instant("d.try_at")} end as next_attempt_at
    """,
    sorts={"created_at": (Key("d.created_at", KeyType.INSTANT), Key("d.message", KeyType.ID))},
    filters={"state": "d.state = {}"},
)
"""The log of a webhook, `$1`: messages that wait, and those that ended lately."""


class DeliveryState(StrEnum):
    """The state of a message."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class GivenUp(StrEnum):
    """Why a message was given up."""

    NOT_TAKEN = "not_taken"
    """The receiver did not take it within a day."""
    GONE = "gone"
    """The receiver answered 410."""
    SWITCHED_OFF = "switched_off"
    TOO_MANY_WAITING = "too_many_waiting"


@dataclass(frozen=True)
class NewMessage:
    """A message of a webhook about an event."""

    hook: HookId
    event: UUID
    type: str
    kind: str
    id: str
    at: datetime
    """When it happened."""

    @property
    def message(self) -> UUID:
        """The message's id, derived from the event and the webhook."""
        return uuid5(_MESSAGES, f"{self.event} {self.hook}")

    @property
    def body(self) -> str:
        """What is sent: JSON with `type`, `timestamp` and `data`, a live change as it is shown in the app."""
        return body_of(self.type, self.kind, self.id, self.at)


@dataclass(frozen=True)
class Claimed:
    """A message that this process may send until its claim ends."""

    message: UUID
    hook: HookId
    account: AccountId
    url: str
    body: str
    tries: int
    """The number of earlier attempts, since it was asked for last."""
    give_up_at: datetime
    sealed: Sequence[bytes]
    """The secrets to sign with, sealed."""


def body_of(kind_of_message: str, kind: str, ref: str, at: datetime) -> str:
    """Return the body of a message, the same for each attempt."""
    when = at.isoformat()
    event = kind_of_message.rpartition(".")[2]
    data = {"kind": kind, "id": ref, "event": event, "at": when}
    return json.dumps({"type": kind_of_message, "timestamp": when, "data": data}, separators=(",", ":"))


async def add_message(sql: Sql, new: NewMessage, at: datetime) -> None:
    """Let a message be sent, instead of the oldest one if too many wait.

    A second one of the same event and webhook is none.
    """
    await sql.execute(_ADD, new.message, new.hook, new.type, new.body, at, at + GIVE_UP_AFTER)
    await sql.execute(_GIVE_UP_OLDEST, new.hook, at, MOST_WAITING)


async def claim_messages(sql: Sql, at: datetime, until: datetime, limit: int) -> Sequence[Claimed]:
    """Claim messages that are due, of each account and webhook a few at a time.

    The first of each account come before the second, and so on: many of one account hold up no other.
    """
    rows = await sql.fetch(_CLAIM, at, until, MOST_IN_FLIGHT, limit, MOST_OF_ACCOUNT)
    return [_claimed(row) for row in rows]


async def next_due(sql: Sql) -> datetime | None:
    """Return when the next message is due for any process, None if none waits."""
    found: datetime | None = await sql.fetchval(
        "select min(try_at) from webhooks.deliveries where state = 'waiting'"
    )
    return found


async def waiting_messages(sql: Sql) -> int:
    """Return how many messages wait."""
    return int(await sql.fetchval("select count(*) from webhooks.deliveries where state = 'waiting'"))


async def note_attempt(
    sql: Sql,
    message: UUID,
    answer: Answer,
    at: datetime,
    *,
    again_at: datetime | None = None,
    given_up: GivenUp | None = None,
) -> bool:
    """Note an attempt, and the message's end unless it is sent again; return whether it waited for it."""
    state = (
        DeliveryState.WAITING if again_at else DeliveryState.GIVEN_UP if given_up else DeliveryState.DELIVERED
    )
    affected = await sql.execute(
        _ATTEMPTED, message, at, answer.status, answer.trouble, state, given_up or "", again_at or at
    )
    return affected > 0


async def give_up_all(sql: Sql, hook: HookId, at: datetime) -> None:
    """Give up the messages of a webhook that wait: it was switched off."""
    await sql.execute(_GIVE_UP_ALL, hook, GivenUp.SWITCHED_OFF, at)


async def give_up_unwanted(sql: Sql, at: datetime) -> int:
    """Give up messages of webhooks that were switched off, or whose account was suspended; return how many.

    Those of deleted webhooks are deleted.
    """
    await sql.execute(_DELETE_ORPHANS)
    return await sql.execute(_GIVE_UP_OFF, at)


async def forget_ended(sql: Sql, at: datetime, limit: int) -> int:
    """Delete messages that ended long ago, at most `limit`; return how many."""
    return await sql.execute(_FORGET, at - KEPT, limit)


async def send_again(sql: Sql, hook: HookId, message: UUID, at: datetime) -> bool:
    """Let a message that was not taken be sent at once; return whether it is, or was, to be sent."""
    if await sql.execute(_AGAIN, hook, message, at, at + GIVE_UP_AFTER):
        return True
    return bool(
        await sql.fetchval(
            "select state = 'waiting' from webhooks.deliveries where hook = $1 and message = $2",
            hook,
            message,
        )
    )


def _claimed(row: Row) -> Claimed:
    return Claimed(
        message=row["message"],
        hook=HookId(row["hook"]),
        account=AccountId(row["account"]),
        url=row["url"],
        body=row["body"],
        tries=row["tries"],
        give_up_at=row["give_up_at"],
        sealed=[sealed for sealed in (row["sealed"], row["old_sealed"]) if sealed is not None],
    )
