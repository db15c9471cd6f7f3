"""One send: its target, its messages and their random ids."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from libs.events.values import ChannelPost, CycleId, ErrorName, GroupRef, Party, ResultClass, TextPost
from services.forwarder.pool.leases import now
from services.forwarder.pool.news import News
from services.forwarder.pool.peers import PeerBook
from services.forwarder.pool.sends import Send
from services.forwarder.ports import Account, Meaning, MessengerError, Peer, Target, Unreachable

TEXT = 0
"""The message id used for a post that is a text."""


def idempotency_key(cycle: CycleId | UUID, group: GroupRef, message: int) -> int:
    """Return the key by which the messenger deduplicates sends: equal arguments, equal key."""
    digest = hashlib.sha256(f"{cycle}:{group}:{message}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True) or 1


class SendFailed(Exception):
    """The messenger did not accept a send; `result` is the class of its answer, `party` whom it is about.

    `at_source`: it is the answer to a look at the post, not to a send. `sent`: to a send.
    """

    def __init__(
        self, error: MessengerError, *, at_source: bool = False, sent: bool = False, topic: bool = False
    ) -> None:
        super().__init__(error.name)
        meaning = error.meaning
        self.error: ErrorName = error.name
        self.meaning: Meaning = meaning
        self.at = now()
        """When it was answered, on the clock of leases."""
        self.at_source = at_source
        self.sent = sent
        self.result: ResultClass = meaning.result_at_source if at_source else meaning.result
        self.party: Party | None = meaning.party_at_source if at_source else meaning.party
        self.of_topic = meaning.in_topic and topic and not at_source
        if self.of_topic:
            self.result, self.party = ResultClass.TARGET_GONE, Party.TARGET

    def refused_here(self) -> "SendFailed":
        """Return the failure of a post that can be read, but which this group does not take."""
        self.result, self.party = ResultClass.CONTENT_DENIED, Party.SOURCE
        return self


@dataclass(frozen=True)
class Messages:
    """The messages of a post in its channel, ascending."""

    source: Peer
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Prepared:
    """A send with all its names resolved."""

    send: Send
    target: Target
    keys: tuple[int, ...]
    content: TextPost | Messages


def prepared(send: Send, target: Target, content: TextPost | Messages) -> Prepared:
    """Return a send to a target, with its idempotency keys."""
    numbers = (TEXT,) if isinstance(content, TextPost) else content.numbers
    keys = tuple(idempotency_key(send.cycle, send.group, number) for number in numbers)
    return Prepared(send, target, keys, content)


class Posting:
    """Sends posts by one account. Raises `Unreachable` if there is no connection."""

    def __init__(self, account: Account, peers: PeerBook) -> None:
        self._account = account
        self._peers = peers
        self._albums: dict[ChannelPost, tuple[int, ...]] = {}
        self._cycle: CycleId | None = None

    async def prepare(self, send: Send) -> Prepared:
        """Resolve the names that a send needs; nothing is sent yet. Raises `SendFailed`."""
        match send.post:
            case TextPost():
                return prepared(send, await self._target(send.group, send.cycle), send.post)
            case ChannelPost():
                messages = await self._source(send.cycle, send.post)
                return prepared(send, await self._target(send.group, send.cycle), messages)

    async def known(self, sends: Sequence[Send], content: TextPost | Messages) -> list[Prepared]:
        """Return the sends of a post with known content whose targets are known too; nothing is asked."""
        targets = await self._peers.known([send.group for send in sends])
        return [prepared(send, targets[send.group], content) for send in sends if send.group in targets]

    async def _source(self, cycle: CycleId, post: ChannelPost) -> Messages:
        if cycle != self._cycle:  # a post may have been edited since the last cycle
            self._cycle, self._albums = cycle, {}
        try:
            source = await self._peers.find(post.channel, cycle)
            if post not in self._albums:
                self._albums[post] = await self._account.fetch(source, post.message)
        except Unreachable:
            raise
        except MessengerError as error:
            raise SendFailed(error, at_source=True) from None
        return Messages(source, self._albums[post])

    async def _target(self, group: GroupRef, cycle: CycleId) -> Target:
        try:
            return await self._peers.target(group, cycle)
        except Unreachable:
            raise
        except MessengerError as error:
            raise SendFailed(error) from None

    async def read_again(self, cycle: CycleId, post: ChannelPost) -> bool:
        """Read the post again; return whether it consists of other messages now. Raises `SendFailed`."""
        last = self._albums.pop(post, None)
        return (await self._source(cycle, post)).numbers != last

    async def refresh_source(self, cycle: CycleId, post: ChannelPost) -> bool:
        """Resolve the post's channel again; return whether it is another one now. Raises `SendFailed`."""
        try:
            changed = await self._peers.refresh(post.channel, cycle)
        except Unreachable:
            raise
        except MessengerError as error:
            raise SendFailed(error, at_source=True) from None
        if changed:
            self._albums.pop(post, None)
        return changed

    async def refresh_target(self, cycle: CycleId, group: GroupRef) -> bool:
        """Resolve a group again; return whether it is another one now. Raises `SendFailed`."""
        try:
            return await self._peers.refresh(group, cycle)
        except Unreachable:
            raise
        except MessengerError as error:
            raise SendFailed(error) from None

    async def inspect(self, cycle: CycleId, channel: GroupRef, messages: Sequence[int]) -> dict[int, bool]:
        """Return which messages of a channel exist, each with whether it may be forwarded.

        The channel is resolved again if what is known of it may be outdated. Raises `MessengerError`.
        """
        try:
            return await self._account.inspect(await self._peers.find(channel, cycle), messages)
        except MessengerError as error:
            if not error.meaning.stale or not await self._peers.refresh(channel, cycle):
                raise
            return await self._account.inspect(await self._peers.find(channel, cycle), messages)

    async def newest(self, targets: Sequence[Target]) -> Mapping[Target, int]:
        """See `Account.newest`. Raises `MessengerError`."""
        return await self._account.newest(targets)

    async def delete(self, chat: Peer, messages: Sequence[int]) -> None:
        """See `Account.delete`. Raises `MessengerError`."""
        await self._account.delete(chat, messages)

    async def join(self, group: GroupRef) -> bool:
        """Join a group if the account is no member; return whether it did. Raises `SendFailed`."""
        try:
            return await self._peers.join(group)
        except Unreachable:
            raise
        except MessengerError as error:
            raise SendFailed(error) from None

    def news(self) -> list[News]:
        """See `PeerBook.news`."""
        return self._peers.news()

    def recorded(self, news: Sequence[News]) -> None:
        """See `PeerBook.recorded`."""
        self._peers.recorded(news)

    def take_joined(self) -> frozenset[GroupRef]:
        """See `PeerBook.take_joined`."""
        return self._peers.take_joined()

    async def send(self, ready: Prepared) -> tuple[int, ...]:
        """Send and return the message ids in the target; none, if an earlier send arrived.

        Raises `SendFailed`.
        """
        try:
            match ready.content:
                case TextPost() as text:
                    return await self._account.write(text, ready.keys[0], ready.target)
                case Messages(source, numbers):
                    author = ready.send.options.author
                    return await self._account.forward(
                        source, numbers, ready.keys, ready.target, author=author
                    )
        except Unreachable:
            raise
        except MessengerError as error:
            topic = ready.target.topic is not None
            raise SendFailed(error, sent=True, topic=topic) from None
