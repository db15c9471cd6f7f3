"""The groups that the operator has blocked, at the time of sending.

The scheduler obeys the blocks when a cycle is due; here are those that came later, or were on their way.
"""

from collections.abc import Sequence

from libs.events.chat_ids import channel_of, chat_of, is_private, private_ref
from libs.events.values import CycleId, GroupRef
from libs.eventsourcing import Sql

SCHEMA = """
-- the blocked groups, without topics; a row ends when the operator unblocks the group
create table if not exists pool.blocked (
    target text primary key
);
"""
# what sessions have resolved says which names and ids are one chat
_OTHER_NAMES = """
with chats as (
    select channel, ref from pool.known_peers where ref = any($1) or channel = any($2)
)
select k.ref, k.channel from pool.known_peers k where k.channel in (select channel from chats)
"""


async def block(sql: Sql, target: GroupRef) -> None:
    """Store that a group is blocked."""
    await sql.execute("insert into pool.blocked values ($1) on conflict do nothing", target)


async def unblock(sql: Sql, target: GroupRef) -> None:
    """Store that a group is not blocked any more."""
    await sql.execute("delete from pool.blocked where target = $1", target)


async def blocked_among(sql: Sql, groups: Sequence[GroupRef]) -> list[GroupRef]:
    """Return the groups that are blocked, by whatever name they and the blocks are written."""
    rows = await sql.fetch("select target from pool.blocked")
    if not rows:
        return []
    names = await _names_of(sql, [row["target"] for row in rows])
    return [group for group in groups if chat_of(group) in names]


async def pending_at(sql: Sql, target: GroupRef) -> dict[CycleId, list[GroupRef]]:
    """Return the pending sends to a group by cycle, by whatever name the group is written."""
    names = await _names_of(sql, [target])
    rows = await sql.fetch(
        "select cycle, grp from sends where split_part(grp, '/', 1) = any($1)", list(names)
    )
    pending: dict[CycleId, list[GroupRef]] = {}
    for row in rows:
        pending.setdefault(row["cycle"], []).append(row["grp"])
    return pending


async def _names_of(sql: Sql, targets: Sequence[GroupRef]) -> set[GroupRef]:
    """Return the references to these chats that are known, without topics."""
    channels = [channel_of(target) for target in targets if is_private(target)]
    rows = await sql.fetch(_OTHER_NAMES, list(targets), channels)
    return {*targets, *(row["ref"] for row in rows), *(private_ref(row["channel"]) for row in rows)}
