"""Checks the gateway's signatures, and logs and counts what lacks them."""

import base64
import logging
import time
from collections.abc import Callable, Sequence
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from prometheus_client import Counter

from libs.chassis.sampling import SampledLog
from libs.chassis.signing import FRESH_SECONDS, NOT_SIGNED, SIGNATURE, SIGNED_AT, Headers, signed_bytes
from libs.events.results import Refusal

_UNSIGNED = Counter(
    "adrelay_unsigned_messages_total",
    "Commands and questions that were refused because the gateway did not sign them, by reason.",
    ["reason"],
)

refusals = SampledLog(__name__)


class MessageVerifier:
    """Checks that the gateway signed a message, with one of its keys: during a change it has two."""

    def __init__(self, keys: Sequence[Ed25519PublicKey], *, clock: Callable[[], float] = time.time) -> None:
        self._keys = tuple(keys)
        self._clock = clock

    @classmethod
    def of(cls, keys: str) -> Self:
        """Return the verifier with these public keys: 32 bytes each as base64, separated by commas."""
        return cls([Ed25519PublicKey.from_public_bytes(base64.b64decode(key)) for key in keys.split(",")])

    def refusal(self, subject: str, headers: Headers | None, body: bytes) -> Refusal | None:
        """Return why a message is refused, which is logged and counted; None if the gateway signed it."""
        found = self._problem(subject, headers or {}, body)
        if found is None:
            return None
        reason, detail = found
        _UNSIGNED.labels(reason).inc()
        refusals.write(logging.WARNING, "message.not_signed", code=reason, subject=subject, problem=detail)
        return Refusal(code=NOT_SIGNED, detail=detail)

    def _problem(self, subject: str, headers: Headers, body: bytes) -> tuple[str, str] | None:
        """Return the reason, and a text for people."""
        if SIGNATURE not in headers or SIGNED_AT not in headers:
            return "unsigned", "it has no signature of the gateway"
        try:
            signature = base64.b64decode(headers[SIGNATURE], validate=True)
            age = self._clock() - float(headers[SIGNED_AT])
        except ValueError:
            return "malformed", "its signature can't be read"
        message = signed_bytes(subject, headers, body)
        if not any(_verifies(key, signature, message) for key in self._keys):
            return "forged", "its signature is of no key in ADRELAY_COMMAND_PUBLIC_KEY"
        if not abs(age) <= FRESH_SECONDS:  # also for what is no number
            when = f"{age:.0f} seconds ago" if age > 0 else f"{-age:.0f} seconds ahead"
            return "outdated", f"it was signed {when}: compare the clocks of both machines"
        return None


def _verifies(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True
