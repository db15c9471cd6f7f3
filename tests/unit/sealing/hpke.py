"""HPKE's base mode for one message, written anew from RFC 9180, to be held against the library's."""

from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

KEM_ID, KDF_ID = 0x0020, 0x0001
"""DHKEM(X25519, HKDF-SHA256), and HKDF-SHA256."""
AES_128, AES_256 = 0x0001, 0x0002
_KEY_BYTES = {AES_128: 16, AES_256: 32}
_NONCE_BYTES = 12


def seal(public: bytes, ephemeral: bytes, info: bytes, aad: bytes, plain: bytes, aead: int) -> bytes:
    """Return the encapsulated key of a given ephemeral private key, then the ciphertext."""
    private = X25519PrivateKey.from_private_bytes(ephemeral)
    enc = private.public_key().public_bytes_raw()
    shared = private.exchange(X25519PublicKey.from_public_bytes(public))
    key, nonce = key_schedule(_extract_and_expand(shared, enc + public), info, aead)
    return enc + AESGCM(key).encrypt(nonce, plain, aad)


def open_(private: bytes, sealed: bytes, info: bytes, aad: bytes, aead: int) -> bytes:
    """Return the plain text of an encapsulated key and a ciphertext."""
    enc, ciphertext = sealed[:32], sealed[32:]
    own = X25519PrivateKey.from_private_bytes(private)
    shared = own.exchange(X25519PublicKey.from_public_bytes(enc))
    context = enc + own.public_key().public_bytes_raw()
    key, nonce = key_schedule(_extract_and_expand(shared, context), info, aead)
    return AESGCM(key).decrypt(nonce, ciphertext, aad)


def key_schedule(shared: bytes, info: bytes, aead: int) -> tuple[bytes, bytes]:
    """Return the key and the nonce of the first message (section 5.1)."""
    suite = b"HPKE" + b"".join(one.to_bytes(2, "big") for one in (KEM_ID, KDF_ID, aead))
    extract, expand = _labeled(suite)
    context = b"\0" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
    secret = extract(shared, b"secret", b"")
    return (
        expand(secret, b"key", context, _KEY_BYTES[aead]),
        expand(secret, b"base_nonce", context, _NONCE_BYTES),
    )


def _extract_and_expand(shared: bytes, context: bytes) -> bytes:
    """Return the shared secret of the KEM (section 4.1)."""
    extract, expand = _labeled(b"KEM" + KEM_ID.to_bytes(2, "big"))
    return expand(extract(b"", b"eae_prk", shared), b"shared_secret", context, 32)


def _labeled(
    suite: bytes,
) -> tuple[Callable[[bytes, bytes, bytes], bytes], Callable[[bytes, bytes, bytes, int], bytes]]:
    """Return LabeledExtract and LabeledExpand of a suite (section 4)."""

    def extract(salt: bytes, label: bytes, keying: bytes) -> bytes:
        return HKDF.extract(SHA256(), salt, b"HPKE-v1" + suite + label + keying)

    def expand(secret: bytes, label: bytes, info: bytes, length: int) -> bytes:
        labeled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
        return HKDFExpand(SHA256(), length, labeled).derive(secret)

    return extract, expand
