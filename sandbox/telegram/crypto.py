"""The cryptography of MTProto 2.0: the server's RSA key, and messages under an authorization key."""

import hashlib
import os
import struct
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import telethon.crypto
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.telegram.errors import MalformedError

# Telethon uses the fastest installed of cryptg, libssl and pyaes; mtproto's own choice is far slower.
_aes: Any = telethon.crypto.AES

_HEAD = struct.Struct("<qqqii")  # salt, session id, message id, sequence number, length
_MIN_PADDING = 12
_FROM_CLIENT, _FROM_SERVER = 88, 96  # the offset of the message key's part in the key


class Envelope(NamedTuple):
    """A message with all fields that are encrypted with it."""

    salt: int
    session_id: int
    msg_id: int
    seq_no: int
    body: bytes


def key_id_of(key: bytes) -> int:
    """Return the id of an authorization key."""
    return int.from_bytes(hashlib.sha1(key, usedforsecurity=False).digest()[-8:], "little", signed=True)


def open_envelope(key: bytes, message_key: bytes, data: bytes) -> Envelope:
    """Decrypt a client's message; raise ``MalformedError`` if it is not encrypted correctly."""
    if not data or len(data) % 16:
        raise MalformedError("encrypted data is not in whole blocks")
    plain = decrypt_ige(data, *_aes_key(key, message_key, 0))
    if _message_key(key, plain, _FROM_CLIENT) != message_key:
        raise MalformedError("wrong message key")
    if len(plain) < _HEAD.size:
        raise MalformedError("encrypted message without a head")
    salt, session_id, msg_id, seq_no, length = _HEAD.unpack_from(plain)
    if not 0 <= length <= len(plain) - _HEAD.size - _MIN_PADDING:
        raise MalformedError("wrong length in an encrypted message")
    return Envelope(salt, session_id, msg_id, seq_no, plain[_HEAD.size : _HEAD.size + length])


def seal(key: bytes, envelope: Envelope) -> tuple[bytes, bytes]:
    """Encrypt a message of the server; return the message key and the data."""
    plain = _HEAD.pack(*envelope[:-1], len(envelope.body)) + envelope.body
    plain += os.urandom(_MIN_PADDING + -(len(plain) + _MIN_PADDING) % 16)
    message_key = _message_key(key, plain, _FROM_SERVER)
    return message_key, encrypt_ige(plain, *_aes_key(key, message_key, 8))


def _aes_key(key: bytes, message_key: bytes, x: int) -> tuple[bytes, bytes]:
    """Return AES key and vector; x is 0 for a client's message, 8 for the server's."""
    a = hashlib.sha256(message_key + key[x : x + 36]).digest()
    b = hashlib.sha256(key[x + 40 : x + 76] + message_key).digest()
    return a[:8] + b[8:24] + a[24:], b[:8] + a[8:24] + b[24:]


def _message_key(key: bytes, plain: bytes, offset: int) -> bytes:
    return hashlib.sha256(key[offset : offset + 32] + plain).digest()[8:24]


def encrypt_ige(data: bytes, key: bytes, iv: bytes) -> bytes:
    """Encrypt data of whole blocks with AES-256-IGE."""
    return bytes(_aes.encrypt_ige(data, key, iv))


def decrypt_ige(data: bytes, key: bytes, iv: bytes) -> bytes:
    """Decrypt data of whole blocks with AES-256-IGE."""
    return bytes(_aes.decrypt_ige(data, key, iv))


@dataclass(frozen=True)
class ServerKey:
    """The server's RSA key: clients with its public half trust this server."""

    private: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(65537, 2048), repr=False
    )

    @cached_property
    def public_pem(self) -> str:
        """The public half, as accepted by ``telethon.crypto.rsa.add_key``."""
        form = serialization.PublicFormat.PKCS1
        return self.private.public_key().public_bytes(serialization.Encoding.PEM, form).decode()

    @cached_property
    def fingerprint(self) -> int:
        """The fingerprint with which a client selects the key."""
        public = self.private.public_key().public_numbers()
        text = tl_bytes(to_bytes(public.n)) + tl_bytes(to_bytes(public.e))
        return key_id_of(text)

    @cached_property
    def _numbers(self) -> tuple[int, int]:
        numbers = self.private.private_numbers()
        return numbers.d, numbers.public_numbers.n

    def decrypt(self, data: bytes) -> bytes:
        """Decrypt 255 bytes of a client: a SHA-1, its data and padding (the old format)."""
        exponent, modulus = self._numbers
        plain = pow(int.from_bytes(data, "big"), exponent, modulus)
        if plain.bit_length() > 255 * 8:
            raise MalformedError("not encrypted for this server's key")
        return plain.to_bytes(255, "big")


def to_bytes(number: int) -> bytes:
    """Return a positive number in the fewest big-endian bytes."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def tl_bytes(data: bytes) -> bytes:
    """Return the bytes as a TL string: length, data, padding to four."""
    short = len(data) < 254  # noqa: PLR2004 - TL's limit for a length of one byte
    head = bytes([len(data)]) if short else b"\xfe" + len(data).to_bytes(3, "little")
    return head + data + bytes(-(len(head) + len(data)) % 4)
