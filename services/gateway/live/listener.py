"""One who listens to an adbot's log: the lines that wait for it, and how its listening ends."""

import asyncio
from enum import StrEnum

from libs.events.values import AccountId, AdbotId
from services.gateway.tables.delivery_log import LinePosition, LoggedLine

MOST_WAITING = 500
"""How many lines may wait for a listener; one that reads slower is dropped."""


class EndReason(StrEnum):
    """Why the service ends a listening; a listener that comes back misses nothing that the log still has."""

    TOO_SLOW = "too_slow"
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - not a secret
    SIGNED_OUT = "signed_out"
    """The credential was revoked, or the account suspended."""
    NOT_YOURS = "not_yours"
    """The adbot is not the account's any more."""
    STOPPING = "stopping"


class Listener:
    """A queue of lines, bounded, from a position on."""

    def __init__(self, account: AccountId, adbot: AdbotId) -> None:
        self.account, self.adbot = account, adbot
        self.begin = LinePosition(0, 0)
        """Lines up to here are not put into the queue: they were folded before."""
        self.ended: EndReason | None = None
        self._lines: list[LoggedLine] = []
        self._changed = asyncio.Event()

    def put(self, line: LoggedLine) -> None:
        """Add a line; end the listening if too many wait."""
        if self.ended is not None or line.position <= self.begin:
            return
        if len(self._lines) >= MOST_WAITING:
            self.end(EndReason.TOO_SLOW)
            return
        self._lines.append(line)
        self._changed.set()

    def end(self, reason: EndReason) -> None:
        """End the listening; lines that wait are dropped."""
        if self.ended is None:
            self.ended = reason
            self._lines.clear()
        self._changed.set()

    async def take(self, within_seconds: float) -> list[LoggedLine]:
        """Return the lines that wait; none, if it has ended or none has come in time."""
        try:
            async with asyncio.timeout(within_seconds):
                await self._changed.wait()
        except TimeoutError:
            return []
        self._changed.clear()
        lines, self._lines = self._lines, []
        return lines
