"""The stored peers of sessions, by the clients' names for them; each counts for one adbot only."""

from collections.abc import Collection, Mapping

from libs.events.values import AdbotId, GroupRef, Party, ResultClass, SessionId
from libs.eventsourcing import Engine, Sql
from services.forwarder.ports import Chat, Meaning, MessengerError, Peer

SCHEMA = """
-- from earlier versions, without the adbot
drop table if exists pool.peers;

-- the chats that a session is in, and the names of its adbot's groups; deleted with the seat
create table if not exists pool.known_peers (
    session     uuid not null,
    adbot       uuid not null,
    ref         text not null,
    channel     bigint not null,
    access_hash bigint not null,
    primary key (session, adbot, ref)
);
-- unknown in rows of earlier versions; the id of a basic group is negative
alter table pool.known_peers add column if not exists forum boolean;
create index if not exists known_peers_by_ref on pool.known_peers (ref);
create index if not exists known_peers_by_channel on pool.known_peers (channel);
"""

# what an admin has yet to approve of is looked at before it is used
_READ = """
select ref, channel, access_hash, forum from pool.known_peers k
where session = $1 and adbot = $2 and ref = any($3)
  and ($4 or not exists (
      select from memberships m where m.adbot = $2 and m.session = $1 and m.ref = k.ref and not m.joined))
"""
_WRITE = """
insert into pool.known_peers (session, adbot, ref, channel, access_hash, forum)
select $1, $2, * from unnest($3::text[], $4::bigint[], $5::bigint[], $6::boolean[])
on conflict (session, adbot, ref) do update
set channel = excluded.channel, access_hash = excluded.access_hash, forum = excluded.forum
"""
# a post that a group got before it became another chat counts there, too
_CARRY_OVER = """
insert into pool.claims (cycle, channel, topic, grp)
select cycle, $2, topic, grp from pool.claims where channel = $1 on conflict do nothing
"""


class NoTopics(MessengerError):
    """A topic was given for a group that has none."""

    def __init__(self) -> None:
        super().__init__(
            "NO_TOPICS", Meaning(ResultClass.TARGET_GONE, ResultClass.SOURCE_BROKEN, Party.TARGET)
        )


class NameMoved(MessengerError):
    """The name belongs to another chat now, or to none; this account does not know the one that is meant."""

    def __init__(self) -> None:
        meaning = Meaning(
            ResultClass.TARGET_DENIED,
            ResultClass.SOURCE_BROKEN,
            Party.SEAT_AT_TARGET,
            Party.SEAT_AT_SOURCE,
            passing=True,
        )
        super().__init__("NAME_MOVED", meaning)


class KnownPeers:
    """The rows of one session and adbot."""

    def __init__(self, engine: Engine, session: SessionId, adbot: AdbotId) -> None:
        self._engine = engine
        self._session = session
        self._adbot = adbot

    async def read(self, refs: Collection[GroupRef], *, pending: bool = False) -> dict[GroupRef, Chat]:
        """Return the stored chats; those that an admin has yet to let the seat into only if `pending`."""
        rows = await self._engine.query(
            lambda sql: sql.fetch(_READ, self._session, self._adbot, list(refs), pending)
        )
        return {
            row["ref"]: Chat(Peer(row["channel"], row["access_hash"]), forum=row["forum"]) for row in rows
        }

    async def write(self, chats: Mapping[GroupRef, Chat]) -> None:
        """Store chats."""
        peers = [chat.peer for chat in chats.values()]
        await self._engine.query(
            lambda sql: sql.execute(
                _WRITE,
                self._session,
                self._adbot,
                list(chats),
                [peer.chat for peer in peers],
                [peer.key for peer in peers],
                [chat.forum for chat in chats.values()],
            )
        )

    async def delete(self, ref: GroupRef) -> None:
        """Delete a reference that leads elsewhere now."""
        await self._engine.query(
            lambda sql: sql.execute(
                "delete from pool.known_peers where session = $1 and adbot = $2 and ref = $3",
                self._session,
                self._adbot,
                ref,
            )
        )

    async def ids_of_others(self, ref: GroupRef) -> set[int]:
        """Return the ids by which other seats of the adbot know a reference."""
        rows = await self._engine.query(
            lambda sql: sql.fetch(
                "select distinct channel from pool.known_peers "
                "where ref = $3 and adbot = $2 and session <> $1",
                self._session,
                self._adbot,
                ref,
            )
        )
        return {row["channel"] for row in rows}

    async def carry_over(self, before: int, after: int) -> None:
        """Let what a chat got in running cycles count for the chat that it became."""
        await self._engine.query(lambda sql: sql.execute(_CARRY_OVER, before, after))


async def forget_peers(sql: Sql, session: SessionId, *, but: AdbotId | None = None) -> None:
    """Delete the peers that a session resolved for adbots, except those for `but`."""
    for table in ("known_peers", "join_checks"):
        await sql.execute(
            f"delete from pool.{table} where session = $1 and adbot is distinct from $2",  # noqa: S608 - constants
            session,
            but,
        )
