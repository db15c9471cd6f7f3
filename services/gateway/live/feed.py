"""Gives messages to those who listen in this process, from the database that all replicas share."""

import asyncio
import time
from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Protocol

import structlog

from libs.events.values import AccountId
from libs.eventsourcing import Engine, Sql
from libs.eventsourcing.background import heed_cancellation
from libs.eventsourcing.errors import StatementRejected, Transient
from libs.eventsourcing.values import Cursor
from services.gateway.live.listener import MOST_WAITING, EndReason, Listener
from services.gateway.live.listeners import Listeners
from services.gateway.live.message import BEGINNING, Mark, Message

log = structlog.stdlib.get_logger()

POLL_SECONDS = 0.5
"""How often messages that another replica folded are looked for; those of this process wake it up."""
PACE_SECONDS = 0.05
"""The shortest time between two queries."""
RIGHTS_SECONDS = 30.0
"""How often it is checked that listeners may still listen to their topics."""
RETRY_SECONDS = 2.0
AT_ONCE = MOST_WAITING // 2
"""How many messages are given at once: if all are one listener's, it can read them before the next ones."""


class ReadModels(Protocol):
    """The reader that folds the read models, in any process."""

    async def checkpoints(self, sources: Sequence[str]) -> Mapping[str, Cursor]:
        """Return the positions up to which the events of sources are folded."""
        ...

    async def advanced(self, within_seconds: float) -> None:
        """Wait until the reader has committed in this process, at most so long."""
        ...


class Source(Protocol):
    """A table of messages, in an order by position for each source of events."""

    name: str

    async def folded(self, reader: ReadModels) -> Mark:
        """Return up to where the table is complete."""
        ...

    def key(self, mark: Mark) -> str:
        """Return what a listener sends to resume after a mark, which it has reached now."""
        ...

    async def between(
        self, sql: Sql, topics: Collection[Hashable], after: Mark, until: Mark, limit: int
    ) -> tuple[Sequence[Message], Mark]:
        """Return messages of these topics between two marks, in order, and the mark after the last of them.

        The mark is `until` if there are no more.
        """
        ...

    async def missed(self, sql: Sql, topic: Hashable, after: Mark, until: Mark) -> Sequence[Message]:
        """Return the latest messages of a topic between two marks, in order."""
        ...

    async def lost(self, sql: Sql, listeners: Collection[Listener]) -> Collection[Listener]:
        """Return the listeners whose topic is not their account's any more."""
        ...


class Feed:
    """The listeners of this process to one source. One query serves all of them."""

    def __init__(
        self, engine: Engine, reader: ReadModels, source: Source, *, most: int, most_per_account: int
    ) -> None:
        self._engine = engine
        self._reader = reader
        self._source = source
        self.name = source.name
        self._listeners = Listeners[Listener](source.name, most=most, most_per_account=most_per_account)
        self._mark: Mark = {}
        """What this includes was given to the listeners of then."""
        self._joining = asyncio.Lock()
        self._checked_at = 0.0

    async def join(
        self, account: AccountId | None, topic: Hashable, after: Mark | None
    ) -> tuple[Listener, Sequence[Message]]:
        """Add a listener; return it, and the messages since `after` that were folded before.

        Raise `TooManyListeners`. Whoever joins must `leave`.
        """
        listener = Listener(account, topic, self._reached)
        try:
            async with self._joining:
                if not self._listeners:
                    self._mark = await self._folded()
                self._listeners.add(listener)
            begin = await self._folded()  # not before the mark: what follows is in the queue
            listener.begin_after(begin)
            if after is None:
                return listener, []
            missed = await self._engine.query(lambda sql: self._source.missed(sql, topic, after, begin))
        except BaseException:
            self.leave(listener)
            raise
        return listener, missed

    def leave(self, listener: Listener) -> None:
        """Remove a listener."""
        self._listeners.remove(listener)

    def stop(self) -> None:
        """End all listening, since the process stops."""
        self._listeners.stop()

    async def run(self) -> None:
        """Give messages to the listeners until cancelled."""
        while True:
            heed_cancellation()
            await self._listeners.any.wait()
            try:
                if not await self._give():
                    await self._reader.advanced(POLL_SECONDS)
                await self._check_rights()
            except (Transient, StatementRejected) as trouble:
                log.warning("live.retry", feed=self._source.name, error=repr(trouble))
                await asyncio.sleep(RETRY_SECONDS)
            await asyncio.sleep(PACE_SECONDS)

    def _reached(self, begin: Mark) -> str:
        """Return the key of what was given to who began after a mark; empty before that mark is reached."""
        given = self._mark
        if any(position > given.get(source, BEGINNING) for source, position in begin.items()):
            return ""
        return self._source.key(given)

    async def _folded(self) -> Mark:
        return await self._source.folded(self._reader)

    async def _give(self) -> bool:
        """Give what was folded since the last time; return whether there may be more by now."""
        until = await self._folded()
        async with self._joining:  # so that the mark does not move under a first listener
            if until == self._mark:
                return False
            after, topics = self._mark, {one.topic for one in self._listeners}
            messages, self._mark = await self._engine.query(
                lambda sql: self._source.between(sql, topics, after, until, AT_ONCE)
            )
        by_topic: dict[Hashable, list[Listener]] = {}
        for listener in self._listeners:
            by_topic.setdefault(listener.topic, []).append(listener)
        for message in messages:
            for listener in by_topic.get(message.topic, ()):
                listener.put(message)
        return True

    async def _check_rights(self) -> None:
        if time.monotonic() < self._checked_at + RIGHTS_SECONDS:
            return
        listeners = list(self._listeners)
        for listener in await self._engine.query(lambda sql: self._source.lost(sql, listeners)):
            listener.end(EndReason.NOT_YOURS)
        self._checked_at = time.monotonic()
