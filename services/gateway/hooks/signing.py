"""Secrets of webhooks, sealed, and signatures after Standard Webhooks (https://www.standardwebhooks.com)."""

import hashlib
import hmac
import os
import secrets
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from libs.events.gateway import HookId
from services.gateway.account.keyed_hash import KeyedHash

_SECRET_BYTES = 32
_NONCE_BYTES = 12


class SecretSeal:
    """Seals secrets with a key derived from the pepper: neither pepper nor database alone opens one."""

    def __init__(self, keyed: KeyedHash) -> None:
        self._cipher = AESGCM(keyed.of("webhook secret", "key"))

    def seal(self, hook: HookId, secret: bytes) -> bytes:
        """Return a webhook's secret, encrypted; it can be opened for this webhook only."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, hook.bytes)

    def open(self, hook: HookId, sealed: bytes) -> bytes:
        """Return a secret; raise `InvalidTag` if it was sealed for another webhook or with another pepper."""
        return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], hook.bytes)


def another_secret() -> bytes:
    """Return a fresh secret."""
    return secrets.token_bytes(_SECRET_BYTES)


def secret_text(secret: bytes) -> str:
    """Return a secret as its owner gets it: `whsec_…`, in Base64."""
    return "whsec_" + b64encode(secret).decode()


def signed_headers(
    message: str, at: datetime, body: bytes, secrets_in_use: Sequence[bytes]
) -> Mapping[str, str]:
    """Return the three headers of a message: its id, when it is sent, a signature for each secret."""
    timestamp = str(int(at.timestamp()))
    content = f"{message}.{timestamp}.".encode() + body
    signatures = [
        "v1," + b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode()
        for secret in secrets_in_use
    ]
    return {
        "webhook-id": message,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signatures),
    }
