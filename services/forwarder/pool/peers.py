"""Resolved names, cached per session: messengers restrict accounts that resolve many.

Peers that a session resolved for one adbot are never used for another: that may be another client's. A group
is followed by the id that its name had when it was resolved, also when it has another name later.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from libs.events.chat_ids import channel_of, is_private, private_ref
from libs.events.values import AdbotId, CycleId, GroupRef, Method, ResultClass, SessionId
from libs.eventsourcing import Engine
from services.forwarder.pool.blocked import Blocks, TargetBlocked
from services.forwarder.pool.claims import GENERAL_TOPIC
from services.forwarder.pool.joining import Joining, JoinPending
from services.forwarder.pool.known import KnownPeers, NameMoved, NoTopics
from services.forwarder.pool.methods import Methods, Waits
from services.forwarder.pool.news import Moved, News
from services.forwarder.ports import Account, Chat, MessengerError, NotAMember, Peer, Target


class PeerBook:
    """The channels and groups known to one session of an adbot, by the clients' names for them."""

    def __init__(
        self, engine: Engine, session: SessionId, adbot: AdbotId, account: Account, methods: Methods
    ) -> None:
        self._account = account
        self._methods = methods
        self._stored = KnownPeers(engine, session, adbot)
        self._joining = Joining(engine, session, adbot, account, methods)
        self._blocks = Blocks(engine, session, account, methods)
        self._known: dict[str, Chat] = {}
        self._unknown: set[str] = set()
        """Names that are not stored either."""
        self._groups: set[str] = set()
        """Names of groups, not of channels of posts."""
        self._listed: CycleId | None = None
        self._joined: frozenset[GroupRef] = frozenset()
        self._looked: tuple[CycleId | None, set[str]] = None, set()
        """The groups whose topics were looked for in a cycle."""

    async def target(self, ref: GroupRef, cycle: CycleId) -> Target:
        """Return the target of a reference to a group or a topic of it. Raises `MessengerError`."""
        name, topic = _canonical(ref), _topic(ref)
        await self._learn()
        await self._blocks.ask_links(cycle)
        self._groups.add(name)
        peer = await self.find(name, cycle)
        if await self._blocks.among({name: peer.chat}):
            raise TargetBlocked
        if topic is not None:
            await self._require_forum(name, cycle)
        return Target(peer, topic)

    async def find(self, name: str, cycle: CycleId) -> Peer:
        """Return the channel or group of a name without a topic. Raises `MessengerError`.

        The account's chats are listed at most once in a cycle.
        """
        name = _canonical(name)
        await self._recall([name])
        if name not in self._known:
            chat = await self._ask(name, cycle)
            self._known[name] = chat
            await self._blocks.note({name: chat})
        return self._known[name].peer

    async def known(self, refs: Sequence[GroupRef]) -> dict[GroupRef, Target]:
        """Return the targets of references, without those that need a look before they are sent to."""
        await self._learn()
        names = {ref: _canonical(ref) for ref in refs}
        await self._recall(list(set(names.values())))
        chats = {name: self._known[name] for name in names.values() if name in self._known}
        self._groups |= chats.keys()
        blocked = await self._blocks.among({name: chat.peer.chat for name, chat in chats.items()})
        return {
            ref: Target(chats[name].peer, _topic(ref))
            for ref, name in names.items()
            if name in chats and name not in blocked and (_topic(ref) is None or chats[name].forum)
        }

    async def refresh(self, ref: GroupRef, cycle: CycleId) -> bool:
        """Look at a cached peer again; return whether it is another one now. Raises `MessengerError`.

        Only if it is gone, or removed the account, its name is resolved again.
        """
        name = _canonical(ref)
        if is_private(name) and self._listed == cycle:
            return False
        last = self._known.get(name)
        if last is not None:
            found = await self._look(last.peer)
            if found is not None:
                return await self._follow(name, last, found)
        await self.forget(name)
        peer = await self.find(name, cycle)
        return last is None or peer != last.peer

    async def join(self, ref: GroupRef) -> bool:
        """Join a group if the account is no member; return whether it did. Raises `MessengerError`."""
        name = _canonical(ref)
        last = self._known.get(name)
        if last is None or not self._methods.allowances.joins_per_day:
            return False
        found = await self._look(last.peer)
        if found is None or found.member:
            return False
        try:
            joined = await self._joining.join(name, found.peer)
        except NotAMember:
            return False
        except JoinPending as pending:
            if pending.own:  # looked at before it is used again
                del self._known[name]
                self._unknown.add(name)
            raise
        await self._follow(name, last, joined)
        return True

    def take_joined(self) -> frozenset[GroupRef]:
        """Return the chats of the account, by private id, if they were listed since the last call."""
        joined, self._joined = self._joined, frozenset()
        return joined

    def news(self) -> list[News]:
        """Return what is to be recorded, until `recorded` says that it was."""
        return [*self._methods.news, *self._joining.news]

    def recorded(self, news: Collection[News]) -> None:
        """Forget what was recorded."""
        self._methods.news = [one for one in self._methods.news if one not in news]
        self._joining.news = [one for one in self._joining.news if one not in news]

    async def forget(self, ref: GroupRef) -> None:
        """Delete a cached name that is no longer valid; it is resolved again at its next use."""
        name = _canonical(ref)
        self._known.pop(name, None)
        await self._stored.delete(name)

    async def _recall(self, names: Sequence[str]) -> None:
        """Read the stored peers of names."""
        names = [name for name in names if name not in self._known and name not in self._unknown]
        if names:
            self._known |= await self._stored.read(names)
            self._unknown |= set(names) - set(self._known)

    async def _ask(self, name: str, cycle: CycleId) -> Chat:
        if is_private(name):
            return await self._listed_chat(name, cycle)
        chat = await (self._named(name, cycle) if name.startswith("@") else self._invited(name))
        await self._stored.write({name: chat})
        return chat

    async def _listed_chat(self, name: str, cycle: CycleId) -> Chat:
        if self._listed != cycle:
            await self._list(cycle)
        if name not in self._known:
            raise NotAMember
        return self._known[name]

    async def _list(self, cycle: CycleId) -> None:
        chats = await self._methods.call(Method.LIST, self._account.chats)
        self._listed = cycle
        self._joined = frozenset(chats)
        self._known |= chats
        await self._stored.write(chats)

    async def _named(self, name: str, cycle: CycleId) -> Chat:
        """Return the chat of a public name; if others know the name as another chat, that one is meant."""
        if (await self._joining.membership(name)).asked:
            return await self._let_in(name)
        meant = await self._stored.ids_of_others(name)
        try:
            chat = await self._methods.call(Method.RESOLVE, lambda: self._account.resolve(name))
        except MessengerError as error:
            if not meant or error.meaning.result is not ResultClass.TARGET_GONE:
                raise
        else:
            if not meant or chat.peer.chat in meant:
                return chat
        if self._listed != cycle:
            await self._list(cycle)
        found = [self._known[ref] for ref in map(private_ref, meant) if ref in self._known]
        if not found:
            raise NameMoved
        return found[0]

    async def _let_in(self, name: str) -> Chat:
        """Return a public group that the seat has asked to join; look now and then if an admin let it in."""
        stored = await self._stored.read([name], pending=True)
        if name not in stored or not await self._joining.look_due(name):
            raise JoinPending
        chat = await self._look(stored[name].peer)
        if chat is None or not chat.member:
            raise JoinPending
        self._joining.entered(name, chat, approved=True)
        return chat

    async def _invited(self, link: str) -> Chat:
        """Return the chat of an invite link, which the seat joins for its adbot if it is no member."""
        membership = await self._joining.membership(link)
        if membership.asked and not await self._joining.look_due(link):
            raise JoinPending
        try:
            chat = await self._methods.call(Method.INVITE, lambda: self._account.resolve(link))
        except NotAMember:
            if membership.asked:
                raise JoinPending from None
            return await self._joining.join(link, link)
        if membership.asked:
            self._joining.entered(link, chat, approved=True)
        elif not membership.joined:
            await self._joining.require_own(link, chat)
        return chat

    async def _look(self, peer: Peer) -> Chat | None:
        """Return a known chat as it is now; None if it is gone, or if it can't be looked at now."""
        try:
            return await self._methods.call(Method.LOOK, lambda: self._account.look(peer))
        except Waits:
            return None

    async def _follow(self, name: str, last: Chat, found: Chat) -> bool:
        """Keep a chat as it is now; return whether it is addressed in another way than before."""
        self._known[name] = found
        if found == last:
            return False
        await self._stored.write({name: found})
        await self._blocks.note({name: found})
        if found.peer.chat != last.peer.chat:
            await self._stored.carry_over(last.peer.chat, found.peer.chat)
            self._note_move(name, found)
        return found.peer != last.peer

    async def _require_forum(self, name: str, cycle: CycleId) -> None:
        """Raise `NoTopics` if a group has none, which is looked for once in a cycle."""
        if self._looked[0] != cycle:
            self._looked = cycle, set()
        chat = self._known[name]
        if not chat.forum and name not in self._looked[1]:
            self._looked[1].add(name)
            chat = await self._look(chat.peer) or chat
            await self._follow(name, self._known[name], chat)
        if chat.forum is False:
            raise NoTopics

    async def _learn(self) -> None:
        """Keep what answers have shown of known chats: names that changed, and whether they have topics."""
        seen = {chat.peer.chat: chat for chat in self._account.take_seen()}
        changed: dict[GroupRef, Chat] = {}
        for name, last in self._known.items() if seen else ():
            shown = seen.get(last.peer.chat, last)
            if (shown.names, shown.forum) != (last.names, last.forum):
                changed[name] = replace(last, names=shown.names, forum=shown.forum)
                if name.startswith("@") and name not in shown.names:
                    self._note_move(name, shown)
        if changed:
            self._known |= changed
            await self._stored.write(changed)
            await self._blocks.note(changed)

    def _note_move(self, name: str, chat: Chat) -> None:
        if name in self._groups and chat.peer.chat > 0:
            moved = Moved(name, private_ref(chat.peer.chat), next(iter(chat.names), None))
            self._joining.news.append(moved)


def _canonical(ref: GroupRef) -> str:
    """Return the one reference to a chat, without its topic, under which it is stored."""
    name = ref.partition("/")[0]
    return private_ref(channel_of(name)) if is_private(name) else name


def _topic(ref: GroupRef) -> int | None:
    """Return the topic of a reference; None for the general one, to which messages without a topic go."""
    topic = ref.partition("/")[2]
    return None if not topic or int(topic) == GENERAL_TOPIC else int(topic)
