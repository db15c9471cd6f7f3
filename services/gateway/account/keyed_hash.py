"""Keyed hashes of what must not be stored: without the key, a hash reveals nothing, and none can be made."""

import hashlib
import hmac
from collections.abc import Sequence

from pydantic import SecretStr


class KeyedHash:
    """HMAC-SHA256 with the gateway's pepper, for one purpose each.

    During a change of the pepper there are two, the present one first. Hashes are made with that one; what
    may have been hashed with another one is looked for with `each`.
    """

    def __init__(self, peppers: Sequence[SecretStr]) -> None:
        self._pepper = peppers[0].get_secret_value().encode()
        self._others = [KeyedHash([pepper]) for pepper in peppers[1:]]

    @property
    def each(self) -> "tuple[KeyedHash, ...]":
        """The hashes with each of the peppers, the present one first."""
        return (self, *self._others)

    def of(self, purpose: str, text: str) -> bytes:
        """Return the hash of a text, 32 bytes; hashes for other purposes are different."""
        return hmac.new(self._pepper, f"{purpose}:{text}".encode(), hashlib.sha256).digest()
