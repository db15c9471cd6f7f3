"""Reading a request's body: bounded in size and time, and in how many are waited for at once."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus

from prometheus_client import Counter
from starlette.types import Receive, Scope

from services.gateway.api.requests.problems import Denied

REFUSED = Counter(
    "adrelay_gateway_bodies_refused_total",
    "Bodies that were refused unread: too large, or too slow to arrive.",
    ["where", "code"],
)


_MOST_DIGITS = 19


class Bodies:
    """Reads the bodies of one kind of request.

    Of too many that are waited for, the one that has waited longest is given up: senders who are slow on
    purpose make room for those who are not, also where all of them come from the address of one proxy.
    """

    def __init__(
        self, where: str, *, most_bytes: int, drained_bytes: int, seconds: float, most_waiting: int
    ) -> None:
        self._where = where
        self.most_bytes = most_bytes
        self._drained_bytes = drained_bytes
        """So much of a body that is too large is read and thrown away: its sender shall hear the answer."""
        self.seconds = seconds
        self._most_waiting = most_waiting
        self._waiting: dict[asyncio.Timeout, None] = {}
        """In the order in which they began to wait."""

    async def read(self, scope: Scope, receive: Receive) -> bytes | None:
        """Return the whole body, None if the client left; raise `Denied` if it is too large or too slow."""
        try:
            async with self._waited_for():
                return await self._whole(scope, receive)
        except TimeoutError:
            # what is still to come can't be kept apart from another request: the connection is of no more use
            raise self._refused(
                HTTPStatus.REQUEST_TIMEOUT, "body_timeout", "the body was too slow to arrive", close=True
            ) from None

    @asynccontextmanager
    async def _waited_for(self) -> AsyncGenerator[None]:
        async with asyncio.timeout(self.seconds) as timeout:
            if len(self._waiting) >= self._most_waiting:
                oldest = next(iter(self._waiting))
                del self._waiting[oldest]
                oldest.reschedule(asyncio.get_running_loop().time())
            self._waiting[timeout] = None
            try:
                yield
            finally:
                self._waiting.pop(timeout, None)

    async def _whole(self, scope: Scope, receive: Receive) -> bytes | None:
        too_large = (announced(scope) or 0) > self.most_bytes
        kept: list[bytes] = []
        size = 0
        while size <= self._drained_bytes:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            piece = message.get("body", b"")
            size += len(piece)
            too_large = too_large or size > self.most_bytes
            if too_large:
                kept.clear()
            else:
                kept.append(piece)
            if not message.get("more_body", False):
                break
        if too_large:
            detail = f"a body may have {self.most_bytes} bytes here"
            raise self._refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", detail)
        return b"".join(kept)

    def _refused(self, status: HTTPStatus, code: str, detail: str, *, close: bool = False) -> Denied:
        REFUSED.labels(self._where, code).inc()
        return Denied(status, code, detail, headers={"Connection": "close"} if close else None)


def announced(scope: Scope) -> int | None:
    """Return how many bytes a request says that its body has, None if it does not say it."""
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    # a server takes no number of more digits, and one of very many would take long to read
    return int(length[:_MOST_DIGITS]) if length.isdigit() else None
