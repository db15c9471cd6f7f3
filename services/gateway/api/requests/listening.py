"""What streams of messages have in common: their end, and the answer to one listener too many."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from math import inf

from libs.eventsourcing.errors import Transient
from libs.eventsourcing.values import utc_now
from services.gateway.api.requests.problems import Denied
from services.gateway.live.listener import EndReason, Listener
from services.gateway.live.message import Message
from services.gateway.live.wire import heartbeat, rendered

HEARTBEAT_SECONDS = 15.0
LOOK_SECONDS = 30.0
"""How often it is asked whether the credential of a listener is still valid."""
RECONNECT = b"retry: 3000\n\n"

StillValid = Callable[[], Awaitable[bool]]


class Listening:
    """A listener with its credential: batches of messages until it ends."""

    def __init__(self, listener: Listener, expires_at: datetime | None, still_valid: StillValid) -> None:
        self._listener = listener
        self._still_valid = still_valid
        left = inf if expires_at is None else (expires_at - utc_now()).total_seconds()
        now = time.monotonic()
        self._deadline, self._look_at = now + left, now + LOOK_SECONDS

    async def batches(self) -> AsyncIterator[Sequence[Message]]:
        """Yield the messages that came, none after each time without one; end when the listening ends."""
        while self._listener.ended is None:
            await self._check()
            left = self._deadline - time.monotonic()
            messages = await self._listener.take(min(HEARTBEAT_SECONDS, max(left, 0.0)))
            if self._listener.ended is None:
                yield messages

    @property
    def key(self) -> str:
        """What to resume after once all messages were sent; empty if that is not known."""
        return self._listener.key

    @property
    def why(self) -> EndReason:
        """Why it ended."""
        return self._listener.ended or EndReason.STOPPING

    async def _check(self) -> None:
        now = time.monotonic()
        if now >= self._deadline:
            self._listener.end(EndReason.TOKEN_EXPIRED)
        elif now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            try:
                if not await self._still_valid():
                    self._listener.end(EndReason.SIGNED_OUT)
            except (Transient, OSError):
                self._listener.end(EndReason.UNAVAILABLE)


async def event_stream(
    listening: Listening, missed: Sequence[Message], *, gap: int | None
) -> AsyncIterator[bytes]:
    """Yield a stream of server-sent events, from what was missed to the end.

    `gap` is the number of missed messages that are sent at most, if there may have been more.
    """
    beginning = b"" if gap is None else rendered(f'{{"kept": {gap}}}', event="gap")
    yield RECONNECT + beginning + _events(missed)
    async for messages in listening.batches():
        yield _events(messages) or heartbeat(listening.key)
    yield rendered(f'{{"code": "{listening.why}"}}', event="end")


def too_many_listeners(instead: str) -> Denied:
    """Return the error for one listener too many; `instead` says where the same can be read."""
    detail = f"close a connection, or try again later; {instead}"
    return Denied(HTTPStatus.TOO_MANY_REQUESTS, "too_many_listeners", detail, headers={"Retry-After": "30"})


def _events(messages: Sequence[Message]) -> bytes:
    return b"".join(message.event for message in messages)
