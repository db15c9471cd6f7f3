"""Encryption of secrets at rest: AES-256-GCM, with what a secret belongs to as associated data."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from libs.sealing import PrivateKeys

NONCE_BYTES = 12
_NAMING = b"adrelay.vault.key-name"
_FINGERPRINTS = b"adrelay.vault.fingerprints"


TO_OWNER = 1
"""The binding of earlier versions: to the owner's id only."""
TO_ALL = 2
"""The binding of today: to all of `Belonging`."""


class Unsealable(Exception):
    """A secret can't be decrypted: its key is not configured, or it was encrypted for another owner."""


@dataclass(frozen=True)
class Belonging:
    """What a stored secret belongs to: whoever changes it in the database can't have the secret decrypted."""

    kind: Literal["session", "api_hash"]
    owner: UUID
    """The session, or the Telegram application."""
    number: int
    """The session's data centre, or the application's `api_id`."""

    def associated_data(self, binding: int) -> bytes:
        """Return the associated data of a binding, `TO_OWNER` or `TO_ALL`."""
        if binding == TO_OWNER:
            return self.owner.bytes
        parts = ["adrelay vault", binding, self.kind, str(self.owner), self.number]
        return json.dumps(parts, separators=(",", ":")).encode()


@dataclass(frozen=True)
class Sealed:
    """An encrypted secret, the name of its key, and how it is bound to what it belongs to."""

    key: str
    box: bytes = field(repr=False)
    """The nonce, then the ciphertext with its tag."""
    binding: int = TO_ALL


class Cipher:
    """Encrypts with the first key, decrypts with any: put a new key first, and drop the old one later."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._boxes = {_name(key): AESGCM(key) for key in keys}
        self._markers = [hmac.digest(key, _FINGERPRINTS, hashlib.sha256) for key in keys]
        self.current = _name(keys[0])
        """The name of the key that encrypts."""
        self.private_keys = PrivateKeys(keys)
        """The keys to what was sealed on its way to the vault."""

    def seal(self, secret: bytes, belonging: Belonging) -> Sealed:
        """Encrypt a secret for what it belongs to."""
        nonce, data = secrets.token_bytes(NONCE_BYTES), belonging.associated_data(TO_ALL)
        return Sealed(self.current, nonce + self._boxes[self.current].encrypt(nonce, secret, data))

    def open(self, sealed: Sealed, belonging: Belonging) -> bytes:
        """Return the secret; raise `Unsealable` if the key is unknown or it belongs to something else."""
        box, owner = self._boxes.get(sealed.key), belonging.owner
        if box is None:
            message = f"the secret of {owner} needs the vault key {sealed.key}, which is not configured"
            raise Unsealable(message)
        data = belonging.associated_data(sealed.binding)
        try:
            return box.decrypt(sealed.box[:NONCE_BYTES], sealed.box[NONCE_BYTES:], data)
        except InvalidTag:
            message = f"the secret of {owner} was changed, or belongs to another owner"
            raise Unsealable(message) from None

    def opens(self, key: str) -> bool:
        """Return whether the key of this name is configured."""
        return key in self._boxes

    def fingerprints(self, secret: bytes) -> list[bytes]:
        """Return the fingerprints of a secret under every key; the first is the one to store."""
        return [hmac.digest(marker, secret, hashlib.sha256) for marker in self._markers]


def _name(key: bytes) -> str:
    """Return the name of a key, from which nothing can be learnt about the key."""
    return hmac.digest(key, _NAMING, hashlib.sha256).hex()[:16]
