"""One send: its target, its messages and their random ids."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from libs.events.values import ChannelPost, CycleId, ErrorName, GroupRef, ResultClass, TextPost
from services.forwarder.pool.peers import PeerBook
from services.forwarder.pool.queue import Send
from services.forwarder.ports import Account, Meaning, MessengerError, Peer, Target, Unreachable

TEXT = 0
"""The message id used for a post that is a text."""


def idempotency_key(cycle: CycleId | UUID, group: GroupRef, message: int) -> int:
    """Return the key by which the messenger deduplicates sends: equal arguments, equal key."""
    digest = hashlib.sha256(f"{cycle}:{group}:{message}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True) or 1


class SendFailed(Exception):
    """The messenger did not accept a send; `result` is the class of its answer."""

    def __init__(self, error: MessengerError, *, at_source: bool = False) -> None:
        super().__init__(error.name)
        self.error: ErrorName = error.name
        self.meaning: Meaning = error.meaning
        self.result: ResultClass = error.meaning.result_at_source if at_source else error.meaning.result


@dataclass(frozen=True)
class Messages:
    """The messages of a post in its channel, ascending."""

    source: Peer
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Prepared:
    """A send with all its names resolved."""

    target: Target
    keys: tuple[int, ...]
    content: "TextPost | Messages"


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
                target = await self._target(send.group)
                return Prepared(target, (idempotency_key(send.cycle, send.group, TEXT),), send.post)
            case ChannelPost():
                messages = await self._source(send.cycle, send.post)
                target = await self._target(send.group)
                keys = tuple(idempotency_key(send.cycle, send.group, number) for number in messages.numbers)
                return Prepared(target, keys, messages)

    async def _source(self, cycle: CycleId, post: ChannelPost) -> Messages:
        if cycle != self._cycle:  # a post may have been edited since the last cycle
            self._cycle, self._albums = cycle, {}
        try:
            source = await self._peers.find(post.channel)
            if post not in self._albums:
                self._albums[post] = await self._account.fetch(source, post.message)
        except Unreachable:
            raise
        except MessengerError as error:
            raise SendFailed(error, at_source=True) from None
        return Messages(source, self._albums[post])

    async def _target(self, group: GroupRef) -> Target:
        try:
            return await self._peers.target(group)
        except Unreachable:
            raise
        except MessengerError as error:
            raise SendFailed(error) from None

    async def send(self, group: GroupRef, prepared: Prepared) -> tuple[int, ...]:
        """Send and return the message ids in the target; none, if an earlier send arrived.

        Raises `SendFailed`.
        """
        try:
            match prepared.content:
                case TextPost() as text:
                    return await self._account.write(text, prepared.keys[0], prepared.target)
                case Messages(source, numbers):
                    return await self._account.forward(source, numbers, prepared.keys, prepared.target)
        except Unreachable:
            raise
        except MessengerError as error:
            if error.meaning.result is ResultClass.TARGET_GONE:
                await self._peers.forget(group)
            raise SendFailed(error) from None
