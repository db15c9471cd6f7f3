"""Reads request bodies, with limits of size, time, and concurrent reads."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus

from prometheus_client import Counter
from starlette.types import Receive, Scope

from services.gateway.api.requests.problems import Denied

REFUSED = Counter(
    "adrelay_gateway_bodies_refused_total",
    "Bodies that were refused: too large, or too slow.",
    ["where", "code"],
)

_MOST_DIGITS = 19


class Bodies:
    """Reads the bodies of one kind of request.

    At the limit of concurrent reads, the oldest one is aborted: deliberately slow senders give way to others,
    even if all requests arrive from the address of one proxy.
    """

    def __init__(
        self, where: str, *, most_bytes: int, drained_bytes: int, seconds: float, most_waiting: int
    ) -> None:
        self._where = where
        self.most_bytes = most_bytes
        self._drained_bytes = drained_bytes
        """How much of a body that is too large is read and discarded, so that its sender gets the answer."""
        self.seconds = seconds
        self._most_waiting = most_waiting
        self._waiting: dict[asyncio.Timeout, None] = {}
        """The reads in progress, the oldest first."""

    async def read(self, scope: Scope, receive: Receive) -> bytes | None:
        """Return the body, None if the client disconnected; raise `Denied` if it is too large or too slow."""
        try:
            async with self._waited_for():
                return await self._whole(scope, receive)
        except TimeoutError:
            # unread bytes can't be told from a further request: the connection can't be used again
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
    """Return the length of the body by its header, None without a valid one."""
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    # servers accept no more digits, and parsing very many of them takes long
    return int(length[:_MOST_DIGITS]) if length.isdigit() else None


def has_body(scope: Scope) -> bool:
    """Return whether a body follows a request's headers, by what they say."""
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    )


def refuse_compressed(scope: Scope) -> None:
    """Raise `Denied` for a compressed body: nothing here decompresses, so that small bodies stay small."""
    for name, value in scope["headers"]:
        if name == b"content-encoding" and value.strip().lower() not in {b"", b"identity"}:
            REFUSED.labels("any", "compressed_body").inc()
            raise Denied(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                "compressed_body",
                "send the body without Content-Encoding",
                headers={"Accept-Encoding": "identity"},
            )
