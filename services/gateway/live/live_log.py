"""Gives lines of the log to those who listen in this process, from the database that all replicas share."""

import asyncio
import time
from typing import Protocol

import structlog
from prometheus_client import Gauge

from libs.events.values import AccountId, AdbotId
from libs.eventsourcing import Engine
from libs.eventsourcing.background import heed_cancellation
from libs.eventsourcing.errors import StatementRejected, Transient
from libs.eventsourcing.values import Cursor
from services.gateway.live.listener import EndReason, Listener
from services.gateway.tables.adbot_states import owners_of
from services.gateway.tables.delivery_log import LinePosition, LoggedLine, folded_lines, missed_lines

log = structlog.stdlib.get_logger()

SOURCE = "forwarder"
LISTENERS = Gauge("adrelay_gateway_listeners", "Listeners to live lines.")
POLL_SECONDS = 0.5
"""How often lines that another replica folded are looked for; those of this process wake it up."""
PACE_SECONDS = 0.05
"""The shortest time between two queries."""
OWNER_SECONDS = 30.0
"""How often it is checked that the adbots are still their listeners'."""
RETRY_SECONDS = 2.0
_AT_ONCE = 1000
_LAST_LINE = 2**15 - 1


class ReadModels(Protocol):
    """The reader that folds the read models, in any process."""

    async def checkpoint(self, source: str) -> Cursor:
        """Return the position up to which a source's events are folded."""
        ...

    async def advanced(self, within_seconds: float) -> None:
        """Wait until the reader has committed in this process, at most so long."""
        ...


class TooManyListeners(Exception):
    """The limit of listeners is reached, of the account or of this process."""


class LiveLog:
    """The listeners of this process. One query serves all of them."""

    def __init__(self, engine: Engine, reader: ReadModels, *, most: int, most_per_account: int) -> None:
        self._engine = engine
        self._reader = reader
        self._most, self._most_per_account = most, most_per_account
        self._listeners: set[Listener] = set()
        self._mark = LinePosition(0, 0)
        """Lines up to here were given to the listeners of then."""
        self._joining = asyncio.Lock()
        self._any = asyncio.Event()
        self._stopping = False
        self._checked_at = 0.0

    async def join(
        self, account: AccountId, adbot: AdbotId, after: LinePosition | None
    ) -> tuple[Listener, list[LoggedLine]]:
        """Add a listener; return it, and the lines since `after` that were folded before.

        Raise `TooManyListeners`. Whoever joins must `leave`.
        """
        listener = Listener(account, adbot)
        try:
            async with self._joining:
                if not self._listeners:
                    self._mark = await self._folded()
                self._check_room(account)  # nothing is awaited between this and the adding
                self._add(listener)
            listener.begin = begin = await self._folded()  # not before the mark: what follows is in the queue
            if after is None:
                return listener, []
            return listener, await self._engine.query(lambda sql: missed_lines(sql, adbot, after, begin))
        except BaseException:
            self.leave(listener)
            raise

    def leave(self, listener: Listener) -> None:
        """Remove a listener."""
        self._listeners.discard(listener)
        LISTENERS.set(len(self._listeners))
        if not self._listeners:
            self._any.clear()

    def stop(self) -> None:
        """End all listening, since the process stops."""
        self._stopping = True
        for listener in self._listeners:
            listener.end(EndReason.STOPPING)

    async def run(self) -> None:
        """Give lines to the listeners until cancelled."""
        while True:
            heed_cancellation()
            await self._any.wait()
            try:
                if not await self._give():
                    await self._reader.advanced(POLL_SECONDS)
                await self._check_owners()
            except (Transient, StatementRejected) as trouble:
                log.warning("live_log.retry", error=repr(trouble))
                await asyncio.sleep(RETRY_SECONDS)
            await asyncio.sleep(PACE_SECONDS)

    def _check_room(self, account: AccountId) -> None:
        of_account = sum(one.account == account for one in self._listeners)
        if len(self._listeners) >= self._most or of_account >= self._most_per_account:
            raise TooManyListeners

    def _add(self, listener: Listener) -> None:
        self._listeners.add(listener)
        LISTENERS.set(len(self._listeners))
        self._any.set()
        if self._stopping:
            listener.end(EndReason.STOPPING)

    async def _folded(self) -> LinePosition:
        return LinePosition(*await self._reader.checkpoint(SOURCE), _LAST_LINE)

    async def _give(self) -> bool:
        """Give the lines that were folded since the last time; return whether there may be more by now."""
        until = await self._folded()
        async with self._joining:  # so that the mark does not move under a first listener
            if until <= self._mark:
                return False
            after, adbots = self._mark, {one.adbot for one in self._listeners}
            lines = await self._engine.query(lambda sql: folded_lines(sql, adbots, after, until, _AT_ONCE))
            self._mark = until if len(lines) < _AT_ONCE else lines[-1].position
        by_adbot: dict[AdbotId, list[Listener]] = {}
        for listener in self._listeners:
            by_adbot.setdefault(listener.adbot, []).append(listener)
        for line in lines:
            for listener in by_adbot.get(line.adbot, ()):
                listener.put(line)
        return True

    async def _check_owners(self) -> None:
        if time.monotonic() < self._checked_at + OWNER_SECONDS:
            return
        adbots = {one.adbot for one in self._listeners}
        owners = await self._engine.query(lambda sql: owners_of(sql, adbots))
        for listener in self._listeners:
            if listener.adbot in adbots and owners.get(listener.adbot) != listener.account:
                listener.end(EndReason.NOT_YOURS)
        self._checked_at = time.monotonic()
