"""Connections to the receivers of webhooks, which lead to public addresses only."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import cast

import httpcore

from services.gateway.hooks.addresses import is_public

MOST_ADDRESSES = 3
"""How many of a host's addresses are tried."""
_RESOLVERS = 32
"""Threads that look names up: apart from the process's own, so that a slow name server holds up no other."""
_SOCKET_OPTION = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a host, as text, for a port; raises `OSError` if there are none."""


class UnknownHost(Exception):
    """The host's name has no address."""


class PrivateAddress(Exception):
    """The host has no public address."""


class SystemResolver:
    """Looks names up as the system does."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_RESOLVERS, thread_name_prefix="webhook-names")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of a host; raise `OSError` if there are none."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return list(dict.fromkeys(str(address[0]) for *_, address in found))

    def close(self) -> None:
        """Take no more requests."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to the public addresses of a host.

    A name is looked up once for each connection, and the connection goes to the address that was checked: a
    name server that answers otherwise the next time changes nothing.
    """

    def __init__(
        self,
        resolve: Resolve,
        *,
        private_networks: bool,
        inner: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        """`inner` connects to addresses; by default the network of this machine."""
        self._resolve = resolve
        self._private_networks = private_networks
        self._inner = inner or cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's interface
        local_address: str | None = None,
        socket_options: Iterable[_SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Return a connection; raise `UnknownHost`, `PrivateAddress` or an error of httpcore."""
        addresses = await self._addresses(host, port)
        failed: Exception | None = None
        for address in addresses[:MOST_ADDRESSES]:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed or PrivateAddress(host)

    async def sleep(self, seconds: float) -> None:
        """Sleep."""
        await self._inner.sleep(seconds)

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses that may be connected to, in the resolver's order, as literals."""
        try:
            found = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise UnknownHost(host) from error
        allowed: list[str] = []
        for text in found:
            address = ip_address(text)
            if self._private_networks or is_public(address):
                allowed.append(str(address))
        return allowed
