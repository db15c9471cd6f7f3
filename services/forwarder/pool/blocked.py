"""Blocks of groups at the time of sending, by whatever name the group and the block are written.

Only the messenger knows which names, ids and links are one chat. What any session is shown is kept, and a
block holds for the chat: also when it has another name afterwards.
"""

from collections.abc import Mapping, Sequence

from libs.events.chat_ids import is_private, private_ref
from libs.events.values import CycleId, GroupRef, Method, Party, ResultClass, SessionId
from libs.eventsourcing import Engine, Sql
from services.forwarder.cycle.domain import BLOCKED
from services.forwarder.pool.methods import Methods
from services.forwarder.ports import Account, Chat, Meaning, MessengerError, Unreachable

SCHEMA = """
-- the chats that public names belonged to when a session saw them last; a row ends 60 days after that
create table if not exists pool.chat_names (
    name    text primary key,
    channel bigint not null,
    at      timestamptz not null
);
create index if not exists chat_names_by_channel on pool.chat_names (channel);
-- the chats that blocks are about; a row ends with its block
create table if not exists pool.blocked_chats (
    target  text not null,
    channel bigint not null,
    primary key (target, channel)
);
create index if not exists blocked_chats_by_channel on pool.blocked_chats (channel);
-- the sessions that asked what a blocked invite link leads to; a row ends with its block
create table if not exists pool.links_asked (
    target  text not null,
    session uuid not null,
    primary key (target, session)
);
insert into pool.blocked_chats
select target, -(target::bigint) - 1000000000000 from pool.blocked where target like '-%'
on conflict do nothing;
"""
LINKS_AT_ONCE = 3
"""How many blocked invite links a session asks about in one cycle."""

_NOTE = """
with shown as (
    select * from unnest($1::text[], $2::bigint[]) as s (name, channel)
), named as (
    insert into pool.chat_names as n (name, channel, at)
    select distinct on (name) name, channel, clock_timestamp() from shown where name like '@%'
    on conflict (name) do update set channel = excluded.channel, at = excluded.at
)
insert into pool.blocked_chats (target, channel)
select distinct b.target, s.channel from shown s join pool.blocked b on b.target = s.name
on conflict do nothing
"""
_AMONG = """
select ref from unnest($1::text[], $2::bigint[]) as w (ref, channel)
where exists (select from pool.blocked_chats b where b.channel = w.channel)
   or exists (select from pool.blocked b where b.target = w.ref)
"""
_LINKS = """
select target from pool.blocked b
where target like '+%' and not exists (select from pool.blocked_chats c where c.target = b.target)
  and not exists (select from pool.links_asked a where a.target = b.target and a.session = $1)
order by target limit $2
"""


class TargetBlocked(MessengerError):
    """The operator has blocked the group: nothing is sent to it."""

    def __init__(self) -> None:
        super().__init__(BLOCKED, Meaning(ResultClass.STOPPED, ResultClass.STOPPED, Party.TARGET))


class Blocks:
    """The blocked groups, as one session of an adbot meets them."""

    def __init__(self, engine: Engine, session: SessionId, account: Account, methods: Methods) -> None:
        self._engine = engine
        self._session = session
        self._account = account
        self._methods = methods
        self._asked: CycleId | None = None

    async def note(self, chats: Mapping[GroupRef, Chat]) -> None:
        """Store which names, ids and links are one chat, and which of them are blocked."""
        shown = [
            (name, chat.peer.chat)
            for ref, chat in chats.items()
            for name in dict.fromkeys([ref, *chat.names])
            if not is_private(name)
        ]
        await self._engine.query(
            lambda sql: sql.execute(_NOTE, [name for name, _ in shown], [chat for _, chat in shown])
        )

    async def among(self, chats: Mapping[GroupRef, int]) -> set[GroupRef]:
        """Return the references, without topics, whose chats are blocked."""
        rows = await self._engine.query(lambda sql: sql.fetch(_AMONG, list(chats), list(chats.values())))
        return {row["ref"] for row in rows}

    async def ask_links(self, cycle: CycleId) -> None:
        """Ask once what blocked invite links lead to: only an account that is a member is shown it."""
        if self._asked == cycle:
            return
        self._asked = cycle
        rows = await self._engine.query(lambda sql: sql.fetch(_LINKS, self._session, LINKS_AT_ONCE))
        for row in rows:
            if not await self._ask_link(row["target"]):
                return

    async def _ask_link(self, link: GroupRef) -> bool:
        """Ask what a link leads to; return whether the next may be asked about."""
        try:
            chat = await self._methods.call(Method.INVITE, lambda: self._account.resolve(link))
        except Unreachable:
            raise
        except MessengerError as error:
            if error.meaning.result is not ResultClass.TARGET_GONE:
                return False  # the method rests, or the account does: another time
        else:
            await self.note({link: chat})
        await self._engine.query(
            lambda sql: sql.execute(
                "insert into pool.links_asked values ($1, $2) on conflict do nothing", link, self._session
            )
        )
        return True


async def block_chats(sql: Sql, target: GroupRef, channel: int | None) -> None:
    """Store which chats a block is about; `channel` is the id if the block is by id."""
    await sql.execute(
        "insert into pool.blocked_chats (target, channel) "
        "select $1, $2 where $2::bigint is not null "
        "union select $1, channel from pool.chat_names where name = $1 "
        "union select $1, channel from pool.known_peers where ref = $1 on conflict do nothing",
        target,
        channel,
    )


async def unblock_chats(sql: Sql, target: GroupRef) -> None:
    """Delete what was stored about a block."""
    await sql.execute("delete from pool.blocked_chats where target = $1", target)
    await sql.execute("delete from pool.links_asked where target = $1", target)


async def names_of(sql: Sql, target: GroupRef) -> set[GroupRef]:
    """Return all known references, without topics, to the chats that a block is about."""
    rows = await sql.fetch(
        "select n.ref, c.channel from pool.blocked_chats c left join lateral ("
        "select name as ref from pool.chat_names where channel = c.channel "
        "union select ref from pool.known_peers where channel = c.channel) n on true where c.target = $1",
        target,
    )
    ids = {private_ref(row["channel"]) for row in rows if row["channel"] > 0}
    return {target, *ids, *(row["ref"] for row in rows if row["ref"] is not None)}


async def blocked_refs(sql: Sql, refs: Sequence[GroupRef], channels: Sequence[int | None]) -> set[GroupRef]:
    """Return the references that are blocked, as far as sessions have seen what they lead to."""
    rows = await sql.fetch(
        "select w.ref from unnest($1::text[], $2::bigint[]) as w (ref, channel) "
        "where w.ref in (select target from pool.blocked) or exists ("
        "select from pool.blocked_chats b where b.channel = w.channel "
        "or b.channel in (select channel from pool.known_peers where ref = w.ref) "
        "or b.channel in (select channel from pool.chat_names where name = w.ref))",
        list(refs),
        list(channels),
    )
    return {row["ref"] for row in rows}


async def forget_names(sql: Sql) -> None:
    """Delete the names that no session has seen for 60 days."""
    await sql.execute("delete from pool.chat_names where at < clock_timestamp() - interval '60 days'")
