"""One send: its target, its messages and their random ids."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from libs.events.values import ChannelPost, CycleId, ErrorName, GroupRef, ResultClass, TextPost
from services.forwarder.pool.peers import PeerBook
from services.forwarder.pool.queue import Send
from services.forwarder.ports import Account, Peer, Target, TelegramError, Unreachable
from services.forwarder.telegram_errors import classify, classify_source, wait_seconds

TEXT = 0
"""The message id used for a post that is a text."""


def random_id(cycle: CycleId | UUID, group: GroupRef, message: int) -> int:
    """Return the `random_id` by which Telegram deduplicates sends: equal arguments, equal id."""
    digest = hashlib.sha256(f"{cycle}:{group}:{message}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True) or 1


class SendFailed(Exception):
    """Telegram did not accept a send; `result` is the class of its answer."""

    def __init__(self, error: ErrorName, result: ResultClass) -> None:
        super().__init__(error)
        self.error = error
        self.result = result
        self.wait = wait_seconds(error)


@dataclass(frozen=True)
class Prepared:
    """A send with all its names resolved."""

    target: Target
    random_ids: tuple[int, ...]
    source: Peer | None = None
    messages: tuple[int, ...] = ()
    text: str = ""


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
            case TextPost(text=text):
                target = await self._target(send.group)
                return Prepared(target, (random_id(send.cycle, send.group, TEXT),), text=text)
            case ChannelPost():
                source, messages = await self._source(send.cycle, send.post)
                target = await self._target(send.group)
                numbers = tuple(random_id(send.cycle, send.group, message) for message in messages)
                return Prepared(target, numbers, source, messages)

    async def _source(self, cycle: CycleId, post: ChannelPost) -> tuple[Peer, tuple[int, ...]]:
        if cycle != self._cycle:  # a post may have been edited since the last cycle
            self._cycle, self._albums = cycle, {}
        try:
            source = await self._peers.find(post.channel)
            if post not in self._albums:
                self._albums[post] = await self._account.album(source, post.message)
        except Unreachable:
            raise
        except TelegramError as error:
            raise SendFailed(error.name, classify_source(error.name, error.code)) from None
        return source, self._albums[post]

    async def _target(self, group: GroupRef) -> Target:
        try:
            return await self._peers.target(group)
        except Unreachable:
            raise
        except TelegramError as error:
            raise SendFailed(error.name, classify(error.name, error.code)) from None

    async def send(self, group: GroupRef, prepared: Prepared) -> tuple[int, ...]:
        """Send and return the message ids in the target; none, if an earlier send arrived.

        Raises `SendFailed`.
        """
        try:
            if prepared.source is None:
                number = prepared.random_ids[0]
                return await self._account.write(prepared.text, number, prepared.target)
            return await self._account.forward(
                prepared.source, prepared.messages, prepared.random_ids, prepared.target
            )
        except Unreachable:
            raise
        except TelegramError as error:
            result = classify(error.name, error.code)
            if result is ResultClass.TARGET_GONE:
                await self._peers.forget(group)
            raise SendFailed(error.name, result) from None
