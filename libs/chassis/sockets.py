"""WebSockets inside the limits of connections."""

from collections.abc import Callable

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

MOST_BYTES = 4096
"""The size of a message that a client may send."""


class CountedSocket(WebSocketsSansIOProtocol):
    """A socket that counts as the connection that it was, until it is lost."""

    lost: Callable[[], None] | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        if self.lost is not None:
            self.lost()
