"""Keyed hashes of what must not be stored: without the key, a hash reveals nothing, and none can be made."""

import hashlib
import hmac

from pydantic import SecretStr


class KeyedHash:
    """HMAC-SHA256 with the gateway's pepper, for one purpose each."""

    def __init__(self, pepper: SecretStr) -> None:
        self._pepper = pepper.get_secret_value().encode()

    def of(self, purpose: str, text: str) -> bytes:
        """Return the hash of a text, 32 bytes; hashes for other purposes are different."""
        return hmac.new(self._pepper, f"{purpose}:{text}".encode(), hashlib.sha256).digest()
