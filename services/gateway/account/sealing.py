"""Seals what must not be stored in clear, with keys derived from the pepper."""

import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.gateway.account.keyed_hash import KeyedHash

_NONCE_BYTES = 12


class Sealer:
    """AES-GCM for one purpose: neither the pepper nor the database alone shows what was sealed."""

    def __init__(self, keyed: KeyedHash, purpose: str) -> None:
        self._cipher = AESGCM(keyed.of(purpose, "key"))

    def seal(self, owner: UUID, secret: bytes) -> bytes:
        """Return a secret of an account or a webhook, sealed; it can be opened for this owner only."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, owner.bytes)

    def open(self, owner: UUID, sealed: bytes) -> bytes | None:
        """Return what was sealed, None if that was with another key or for another owner."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], owner.bytes)
        except InvalidTag:
            return None
