"""Parses an operator's uploads of sessions: a string session, or a Telethon `.session` file."""

import base64
import binascii
import ipaddress
import struct
from dataclasses import dataclass, field

KEY_BYTES = 256
FILE_PREFIX = "base64:"
_MAGIC = b"SQLite format 3\0"
_HEADER_BYTES = 100
_VERSION = "1"
_STRING = {352: ">B4sH256s", 368: ">B16sH256s"}
"""The formats of Telethon's string session after its version, by length: IPv4 and IPv6."""
_PYROGRAM_LENGTHS = frozenset({351, 356, 362})
_MAX_DC = 10_000


class Unreadable(Exception):
    """The upload is no usable session; the text says what it is and what to do."""


@dataclass(frozen=True)
class SessionKey:
    """The secret of a session: its data centre and its key. The server address in an upload is ignored."""

    dc: int
    key: bytes = field(repr=False)


def file_of(content: str) -> bytes | None:
    """Return the file that was uploaded as a text; None if it is a string session.

    Raises `Unreadable` for anything that can't be a SQLite file, before it is opened.
    """
    text = content.strip()
    if not text.startswith(FILE_PREFIX):
        return None
    try:
        data = base64.b64decode("".join(text.removeprefix(FILE_PREFIX).split()), validate=True)
    except ValueError:
        raise Unreadable("the file did not arrive whole: it is not valid base64; upload it again") from None
    _check_file(data)
    return data


def read_string(text: str) -> SessionKey:
    """Return the session of a Telethon string session."""
    text = text.strip()
    if not text:
        raise Unreadable("the session is empty")
    form = _STRING.get(len(text) - 1)
    if not text.startswith(_VERSION) or form is None:
        if len(text.rstrip("=")) in _PYROGRAM_LENGTHS:
            raise Unreadable(
                "this looks like a Pyrogram string session; sign in with Telethon and upload what "
                "`StringSession.save()` returns"
            )
        raise Unreadable(
            f"{len(text)} characters are no Telethon string session, which begins with 1 and has 353; "
            "it may have been cut when it was copied"
        )
    try:
        dc, address, _, key = struct.unpack(form, base64.urlsafe_b64decode(text[1:]))
        ipaddress.ip_address(address)
    except (binascii.Error, struct.error, ValueError):
        raise Unreadable("this has the length of a string session, but was changed; copy it again") from None
    return checked(dc, key)


def _check_file(data: bytes) -> None:
    if not data:
        raise Unreadable("the file is empty")
    if not data.startswith(_MAGIC):
        raise Unreadable(f"this is no SQLite file, as a Telethon .session is: it begins with {data[:8]!r}")
    if len(data) < _HEADER_BYTES:
        raise Unreadable("the file is cut off; upload the whole of it")
    page_bytes = int.from_bytes(data[16:18], "big")
    expected = (65_536 if page_bytes == 1 else page_bytes) * int.from_bytes(data[28:32], "big")
    if data[24:28] == data[92:96] and len(data) < expected:
        raise Unreadable(f"the file is cut off: {len(data)} of {expected} bytes are there")


def checked(dc: object, key: object) -> SessionKey:
    """Return the session of a data centre and a key; raise `Unreadable` if they are invalid."""
    if not isinstance(key, bytes) or not key:
        raise Unreadable("this Telethon session was never signed in: it holds no key")
    if len(key) != KEY_BYTES:
        raise Unreadable(f"the key has {len(key)} bytes, {KEY_BYTES} are needed: the session was changed")
    if not any(key):
        raise Unreadable("this Telethon session was never signed in: its key is blank")
    if not isinstance(dc, int) or not 1 <= dc <= _MAX_DC:
        raise Unreadable(f"there is no data centre {dc!r}")
    return SessionKey(dc, key)
