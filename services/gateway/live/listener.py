"""A listener: the messages that wait for it, and how its listening ends."""

import asyncio
from collections.abc import Callable, Hashable
from enum import StrEnum

from libs.events.values import AccountId
from services.gateway.live.message import Mark, Message

MOST_WAITING = 500
"""How many messages may wait for a listener; one that reads slower is dropped."""


class EndReason(StrEnum):
    """Why the service ends a listening; a listener that comes back misses nothing that is still kept."""

    TOO_SLOW = "too_slow"
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - not a secret
    SIGNED_OUT = "signed_out"
    """The credential was revoked, or the account suspended."""
    NOT_YOURS = "not_yours"
    """The adbot is not the account's any more."""
    STOPPING = "stopping"
    UNAVAILABLE = "service_unavailable"
    """The database did not answer whether the credential is still valid."""


class Listener:
    """A bounded queue of the messages of one topic, from a mark on.

    `account` is whose limit of listeners it counts against, None for operators.
    """

    def __init__(
        self, account: AccountId | None, topic: Hashable, reached: Callable[[Mark], str] = lambda _: ""
    ) -> None:
        self.account, self.topic = account, topic
        self._reached = reached
        self.begin: Mark = {}
        """What this includes is not put into the queue: it was folded before."""
        self.ended: EndReason | None = None
        self._messages: list[Message] = []
        self._changed = asyncio.Event()

    def begin_after(self, mark: Mark) -> None:
        """Leave out what a mark includes, also of what waits already: it is read from the table."""
        self.begin = mark
        self._messages = [message for message in self._messages if not message.within(mark)]

    def put(self, message: Message) -> None:
        """Add a message; end the listening if too many wait."""
        if self.ended is not None or message.within(self.begin):
            return
        if len(self._messages) >= MOST_WAITING:
            self.end(EndReason.TOO_SLOW)
            return
        self._messages.append(message)
        self._changed.set()

    def end(self, reason: EndReason) -> None:
        """End the listening; messages that wait are dropped."""
        if self.ended is None:
            self.ended = reason
            self._messages.clear()
        self._changed.set()

    @property
    def key(self) -> str:
        """Return what to resume after with all messages so far; empty if some wait, or it is not known."""
        return "" if self._messages else self._reached(self.begin)

    async def take(self, within_seconds: float) -> list[Message]:
        """Return the messages that wait; none, if it has ended or none has come in time."""
        try:
            async with asyncio.timeout(within_seconds):
                await self._changed.wait()
        except TimeoutError:
            return []
        self._changed.clear()
        messages, self._messages = self._messages, []
        return messages
