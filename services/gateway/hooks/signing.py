"""Secrets of webhooks, and signatures after Standard Webhooks (https://www.standardwebhooks.com)."""

import hashlib
import hmac
import secrets
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime

_SECRET_BYTES = 32


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
