"""The groups that the operator has blocked, at the time of sending.

The scheduler obeys the blocks when a cycle is due; here are those that came later, or were on their way.
"""

from collections.abc import Sequence

from libs.events.chat_ids import channel_of, chat_of, is_private
from libs.events.values import CycleId, GroupRef
from libs.eventsourcing import Sql
from services.forwarder.pool.blocked import block_chats, blocked_refs, names_of, unblock_chats

SCHEMA = """
-- the blocked groups, without topics; a row ends when the operator unblocks the group
create table if not exists pool.blocked (
    target text primary key
);
"""


async def block(sql: Sql, target: GroupRef) -> None:
    """Store that a group is blocked."""
    await sql.execute("insert into pool.blocked values ($1) on conflict do nothing", target)
    await block_chats(sql, target, _id_in(target))


async def unblock(sql: Sql, target: GroupRef) -> None:
    """Store that a group is not blocked any more."""
    await sql.execute("delete from pool.blocked where target = $1", target)
    await unblock_chats(sql, target)


async def blocked_among(sql: Sql, groups: Sequence[GroupRef]) -> list[GroupRef]:
    """Return the groups that are blocked, by whatever name they and the blocks are written."""
    if not await sql.fetchval("select exists (select from pool.blocked)"):
        return []
    chats = list(dict.fromkeys(chat_of(group) for group in groups))
    blocked = await blocked_refs(sql, chats, [_id_in(chat) for chat in chats])
    return [group for group in groups if chat_of(group) in blocked]


async def pending_at(sql: Sql, target: GroupRef) -> dict[CycleId, list[GroupRef]]:
    """Return the pending sends to a group by cycle, by whatever name the group is written."""
    names = await names_of(sql, target)
    rows = await sql.fetch(
        "select cycle, grp from sends where split_part(grp, '/', 1) = any($1)", list(names)
    )
    pending: dict[CycleId, list[GroupRef]] = {}
    for row in rows:
        pending.setdefault(row["cycle"], []).append(row["grp"])
    return pending


def _id_in(chat: GroupRef) -> int | None:
    """Return the id that a reference without a topic names a chat by."""
    return channel_of(chat) if is_private(chat) else None
