"""A session's connection to Telegram, by Telethon; whatever has to be known about Telethon is here."""
# Telethon ships no types, and what keeps it from asking for more than configured is private
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportPrivateUsage=false
# ruff: noqa: ANN401, SLF001 - requests and answers are TL objects

import asyncio
import random
from contextlib import suppress
from typing import Any

from telethon import TelegramClient
from telethon.crypto import AuthKey
from telethon.errors import AuthKeyNotFound, RPCError, SecurityError
from telethon.sessions import MemorySession
from telethon.tl import functions

from services.forwarder.adapters.telethon_names import code_of, name_of
from services.forwarder.ports import TelegramError, Unreachable
from services.forwarder.telegram_errors import CONNECTION_LOST, KEY_NOT_FOUND, NO_ANSWER
from services.forwarder.vault.sessions import SessionKey
from services.forwarder.vault.store import TelegramApplication

CLOSE_SECONDS = 2.0
_make_client: Any = TelegramClient  # its annotations say int where it takes fractions
_BROKEN_LINE = (OSError, EOFError, BufferError, SecurityError)


class TelethonConnection:
    """One session's connection: connected and closed by us alone, each request with a time limit.

    Telethon would by itself reconnect without delay for ever, sleep through short flood waits, repeat
    requests that failed, and ask for what it takes as missed updates. All of that is off.
    """

    def __init__(
        self,
        session: SessionKey,
        application: TelegramApplication,
        address: tuple[str, int],
        dc: int,
        *,
        connect_seconds: float,
        request_seconds: float,
    ) -> None:
        self._secret = session
        self._application = application
        self._address = address
        self._dc = dc
        self._connect_seconds = connect_seconds
        self._request_seconds = request_seconds
        self._client: Any = None

    @property
    def connected(self) -> bool:
        """Whether the connection is open."""
        return self._client is not None and bool(self._client.is_connected())

    async def connect(self) -> None:
        """Connect; raise `Unreachable` if there is no way, `TelegramError` if Telegram says no."""
        await self.close()
        self._client = _client(
            self._secret, self._application, self._address, self._dc, self._connect_seconds
        )
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
        """Be disconnected, whatever the state was."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(TelegramError):
                await _settled(asyncio.ensure_future(client.disconnect()), CLOSE_SECONDS)

    async def ask(self, request: Any) -> Any:
        """Return the answer to a request, which is sent once."""
        if not self.connected:
            raise Unreachable(CONNECTION_LOST)
        try:
            future = self._client._sender.send(functions.InvokeWithoutUpdatesRequest(request))
        except ConnectionError:
            raise Unreachable(CONNECTION_LOST) from None
        return await _settled(future, self._request_seconds)

    async def chats(self) -> list[Any]:
        """Return the chats that the account is in."""
        if not self.connected:
            raise Unreachable(CONNECTION_LOST)
        listing = asyncio.ensure_future(self._client.get_dialogs(limit=None))
        return [dialog.entity for dialog in await _settled(listing, 5 * self._request_seconds)]

    def keep_for(self, seconds: int) -> None:
        """Ask Telegram to close the connection unless this is called again within that time."""
        if self.connected:
            ping = functions.PingDelayDisconnectRequest(random.getrandbits(63), disconnect_delay=seconds)
            with suppress(ConnectionError):
                self._client._sender.send(ping).add_done_callback(_forget)


def _client(
    session: SessionKey,
    application: TelegramApplication,
    address: tuple[str, int],
    dc: int,
    connect_seconds: float,
) -> Any:
    memory = MemorySession()
    memory.set_dc(dc, *address)
    memory.auth_key = AuthKey(session.key)
    client: Any = _make_client(
        memory,
        application.api_id,
        application.api_hash,
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
    # the answers to our own forwards would make it ask for the difference of every channel
    client._sender._store_own_updates = _ignore
    return client


def _ignore(_: Any) -> None:
    """Take an update for nothing."""


def _forget(future: "asyncio.Future[Any]") -> None:
    """Take note of a future's end, so that nobody misses its error."""
    if not future.cancelled():
        future.exception()


async def _settled(future: "asyncio.Future[Any]", seconds: float) -> Any:
    """Return a future's result, or raise its error as a `TelegramError`.

    Telethon cancels what it can't answer any more: that must not look as if we were cancelled.
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
    if isinstance(error, _BROKEN_LINE):
        raise TelegramError(CONNECTION_LOST) from None
    raise error
