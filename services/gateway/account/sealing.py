"""Seals what must not be stored in clear, with keys derived from the pepper."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from libs.events.values import AccountId
from services.gateway.account.keyed_hash import KeyedHash

_NONCE_BYTES = 12


class Sealer:
    """AES-GCM for one purpose: neither the pepper nor the database alone shows what was sealed."""

    def __init__(self, keyed: KeyedHash, purpose: str) -> None:
        self._cipher = AESGCM(keyed.of(purpose, "key"))

    def seal(self, account: AccountId, text: str) -> bytes:
        """Return a text of an account, sealed."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text.encode(), account.bytes)

    def open(self, account: AccountId, sealed: bytes) -> str | None:
        """Return what was sealed, None if that was with another key or for another account."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], account.bytes).decode()
        except InvalidTag:
            return None
