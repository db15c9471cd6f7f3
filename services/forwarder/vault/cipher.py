"""Encryption of secrets at rest: AES-256-GCM, bound to the owner's id as associated data."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
_NAMING = b"adrelay.vault.key-name"
_FINGERPRINTS = b"adrelay.vault.fingerprints"


class Unsealable(Exception):
    """A secret can't be decrypted: its key is not configured, or it was encrypted for another owner."""


@dataclass(frozen=True)
class Sealed:
    """An encrypted secret, and the name of its key."""

    key: str
    box: bytes = field(repr=False)
    """The nonce, then the ciphertext with its tag."""


class Cipher:
    """Encrypts with the first key, decrypts with any: put a new key first, and drop the old one later."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._boxes = {_name(key): AESGCM(key) for key in keys}
        self._markers = [hmac.digest(key, _FINGERPRINTS, hashlib.sha256) for key in keys]
        self.current = _name(keys[0])
        """The name of the key that encrypts."""

    def seal(self, secret: bytes, owner: UUID) -> Sealed:
        """Encrypt a secret for its owner's id."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return Sealed(self.current, nonce + self._boxes[self.current].encrypt(nonce, secret, owner.bytes))

    def open(self, sealed: Sealed, owner: UUID) -> bytes:
        """Return the secret; raise `Unsealable` if the key is unknown or the owner is another."""
        box = self._boxes.get(sealed.key)
        if box is None:
            message = f"the secret of {owner} needs the vault key {sealed.key}, which is not configured"
            raise Unsealable(message)
        try:
            return box.decrypt(sealed.box[:NONCE_BYTES], sealed.box[NONCE_BYTES:], owner.bytes)
        except InvalidTag:
            message = f"the secret of {owner} was changed, or belongs to another owner"
            raise Unsealable(message) from None

    def opens(self, key: str) -> bool:
        """Say whether the key of this name is configured."""
        return key in self._boxes

    def fingerprints(self, secret: bytes) -> list[bytes]:
        """Return the fingerprints of a secret under every key; the first is the one to store."""
        return [hmac.digest(marker, secret, hashlib.sha256) for marker in self._markers]


def _name(key: bytes) -> str:
    """Return the name of a key, from which nothing can be learnt about the key."""
    return hmac.digest(key, _NAMING, hashlib.sha256).hex()[:16]
