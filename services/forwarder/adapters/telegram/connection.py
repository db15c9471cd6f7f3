"""A session's connection to Telegram, and all workarounds for Telethon."""
# Telethon ships no types; switching its background requests off needs private names
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportPrivateUsage=false
# ruff: noqa: ANN401, SLF001 - requests and answers are TL objects

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from telethon import TelegramClient
from telethon._updates import MessageBox
from telethon.crypto import AuthKey, rsa
from telethon.errors import AuthKeyNotFound, RPCError, SecurityError, TypeNotFoundError
from telethon.sessions import MemorySession
from telethon.tl import functions

from services.forwarder.adapters.telegram.error_table import (
    CONNECTION_LOST,
    KEY_NOT_FOUND,
    NO_ANSWER,
    UNREADABLE_ANSWER,
)
from services.forwarder.adapters.telegram.errors import TelegramError, data_centre
from services.forwarder.adapters.telegram.names import code_of, name_of
from services.forwarder.ports import Unreachable
from services.forwarder.vault.store import Credentials

CLOSE_SECONDS = 2.0
_make_client: Any = TelegramClient  # its annotations say int where fractions are valid
_BROKEN_LINE = (OSError, EOFError, BufferError, SecurityError)


def trust(public_key: str) -> None:
    """Trust a server with this public key, in PEM, besides Telegram's own."""
    rsa.add_key(public_key, old=False)


class NoUpdates(MessageBox):  # type: ignore[misc]
    """A state of updates that claims to be known.

    Else Telethon asks for the account, the state and what was missed each time it connects.
    """

    def is_empty(self) -> bool:
        """Return False."""
        return False


class TelethonConnection:
    """The connection of one session; each request has a timeout.

    Telethon's own reconnecting without backoff or limit, sleeping through short flood waits, repeating of
    failed requests and fetching of missed updates are all off. The one request besides those of callers is
    `help.getConfig`, with which a connection is introduced.
    """

    def __init__(
        self,
        credentials: Credentials,
        address: tuple[str, int],
        dc: int,
        *,
        address_of: Callable[[int], tuple[str, int] | None],
        connect_seconds: float,
        request_seconds: float,
    ) -> None:
        self._credentials = credentials
        self._address = address
        self._dc = dc
        self._address_of = address_of
        self._connect_seconds = connect_seconds
        self._request_seconds = request_seconds
        self._client: Any = None

    @property
    def connected(self) -> bool:
        """The connection is open."""
        return self._client is not None and bool(self._client.is_connected())

    async def connect(self) -> None:
        """Connect; raise `Unreachable` if there is no connection, `TelegramError` if Telegram refuses."""
        await self.close()
        self._client = _client(self._credentials, self._address, self._dc, self._connect_seconds)
        try:
            await _settled(asyncio.ensure_future(self._client.connect()), self._connect_seconds)
        except TelegramError as error:
            await self.close()
            if error.name in {CONNECTION_LOST, NO_ANSWER}:
                raise Unreachable(error.name) from None
            raise
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Disconnect; may be repeated."""
        client, self._client = self._client, None
        if client is not None:
            # why it ended, if it did, was said by the request that failed
            client._sender._disconnected.add_done_callback(_forget)
            with suppress(TelegramError):
                await _settled(asyncio.ensure_future(client.disconnect()), CLOSE_SECONDS)

    async def ask(self, request: Any) -> Any:
        """Send a request once and return the answer."""
        if not self.connected:
            raise Unreachable(CONNECTION_LOST)
        try:
            future = self._client._sender.send(functions.InvokeWithoutUpdatesRequest(request))
        except ConnectionError:
            raise Unreachable(CONNECTION_LOST) from None
        try:
            return await _settled(future, self._request_seconds)
        except TelegramError as error:
            self._move(error.name)
            raise

    def _move(self, error: str) -> None:
        """Connect to another data centre from the next time on, if an error names one."""
        dc = data_centre(error)
        address = None if dc is None else self._address_of(dc)
        if dc is not None and address is not None:
            self._dc, self._address = dc, address

    async def dialogs(self) -> list[Any]:
        """Return the chats that the account is a member of."""
        if not self.connected:
            raise Unreachable(CONNECTION_LOST)
        listing = asyncio.ensure_future(self._client.get_dialogs(limit=None))
        return [dialog.entity for dialog in await _settled(listing, 5 * self._request_seconds)]

    def keep_for(self, seconds: int) -> None:
        """Make Telegram close the connection after these seconds, unless this is called again before."""
        if self.connected:
            ping = functions.PingDelayDisconnectRequest(random.getrandbits(63), disconnect_delay=seconds)
            with suppress(ConnectionError):
                self._client._sender.send(ping).add_done_callback(_forget)


def _client(credentials: Credentials, address: tuple[str, int], dc: int, connect_seconds: float) -> Any:
    memory = MemorySession()
    memory.set_dc(dc, *address)
    memory.auth_key = AuthKey(credentials.session.key)
    client: Any = _make_client(
        memory,
        credentials.application.api_id,
        credentials.application.api_hash,
        timeout=connect_seconds,
        request_retries=0,
        connection_retries=0,
        retry_delay=0,
        auto_reconnect=False,
        flood_sleep_threshold=0,
        raise_last_call_error=True,
        receive_updates=False,
        device_model="Desktop",
        system_version="Linux",
        app_version="1.0",
    )
    # the answers to our own forwards would make Telethon fetch the difference of every channel
    client._sender._store_own_updates = _ignore
    client._message_box = NoUpdates(client._log["messagebox"])
    return client


def _ignore(_: Any) -> None:
    """Ignore an update."""


def _forget(future: "asyncio.Future[Any]") -> None:
    """Retrieve a future's exception, so that asyncio does not report it as unhandled."""
    if not future.cancelled():
        future.exception()


async def _settled(future: "asyncio.Future[Any]", seconds: float) -> Any:
    """Return a future's result, or raise its error as a `TelegramError`.

    Telethon cancels requests that it can't answer any more: that must not look like a cancellation of the
    caller.
    """
    try:
        await asyncio.wait({future}, timeout=seconds)
    finally:
        if not future.done():
            future.cancel()
            future.add_done_callback(_forget)
    if not future.done():
        raise TelegramError(NO_ANSWER)
    if future.cancelled():
        raise TelegramError(CONNECTION_LOST)
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, RPCError):
        raise TelegramError(name_of(error), code_of(error)) from None
    if isinstance(error, AuthKeyNotFound):
        raise TelegramError(KEY_NOT_FOUND) from None
    if isinstance(error, TypeNotFoundError):  # without its text, which is the undecoded answer
        raise TelegramError(UNREADABLE_ANSWER) from None
    if isinstance(error, _BROKEN_LINE):
        raise TelegramError(CONNECTION_LOST) from None
    raise error
