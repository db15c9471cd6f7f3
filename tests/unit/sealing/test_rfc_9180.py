"""What is sealed is HPKE: by the test vectors of RFC 9180, and by an implementation of its own.

The library takes no ephemeral key, and no associated data, which the vectors have: so they prove the
implementation here, and this one proves what is sealed.
"""

import secrets

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from libs.sealing import PrivateKeys, public_key_of
from tests.unit.sealing.hpke import AES_128, AES_256, key_schedule, open_, seal

INFO = bytes.fromhex("4f6465206f6e2061204772656369616e2055726e")
EPHEMERAL = bytes.fromhex("52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736")
PRIVATE = bytes.fromhex("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8")
PUBLIC = bytes.fromhex("3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d")
SHARED = bytes.fromhex("fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc")
KEY = bytes.fromhex("4531685d41d65f03dc48f6b8302c05b0")
NONCE = bytes.fromhex("56d890e5accaaf011cff4b7d")
AAD = b"Count-0"
PLAIN = b"Beauty is truth, truth beauty"
SEALED = bytes.fromhex(
    "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431"
    "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a"
)
"""Appendix A.1.1 of RFC 9180: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode."""


def test_the_vectors_of_the_rfc_hold_here() -> None:
    assert key_schedule(SHARED, INFO, AES_128) == (KEY, NONCE)
    assert seal(PUBLIC, EPHEMERAL, INFO, AAD, PLAIN, AES_128) == SEALED
    assert open_(PRIVATE, SEALED, INFO, AAD, AES_128) == PLAIN


def test_the_library_agrees_in_the_suite_of_the_vectors() -> None:
    """With empty associated data, as the library has none."""
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
    private = X25519PrivateKey.from_private_bytes(PRIVATE)
    assert suite.decrypt(seal(PUBLIC, EPHEMERAL, INFO, b"", PLAIN, AES_128), private, info=INFO) == PLAIN


def test_what_is_sealed_is_opened_by_another_implementation_and_the_other_way_round() -> None:
    vault_key = secrets.token_bytes(32)
    private = HKDF(SHA256(), 32, None, b"adrelay.vault.sealing-key").derive(vault_key)
    public = public_key_of(vault_key)
    sealed = public.seal(PLAIN, INFO)
    head, content = sealed[:9], sealed[9:]

    assert open_(private, content, INFO, b"", AES_256) == PLAIN
    with pytest.raises(InvalidTag):
        open_(private, content, INFO + b"!", b"", AES_256)
    raw = X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    foreign = head + seal(raw, secrets.token_bytes(32), INFO, b"", PLAIN, AES_256)
    assert PrivateKeys([vault_key]).open(foreign, INFO) == PLAIN
