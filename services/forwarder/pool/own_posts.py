"""The last post of each adbot in each group, for adbots whose options need it, and what is to be deleted."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from libs.events.forwarder import DeliveriesRecorded
from libs.events.values import AdbotId, CycleId, SendOptions, SessionId
from libs.eventsourcing import Sql, UnitOfWork
from services.forwarder.cycle.domain import CYCLE
from services.forwarder.cycle.state import CycleEvent

SCHEMA = """
-- the last post of an adbot in a chat or topic, kept only while its cycles have options that need it
create table if not exists pool.own_posts (
    adbot    uuid not null,
    channel  bigint not null,
    topic    bigint not null,
    cycle    uuid not null,
    session  uuid not null,
    messages bigint[] not null,
    at       timestamptz not null,
    primary key (adbot, channel, topic)
);

-- the earlier posts that a session is to delete; a row ends with the deletion, or after a day
create table if not exists pool.deletions (
    session    uuid not null,
    adbot      uuid not null,
    channel    bigint not null,
    messages   bigint[] not null,
    at         timestamptz not null,
    not_before timestamptz,
    primary key (session, channel, messages)
);
"""
KEPT = timedelta(days=30)
"""How long the last post in a group is remembered."""
DELETED_WITHIN = timedelta(days=1)
"""How long a session may take to delete a post."""

# Ids of messages grow within a chat: of two posts the one with the lower ids is the earlier one, in whatever
# order they are recorded. The statement must come before the attempts are deleted, which know the targets.
_REMEMBER = """
with new as (
    select a.channel, a.topic, w.session, w.messages::bigint[] as messages, w.at
    from unnest($3::text[], $4::uuid[], $5::text[], $6::timestamptz[]) as w (grp, session, messages, at)
    join pool.attempts a on a.cycle = $2 and a.grp = w.grp and a.session = w.session
    where a.channel is not null
), last as (
    select p.*, new.session as new_session, new.messages as new_messages
    from pool.own_posts p join new on (p.channel, p.topic) = (new.channel, new.topic)
    where p.adbot = $1 and p.cycle <> $2 and p.at > clock_timestamp() - $8::interval
), replaced as (
    insert into pool.deletions (session, adbot, channel, messages, at)
    select case when later then session else new_session end, $1, channel,
           case when later then messages else new_messages end, clock_timestamp()
    from (select *, new_messages[1] > messages[1] as later from last) as compared
    where $7
    on conflict do nothing
)
insert into pool.own_posts as p (adbot, channel, topic, cycle, session, messages, at)
select $1, channel, topic, $2, session, messages, at from new
on conflict (adbot, channel, topic) do update set
    cycle = excluded.cycle, session = excluded.session, messages = excluded.messages, at = excluded.at
where p.messages[1] < excluded.messages[1]
"""
_BEFORE = """
select p.channel, p.topic, p.messages
from pool.own_posts p join unnest($3::bigint[], $4::bigint[]) as w (channel, topic) using (channel, topic)
where p.adbot = $1 and p.cycle <> $2
"""


async def remember(unit: UnitOfWork, cycle: CycleId, events: Sequence[CycleEvent]) -> None:
    """Store the posts of recorded deliveries, and what they replace, if the cycle's options need it.

    It needs the attempts of these sends.
    """
    delivered = [
        delivery
        for event in events
        if isinstance(event, DeliveriesRecorded)
        for delivery in event.deliveries
        if delivery.messages and delivery.session is not None
    ]
    if not delivered:
        return
    state = await unit.load(CYCLE, cycle)
    if state is None or not _needed(state.options):
        return
    await unit.flushed.execute(
        _REMEMBER,
        state.adbot,
        cycle,
        [delivery.group for delivery in delivered],
        [delivery.session for delivery in delivered],
        [array_of(sorted(delivery.messages)) for delivery in delivered],
        [delivery.at for delivery in delivered],
        state.options.delete_previous,
        KEPT,
    )


async def begin_with(sql: Sql, adbot: AdbotId, options: SendOptions) -> None:
    """Delete the posts that are too old, and all of them if a new cycle's options do not need them."""
    await sql.execute(
        "delete from pool.own_posts where adbot = $1 and (not $2 or at < clock_timestamp() - $3::interval)",
        adbot,
        _needed(options),
        KEPT,
    )


async def posts_before(
    sql: Sql, adbot: AdbotId, cycle: CycleId, places: Sequence[tuple[int, int]]
) -> Mapping[tuple[int, int], frozenset[int]]:
    """Return the ids of the adbot's last posts of earlier cycles, by chat and topic."""
    rows = await sql.fetch(
        _BEFORE, adbot, cycle, [channel for channel, _ in places], [topic for _, topic in places]
    )
    return {(row["channel"], row["topic"]): frozenset(row["messages"]) for row in rows}


async def forget_posts(sql: Sql, adbot: AdbotId) -> None:
    """Delete all that is stored about the posts of an adbot that has no seats any more."""
    await sql.execute("delete from pool.own_posts where adbot = $1", adbot)
    await sql.execute("delete from pool.deletions where adbot = $1", adbot)


async def forget_deletions(sql: Sql, session: SessionId) -> None:
    """Delete the pending deletions of a session that leaves its adbot."""
    await sql.execute("delete from pool.deletions where session = $1", session)


async def drop_late_deletions(sql: Sql) -> None:
    """Delete pending deletions that nobody has carried out in time."""
    await sql.execute(
        "delete from pool.deletions where at < clock_timestamp() - $1::interval", DELETED_WITHIN
    )


def array_of(messages: Sequence[int]) -> str:
    """Return ids of messages as PostgreSQL writes an array; arrays of arrays need equal lengths."""
    return "{" + ",".join(map(str, messages)) + "}"


def _needed(options: SendOptions) -> bool:
    return options.skip_newest or options.delete_previous
