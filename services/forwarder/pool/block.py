"""The sends of one seat that were begun together and are made one after the other."""

import math
from collections import deque
from collections.abc import Collection, Sequence

from libs.events.values import GroupRef, ResultClass
from services.forwarder.pool.batch import Batch
from services.forwarder.pool.claims import Rival
from services.forwarder.pool.leases import now
from services.forwarder.pool.newest import STILL_NEWEST, Newest
from services.forwarder.pool.posting import Posting, Prepared
from services.forwarder.pool.queue import Queue
from services.forwarder.pool.sends import Send

MOST = 20
"""How many sends are begun together at most: if the worker dies, these may be in their groups."""
MOST_SECONDS = 30.0
"""For how long a block may last: after a worker's death its seat makes no other send before."""
CHECK_SECONDS = 1.0
"""For how many seconds a block is made without a look at whether its cycle still runs."""


def beginning(sends: Sequence[Send]) -> Sequence[Send]:
    """Return the first sends that may be in one block, by the time that they take."""
    seconds = 0.0
    for number, send in enumerate(sends):
        if number and seconds > MOST_SECONDS:
            return sends[:number]
        seconds += send.delay_seconds + send.jitter_seconds / 2
    return sends


class Block:
    """Begun sends of one cycle that are not made yet."""

    def __init__(self, posting: Posting, begun: Sequence[tuple[Prepared, float]]) -> None:
        self.posting = posting
        self._waiting = deque(begun)
        self._next_at = 0.0
        self._checked_at = now()

    @property
    def sends(self) -> list[Send]:
        """The sends that are not made yet."""
        return [ready.send for ready, _ in self._waiting]

    @property
    def wait(self) -> float:
        """Seconds until the next send may be made."""
        return max(0.0, self._next_at - now())

    @property
    def duration(self) -> float:
        """How many seconds the remaining sends take from now on, with the pause behind the last one."""
        return self.wait + math.fsum(pause for _, pause in self._waiting)

    @property
    def outdated(self) -> bool:
        """It has to be checked whether the remaining sends are still wanted."""
        return now() - self._checked_at >= CHECK_SECONDS

    def keep(self, groups: Collection[GroupRef]) -> None:
        """Keep only the sends to these groups, which are still wanted."""
        self._waiting = deque(one for one in self._waiting if one[0].send.group in groups)
        self._checked_at = now()

    def take(self) -> Prepared:
        """Return the next send, which is made now."""
        ready, pause = self._waiting.popleft()
        self._next_at = now() + pause
        return ready


class Blocks:
    """The block that a seat is making, if there is one."""

    def __init__(self, queue: Queue, batch: Batch, newest: Newest) -> None:
        self._queue = queue
        self._batch = batch
        self._newest = newest
        self._block: Block | None = None
        self._broken = False

    async def begin(
        self, posting: Posting, ready: Prepared, behind: Sequence[Send]
    ) -> tuple[Send, Rival] | None:
        """Begin a send, and later ones whose targets are known; return the first one's rival, if it has one.

        Sends that their groups do not need yet are left out instead.
        """
        later = await posting.known(beginning([ready.send, *behind])[1:], ready.content)
        needed = await self._needed(posting, [ready, *later])
        if not needed:
            return None
        first, *others = needed
        others_with_targets = [(one.send, one.target) for one in others]
        begun = await self._queue.begin(
            first.send, first.target, *others_with_targets, arrived=self._batch.arrived
        )
        if isinstance(begun, Rival):
            return first.send, begun
        prepared = {one.send.group: one for one in needed}
        self._block = Block(posting, [(prepared[send.group], pause) for send, pause in begun])
        self._broken = False
        return None

    async def _needed(self, posting: Posting, sends: Sequence[Prepared]) -> list[Prepared]:
        still = await self._newest.still(posting, sends)
        for one in sends:
            if one.send.group in still:
                self._batch.note(one.send, ResultClass.LEFT_OUT, STILL_NEWEST)
        return [one for one in sends if one.send.group not in still]

    def stop(self) -> None:
        """Make no further send of the block."""
        self._broken = True

    async def next(self) -> Block | None:
        """Return the block if it has sends that may be made, now or later."""
        block = self._block
        if block is not None and not self._broken and block.sends and not block.wait and block.outdated:
            arrived = self._batch.arrived
            wanted = await self._queue.still_wanted(block.sends, block.duration, arrived)
            if wanted is None:
                self.stop()
            else:
                block.keep(wanted)
        if block is None or self._broken or not block.sends:
            await self.give_back()
        return self._block

    async def give_back(self) -> None:
        """End the block, and undo the beginning of its sends that were not made.

        A repeated send remains doubtful: what was begun before is not undone.
        """
        self._broken = True
        if self._block is not None:
            first = [send for send in self._block.sends if not send.attempts and not send.doubtful]
            if first:
                await self._queue.give_back(first, self._block.wait)
            self._block = None
