"""The vault's key pairs, and what is encrypted with them."""

import base64
import binascii
import hashlib
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
NAME_BYTES = 8
_FORMAT = b"\x01"
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_DERIVING = b"adrelay.vault.sealing-key"
_NAMING = b"adrelay.vault.public-key-name"
_SHORTEST = len(_FORMAT) + NAME_BYTES + 32 + 16
"""The format, the key's name, the encapsulated key and the tag: a sealed secret of no bytes."""


class Unopened(Exception):
    """A sealed secret can't be opened."""


class Misdirected(Unopened):
    """The secret was sealed to another key than the vault's; the text names it."""


class Tampered(Unopened):
    """The secret was changed, or sealed for another purpose."""


class PublicKey:
    """A public key of the vault: whoever has it can seal secrets, and open none."""

    def __init__(self, raw: bytes) -> None:
        """Take the 32 bytes of an X25519 public key; raise `ValueError` for others."""
        if len(raw) != KEY_BYTES:
            message = f"the key has {len(raw)} bytes, {KEY_BYTES} are needed"
            raise ValueError(message)
        self._raw = raw
        self._key = X25519PublicKey.from_public_bytes(raw)
        try:
            X25519PrivateKey.generate().exchange(self._key)
        except ValueError:
            raise ValueError("the key is of small order: it would keep no secret") from None

    @classmethod
    def read(cls, text: str) -> "PublicKey":
        """Return the public key in a text, as `str` writes it; raise `ValueError` saying what is wrong."""
        try:
            raw = base64.b64decode(text.strip(), validate=True)
        except binascii.Error:
            raise ValueError("the key is not base64") from None
        return cls(raw)

    def __str__(self) -> str:
        """Return the key in base64."""
        return base64.b64encode(self._raw).decode()

    def __repr__(self) -> str:
        return f"PublicKey({self.name})"

    @property
    def name(self) -> str:
        """The key's name, 16 hexadecimal digits."""
        return _name(self._raw).hex()

    def seal(self, secret: bytes, binding: bytes) -> bytes:
        """Encrypt a secret; it can be opened with the vault's keys and this binding only.

        The same secret is encrypted differently each time. The result is 57 bytes longer.
        """
        return _FORMAT + _name(self._raw) + _SUITE.encrypt(secret, self._key, info=binding)


class PrivateKeys:
    """The vault's private keys, each derived from one of the keys that encrypt what it stores.

    So whoever has those keys has the private ones: nothing else must be kept, and a rotation of the vault's
    keys is one of these too. What was sealed to a key that is being replaced is still opened.
    """

    def __init__(self, vault_keys: Sequence[bytes]) -> None:
        """Derive the private keys from the vault's keys, of 32 bytes each, the current one first."""
        keys = [_private_key(key) for key in vault_keys]
        self._keys = {_name(key.public_key().public_bytes_raw()): key for key in keys}
        self.public = PublicKey(keys[0].public_key().public_bytes_raw())
        """The public key that belongs to the first vault key."""

    def __repr__(self) -> str:
        return f"PrivateKeys({', '.join(name.hex() for name in self._keys)})"

    def opens(self, public: PublicKey) -> bool:
        """Return whether what is sealed to this public key can be opened."""
        return bytes.fromhex(public.name) in self._keys

    def open(self, sealed: bytes, binding: bytes) -> bytes:
        """Return the secret; raise `Misdirected` or `Tampered`."""
        if len(sealed) < _SHORTEST or sealed[:1] != _FORMAT:
            raise Tampered("this is no sealed secret")
        name, content = sealed[1 : 1 + NAME_BYTES], sealed[1 + NAME_BYTES :]
        key = self._keys.get(name)
        if key is None:
            message = f"it was sealed to the key {name.hex()}, which is none of the vault's"
            raise Misdirected(message)
        try:
            return _SUITE.decrypt(content, key, info=binding)
        except (InvalidTag, ValueError):  # the latter for an encapsulated key of small order
            raise Tampered("it was changed, or sealed for another purpose") from None


def public_key_of(vault_key: bytes) -> PublicKey:
    """Return the public key that belongs to a vault key."""
    return PrivateKeys([vault_key]).public


def _private_key(vault_key: bytes) -> X25519PrivateKey:
    derived = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=_DERIVING).derive(vault_key)
    return X25519PrivateKey.from_private_bytes(derived)


def _name(public: bytes) -> bytes:
    return hashlib.sha256(_NAMING + public).digest()[:NAME_BYTES]
