"""One who listens to all of a broker."""

from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from nats.aio.msg import Msg

from libs.chassis.broker import connect_nats
from tests.support.waiting import until


class Sniffer:
    """Keeps every message of a broker, also requests and answers. Use as `async with`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._messages: list[tuple[str, bytes]] = []
        self.client: Any  # nats-py is typed in parts

    async def __aenter__(self) -> Self:
        """Listen from here on."""
        self.client = await connect_nats(self._url, "sniffer")
        await self.client.subscribe(">", cb=self._keep, pending_bytes_limit=-1, pending_msgs_limit=-1)
        await self.client.flush()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        await self.client.close()

    async def _keep(self, message: Msg) -> None:
        head = f"{message.subject} {message.headers} ".encode()
        self._messages.append((f"message on {message.subject}", head + (message.data or b"")))

    async def seen(self) -> list[tuple[str, bytes]]:
        """Return every message until now, with its subject and headers."""
        mark = f"sniffed.{uuid4().hex}"
        await self.client.publish(mark, b"")

        async def arrived() -> bool:
            return any(name.endswith(mark) for name, _ in self._messages)

        await until(arrived)
        return list(self._messages)
