"""Bytes that are not MTProto, and messages that can not be read: they cost a connection, never the server."""

# ruff: noqa: ANN401 - Telethon ships no types

import asyncio
import contextlib
import gzip
import io
import random
import secrets
import socket
import struct
from typing import Any

import pytest

from sandbox.telegram import (
    AccountView,
    JournalQuery,
    TelegramSandbox,
)
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.telegram_sandbox.conftest import Connect
from tests.integration.telegram_sandbox.plain_telethon import LAYER, F, T, errors


async def whoami(client: Any) -> Any:
    return await client(F.users.GetUsersRequest([T.InputUserSelf()]))


def happened(sandbox: TelegramSandbox, name: str) -> int:
    return len(sandbox.journal(JournalQuery(method=f"transport.{name}")))


GARBAGE = [
    pytest.param(b"\xef\x01" + bytes(4), id="abridged, too short"),
    pytest.param(b"\xef\x7f\xff\xff\xff" + bytes(64), id="abridged, far too long"),
    pytest.param(b"\xee\xee\xee\xee\x28\x00\x00\x00" + bytes(40), id="a plain packet of nothing"),
    pytest.param(
        b"\xee\xee\xee\xee\x18\x00\x00\x00" + bytes(16) + b"\x04\x00\x00\x00\x01\x02\x03\x04",
        id="an unknown constructor",
    ),
    pytest.param(b"\x04\x00\x00\x00\x00\x00\x00\x00" + bytes(32), id="full, impossible length"),
    pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="a web browser"),
    pytest.param(b"POST /api HTTP/1.1\r\nContent-Length: 40\r\n\r\n" + bytes(40), id="MTProto over HTTP"),
    pytest.param(random.Random(7).randbytes(4096), id="noise"),
    pytest.param(b"\x11" * 4096, id="one byte over and over"),
]


@pytest.mark.parametrize("data", GARBAGE)
async def test_bytes_that_are_not_mtproto_only_close_their_connection(
    sandbox: TelegramSandbox, client: Any, data: bytes
) -> None:
    reader, writer = await asyncio.open_connection(sandbox.host, sandbox.port)
    writer.write(data)
    async with asyncio.timeout(DEADLINE_SECONDS):
        assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()
    assert happened(sandbox, "malformed") == 1
    assert await whoami(client)


async def test_a_known_key_with_a_wrong_message_key_closes_the_connection(
    sandbox: TelegramSandbox, account: AccountView, client: Any
) -> None:
    key_id = bytes.fromhex(sandbox.sessions(account.id)[0].id)[::-1]
    packet = key_id + secrets.token_bytes(16) + secrets.token_bytes(64)
    with socket.create_connection((sandbox.host, sandbox.port)) as wire:
        wire.sendall(b"\xef" + bytes([len(packet) // 4]) + packet)
        assert await asyncio.to_thread(wire.recv, 100) == b""
    (entry,) = sandbox.journal(JournalQuery(method="transport.malformed"))
    assert entry.detail == "wrong message key"
    assert await whoami(client)


def container(*bodies: bytes, count: int | None = None) -> bytes:
    head = struct.pack("<Ii", 0x73F1F8DC, len(bodies) if count is None else count)
    return head + b"".join(struct.pack("<qii", 4, 0, len(body)) + body for body in bodies)


def packed(data: bytes) -> bytes:
    return struct.pack("<I", 0x3072CFA1) + bytes(T.InputPeerSelf.serialize_bytes(data))


def nested(depth: int) -> bytes:
    return struct.pack("<Ii", 0xDA9B0D0D, LAYER) * depth + bytes(F.help.GetConfigRequest())


UNREADABLE = [
    pytest.param(b"", id="nothing"),
    pytest.param(struct.pack("<I", 0x73F1F8DC), id="a container of nothing"),
    pytest.param(container(count=5), id="a container that lacks its messages"),
    pytest.param(container(count=-5), id="a container of less than nothing"),
    pytest.param(container(count=10**6), id="a container of very much"),
    pytest.param(container(bytes(4))[:-2], id="a container that is cut short"),
    pytest.param(packed(b"not gzip"), id="gzip that is none"),
    pytest.param(packed(gzip.compress(bytes(10**8), compresslevel=1)), id="gzip of a hundred megabytes"),
    pytest.param(packed(packed(packed(packed(packed(b""))))), id="gzip in gzip"),
    pytest.param(nested(20_000), id="wrappers without end"),
    pytest.param(bytes(F.users.GetUsersRequest([T.InputUserSelf()]))[:-3], id="a request that is cut short"),
    pytest.param(bytes(T.Pong(1, 2)), id="a message that only servers send"),
]


@pytest.mark.parametrize("body", UNREADABLE)
async def test_an_encrypted_message_that_can_not_be_read_only_closes_its_connection(
    sandbox: TelegramSandbox, account: AccountView, client: Any, connect: Connect, body: bytes
) -> None:
    state = client._sender._state
    out = io.BytesIO()
    state.write_data_as_message(out, bytes(4), content_related=False)
    head = out.getvalue()[:12]
    await client._sender._connection.send(
        state.encrypt_message_data(head + struct.pack("<i", len(body)) + body)
    )
    async with asyncio.timeout(DEADLINE_SECONDS):
        with contextlib.suppress(ConnectionError, EOFError):
            await client.disconnected
    assert happened(sandbox, "malformed") == 1
    assert await whoami(await connect(sandbox.mint_session(account.id)))


async def test_of_a_container_the_unknown_is_refused_and_the_rest_is_done(
    sandbox: TelegramSandbox, client: Any
) -> None:
    class Unknown(F.help.GetConfigRequest):  # type: ignore[misc]  # Telethon ships no types
        def _bytes(self) -> bytes:
            return struct.pack("<I", 0x12345678)

    unknown, known = client._sender.send([Unknown(), F.users.GetUsersRequest([T.InputUserSelf()])])
    with pytest.raises(errors.BadRequestError):
        await unknown
    assert await known
    (entry,) = sandbox.journal(JournalQuery(method="transport.unknown_method"))
    assert entry.detail == "INPUT_METHOD_INVALID_12345678"
