"""Telethon's TL classes, so the layer is always that of the installed client.

Telethon ships no types, so its classes are `Any` from here on; nothing else imports them.
"""

import gzip
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, cast

import telethon
import telethon.errors
import telethon.extensions
import telethon.tl.alltlobjects
import telethon.tl.functions
import telethon.tl.types

from sandbox.telegram.errors import MalformedError, RpcError

types: Any = telethon.tl.types
functions: Any = telethon.tl.functions
LAYER: int = telethon.tl.alltlobjects.LAYER

_reader: Any = telethon.extensions.BinaryReader
_unknown_type: Any = telethon.errors.TypeNotFoundError

_CONTAINER = 0x73F1F8DC
_GZIP = 0x3072CFA1
_VECTOR = 0x1CB5C415
_RPC_RESULT = 0xF35C6D01
_MAX_UNPACKED = 16 * 1024 * 1024
_MAX_CONTAINED = 1024
_WORTH_PACKING = 512


class Inner(NamedTuple):
    """One message of a client, unpacked."""

    msg_id: int
    seq_no: int
    body: bytes


def decode(body: bytes) -> Any:  # noqa: ANN401 - a TL object of any type
    """Return the TL object of the bytes.

    A constructor of another layer raises ``RpcError``, like Telegram's answer; other malformed bytes raise
    ``MalformedError``.
    """
    try:
        return _reader(body).tgread_object()
    except _unknown_type as unknown:
        raise RpcError(f"INPUT_METHOD_INVALID_{unknown.invalid_constructor_id:x}") from None
    except Exception as error:  # Telethon's reader raises a dozen kinds of errors
        raise MalformedError(f"unreadable TL object: {type(error).__name__}") from error


def unpack(msg_id: int, seq_no: int, body: bytes, depth: int = 0) -> Iterator[Inner]:
    """Yield the messages in a client's message, unpacked from gzip and containers."""
    if len(body) < 4 or depth > 3:  # noqa: PLR2004 - a constructor's size; gzip in a container in gzip
        raise MalformedError("no TL object in the message")
    constructor = int.from_bytes(body[:4], "little")
    if constructor == _GZIP:
        yield from unpack(msg_id, seq_no, _gunzip(body), depth + 1)
    elif constructor == _CONTAINER:
        for inner in _contained(body):
            yield from unpack(*inner, depth + 1)
    else:
        yield Inner(msg_id, seq_no, body)


def _contained(body: bytes) -> Iterator[Inner]:
    try:
        (count,) = struct.unpack_from("<i", body, 4)
        if not 0 <= count <= _MAX_CONTAINED:
            raise MalformedError("container of an impossible size")
        at = 8
        for _ in range(count):
            msg_id, seq_no, size = struct.unpack_from("<qii", body, at)
            at += 16
            if size < 0 or at + size > len(body):
                raise MalformedError("container shorter than its length field")
            yield Inner(msg_id, seq_no, body[at : at + size])
            at += size
    except struct.error as error:
        raise MalformedError("container shorter than its length field") from error


def _gunzip(body: bytes) -> bytes:
    try:
        packed = _reader(body[4:]).tgread_bytes()
        unpacker = zlib.decompressobj(wbits=31)
        plain = unpacker.decompress(packed, _MAX_UNPACKED)
    except Exception as error:  # a dozen kinds, as in decode
        raise MalformedError("unreadable gzip") from error
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise MalformedError("gzip too large or cut short")
    return plain


def encode(answer: Any) -> bytes:  # noqa: ANN401 - a TL object, or a list of them
    """Return the bytes of a TL object, a bool, or a boxed vector of objects."""
    if isinstance(answer, bool):
        return struct.pack("<I", 0x997275B5 if answer else 0xBC799737)
    if isinstance(answer, list):
        items = cast("Sequence[Any]", answer)
        return struct.pack("<Ii", _VECTOR, len(items)) + b"".join(bytes(item) for item in items)
    return bytes(answer)


def result(msg_id: int, body: bytes) -> bytes:
    """Return the answer to the message ``msg_id``, compressed if that makes it smaller."""
    if len(body) > _WORTH_PACKING:
        packed = struct.pack("<I", _GZIP) + _as_bytes(gzip.compress(body, compresslevel=1))
        body = min(body, packed, key=len)
    return struct.pack("<Iq", _RPC_RESULT, msg_id) + body


def container(messages: Sequence[Inner]) -> bytes:
    """Return the container of these messages."""
    head = struct.pack("<Ii", _CONTAINER, len(messages))
    return head + b"".join(struct.pack("<qii", m.msg_id, m.seq_no, len(m.body)) + m.body for m in messages)


def _as_bytes(data: bytes) -> bytes:
    serialize: Any = types.InputPeerSelf.serialize_bytes
    return bytes(serialize(data))


def method_name(request: object) -> str:
    """Return a request's name in Telegram's documentation: `messages.forwardMessages`."""
    kind = type(request)
    name = kind.__name__.removesuffix("Request")
    module = kind.__module__.rpartition(".")[2]
    name = name[:1].lower() + name[1:]
    return name if module == "functions" else f"{module}.{name}"


def is_request(thing: object) -> bool:
    """Return whether a TL object is a method call, not a value."""
    return isinstance(thing, telethon.tl.TLRequest)
