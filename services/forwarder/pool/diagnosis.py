"""Finds out whom an answer is about, before anybody is charged."""

from libs.events.values import ChannelPost, CycleId, GroupRef, ResultClass
from services.forwarder.pool.posting import Posting, SendFailed
from services.forwarder.pool.sends import Send


class Diagnosis:
    """Looks again at what an answer may be about, once per cycle and name."""

    def __init__(self) -> None:
        self._cycle: CycleId | None = None
        self._refreshed: set[tuple[str, GroupRef]] = set()

    async def conclude(self, posting: Posting, send: Send, failed: SendFailed) -> SendFailed | None:
        """Return the failure with the party that it is about; None if what was remembered was outdated.

        After None the send is to be made again. Raises `Unreachable`.
        """
        if send.cycle != self._cycle:
            self._cycle, self._refreshed = send.cycle, set()
        try:
            return await self._conclude(posting, send, failed)
        except SendFailed as other:
            return other

    async def _conclude(self, posting: Posting, send: Send, failed: SendFailed) -> SendFailed | None:
        post = send.post
        if isinstance(post, ChannelPost):
            if failed.at_source:
                return await self._of_source(posting, send.cycle, post, failed)
            if failed.sent and failed.meaning.asks_source and not failed.of_topic:
                return await self._of_either(posting, send, post, failed)
        return await self._of_target(posting, send, failed)

    async def _of_either(
        self, posting: Posting, send: Send, post: ChannelPost, failed: SendFailed
    ) -> SendFailed | None:
        """Ask the source first: only if the post can be read as before, the answer is about the group."""
        try:
            if await posting.read_again(send.cycle, post):
                return None
        except SendFailed as at_source:
            return await self._of_source(posting, send.cycle, post, at_source)
        if failed.result is ResultClass.SOURCE_BROKEN:
            return failed.refused_here()
        return await self._of_target(posting, send, failed)

    async def _of_source(
        self, posting: Posting, cycle: CycleId, post: ChannelPost, failed: SendFailed
    ) -> SendFailed | None:
        name = ("source", post.channel)
        if not failed.meaning.stale or name in self._refreshed:
            return failed
        changed = await posting.refresh_source(cycle, post)
        self._refreshed.add(name)
        return None if changed else failed

    async def _joined(self, posting: Posting, send: Send) -> bool:
        """Join the group, once a cycle, if the account is no member; return whether it did."""
        name = ("join", send.group)
        asked = name in self._refreshed
        self._refreshed.add(name)
        return not asked and await posting.join(send.group)

    async def _of_target(self, posting: Posting, send: Send, failed: SendFailed) -> SendFailed | None:
        if failed.sent and failed.meaning.of_stranger and await self._joined(posting, send):
            return None
        name = ("target", send.group)
        if not failed.sent or not failed.meaning.stale or name in self._refreshed:
            return failed
        changed = await posting.refresh_target(send.cycle, send.group)
        self._refreshed.add(name)
        return None if changed else failed
