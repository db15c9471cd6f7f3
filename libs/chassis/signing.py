"""Signatures of commands and questions: the gateway makes them, and every service checks them.

A user of the broker may write any header, and JetStream delivers stored messages to any subject that a
consumer names. So neither a message's subject nor its headers say who sent it; its signature does.
"""

import base64
import json
import time
from collections.abc import Mapping
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from libs.chassis.names import HEADER_PREFIX

SIGNATURE = f"{HEADER_PREFIX}Signature"
SIGNED_AT = f"{HEADER_PREFIX}Signed-At"
"""When a message was signed: seconds since 1970, in UTC."""
FRESH_SECONDS = 300.0
"""How much a message's time may differ from the receiver's clock."""
NOT_SIGNED = "not_signed"
"""The code of the refusal."""
_DOMAIN = "adrelay.message.1"
Headers = Mapping[str, str]


class MessageSigner:
    """Signs commands and questions with the gateway's private key."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @classmethod
    def of(cls, key: str) -> Self:
        """Return the signer with this key: 32 bytes as base64."""
        return cls(Ed25519PrivateKey.from_private_bytes(base64.b64decode(key)))

    @classmethod
    def generate(cls) -> Self:
        """Return a signer with a fresh key."""
        return cls(Ed25519PrivateKey.generate())

    def __repr__(self) -> str:
        return f"MessageSigner({self.public_key})"

    @property
    def private_key(self) -> str:
        """The private key as base64: not for logs."""
        return base64.b64encode(self._key.private_bytes_raw()).decode()

    @property
    def public_key(self) -> str:
        """The public key as base64."""
        return base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    def sign(self, subject: str, body: bytes, headers: Headers | None = None) -> dict[str, str]:
        """Return these headers, of which all are signed too, and those of the signature."""
        signed = {name: value.strip() for name, value in (headers or {}).items()}  # as the broker brings them
        signed[SIGNED_AT] = f"{time.time():.3f}"
        signature = self._key.sign(signed_bytes(subject, signed, body))
        return {**signed, SIGNATURE: base64.b64encode(signature).decode()}


def signed_bytes(subject: str, headers: Headers, body: bytes) -> bytes:
    """Return what is signed: the subject, this project's other headers by name, and the body."""
    ours = sorted(
        (name, value)
        for name, value in headers.items()
        if name.startswith(HEADER_PREFIX) and name != SIGNATURE
    )
    return json.dumps([_DOMAIN, subject, ours]).encode() + b"\n" + body
