"""Resolved names, cached per session: messengers restrict accounts that resolve many.

Peers that a session resolved for one adbot are never used for another: that may be another client's.
"""

from collections.abc import Mapping, Sequence

from libs.events.chat_ids import channel_of, is_private, private_ref
from libs.events.values import AdbotId, CycleId, GroupRef, SessionId
from libs.eventsourcing import Engine, Sql
from services.forwarder.pool.claims import GENERAL_TOPIC
from services.forwarder.ports import Account, NotAMember, Peer, Target

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
"""


class PeerBook:
    """The channels and groups known to one session of an adbot, by the clients' names for them."""

    def __init__(self, engine: Engine, session: SessionId, adbot: AdbotId, account: Account) -> None:
        self._engine = engine
        self._session = session
        self._adbot = adbot
        self._account = account
        self._known: dict[str, Peer] = {}
        self._unknown: set[str] = set()
        """Names that are not stored either."""
        self._listed: CycleId | None = None
        self._joined: frozenset[GroupRef] = frozenset()

    async def target(self, ref: GroupRef, cycle: CycleId) -> Target:
        """Return the target of a reference to a group or a topic of it. Raises `MessengerError`."""
        name, _, topic = ref.partition("/")
        thread = int(topic) if topic else GENERAL_TOPIC
        return Target(await self.find(name, cycle), None if thread == GENERAL_TOPIC else thread)

    async def find(self, name: str, cycle: CycleId) -> Peer:
        """Return the channel or group of a name without a topic. Raises `MessengerError`.

        The account's chats are listed at most once in a cycle.
        """
        name = _canonical(name)
        if name not in self._known and name not in self._unknown:
            await self._recall([name])
        if name not in self._known:
            self._known[name] = await self._ask(name, cycle)
        return self._known[name]

    async def known(self, refs: Sequence[GroupRef]) -> dict[GroupRef, Target]:
        """Return the targets of references, without those that only the messenger can resolve."""
        names = {ref: _canonical(ref.partition("/")[0]) for ref in refs}
        await self._recall([name for name in set(names.values()) - self._unknown if name not in self._known])
        topics = {ref: ref.partition("/")[2] for ref in refs}
        return {
            ref: Target(self._known[name], int(topics[ref]) if topics[ref] else None)
            for ref, name in names.items()
            if name in self._known
        }

    async def refresh(self, ref: GroupRef, cycle: CycleId) -> bool:
        """Resolve a cached name again; return whether it is another peer now. Raises `MessengerError`."""
        name = _canonical(ref.partition("/")[0])
        if is_private(name) and self._listed == cycle:
            return False
        last = self._known.get(name)
        await self.forget(name)
        return await self.find(name, cycle) != last

    def take_joined(self) -> frozenset[GroupRef]:
        """Return the chats of the account, by private id, if they were listed since the last call."""
        joined, self._joined = self._joined, frozenset()
        return joined

    async def forget(self, ref: GroupRef) -> None:
        """Delete a cached name that is no longer valid; it is resolved again at its next use."""
        name = _canonical(ref.partition("/")[0])
        self._known.pop(name, None)
        await self._engine.query(
            lambda sql: sql.execute(
                "delete from pool.known_peers where session = $1 and adbot = $2 and ref = $3",
                self._session,
                self._adbot,
                name,
            )
        )

    async def _recall(self, names: Sequence[str]) -> None:
        """Read the stored peers of names."""
        if not names:
            return
        rows = await self._engine.query(
            lambda sql: sql.fetch(
                "select ref, channel, access_hash from pool.known_peers "
                "where session = $1 and adbot = $2 and ref = any($3)",
                self._session,
                self._adbot,
                list(names),
            )
        )
        self._known |= {row["ref"]: Peer(row["channel"], row["access_hash"]) for row in rows}
        self._unknown |= set(names) - set(self._known)

    async def _ask(self, name: str, cycle: CycleId) -> Peer:
        if not is_private(name):
            found = await self._account.resolve(name)
            await self._remember({name: found})
            return found
        if self._listed != cycle:
            chats = await self._account.chats()
            self._listed = cycle
            self._joined = frozenset(chats)
            self._known |= chats
            await self._remember(chats)
        if name not in self._known:
            raise NotAMember
        return self._known[name]

    async def _remember(self, peers: Mapping[str, Peer]) -> None:
        await self._engine.query(
            lambda sql: sql.execute(
                "insert into pool.known_peers (session, adbot, ref, channel, access_hash) "
                "select $1, $2, * from unnest($3::text[], $4::bigint[], $5::bigint[]) "
                "on conflict (session, adbot, ref) do update "
                "set channel = excluded.channel, access_hash = excluded.access_hash",
                self._session,
                self._adbot,
                list(peers),
                [peer.chat for peer in peers.values()],
                [peer.key for peer in peers.values()],
            )
        )


def _canonical(name: str) -> str:
    return private_ref(channel_of(name)) if is_private(name) else name


async def forget_peers(sql: Sql, session: SessionId, *, but: AdbotId | None = None) -> None:
    """Delete the peers that a session resolved for adbots, except those for `but`."""
    await sql.execute(
        "delete from pool.known_peers where session = $1 and adbot is distinct from $2", session, but
    )
