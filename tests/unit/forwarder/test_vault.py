"""The vault's encryption: newest key for new secrets, any key to open, bound to what a secret belongs to."""

import base64
import secrets
from dataclasses import replace
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from libs.chassis.settings import InvalidSettings, load
from services.forwarder.settings import ForwarderSettings, decode_keys
from services.forwarder.vault.cipher import TO_ALL, TO_OWNER, Belonging, Cipher, Sealed, Unsealable
from services.forwarder.vault.sessions import SessionKey
from services.forwarder.vault.store import TelegramApplication

OLD, NEW = secrets.token_bytes(32), secrets.token_bytes(32)
SECRET = b"nobody may read this"
OWNER = Belonging("session", uuid4(), 2)


def test_a_sealed_secret_can_be_opened() -> None:
    cipher = Cipher([OLD])
    sealed = cipher.seal(SECRET, OWNER)
    assert SECRET not in sealed.box
    assert cipher.open(sealed, OWNER) == SECRET
    assert cipher.seal(SECRET, OWNER).box != sealed.box


def test_a_new_key_seals_and_the_old_one_still_opens() -> None:
    sealed = Cipher([OLD]).seal(SECRET, OWNER)
    both = Cipher([NEW, OLD])
    assert both.open(sealed, OWNER) == SECRET
    assert Cipher([NEW]).open(both.seal(SECRET, OWNER), OWNER) == SECRET


def test_a_secret_can_not_be_opened_without_its_key() -> None:
    with pytest.raises(Unsealable, match="not configured"):
        Cipher([NEW]).open(Cipher([OLD]).seal(SECRET, OWNER), OWNER)


@pytest.mark.parametrize(
    "other",
    [replace(OWNER, owner=uuid4()), replace(OWNER, kind="api_hash"), replace(OWNER, number=4)],
    ids=["another session", "another kind", "another data centre"],
)
def test_a_secret_can_be_opened_for_what_it_belongs_to_only(other: Belonging) -> None:
    cipher = Cipher([OLD])
    with pytest.raises(Unsealable, match="another owner"):
        cipher.open(cipher.seal(SECRET, OWNER), other)


def test_a_secret_of_an_earlier_version_can_be_opened_for_its_owner_only() -> None:
    nonce = secrets.token_bytes(12)
    cipher = Cipher([OLD])
    box = nonce + AESGCM(OLD).encrypt(nonce, SECRET, OWNER.owner.bytes)
    old = Sealed(cipher.current, box, TO_OWNER)
    assert cipher.open(old, OWNER) == SECRET
    with pytest.raises(Unsealable, match="another owner"):
        cipher.open(old, replace(OWNER, owner=uuid4()))


def test_a_secret_can_not_be_passed_off_as_one_of_an_earlier_version() -> None:
    cipher = Cipher([OLD])
    sealed = cipher.seal(SECRET, OWNER)
    assert sealed.binding == TO_ALL
    with pytest.raises(Unsealable, match="another owner"):
        cipher.open(replace(sealed, binding=TO_OWNER), replace(OWNER, number=4))


def test_a_tampered_secret_can_not_be_opened() -> None:
    cipher = Cipher([OLD])
    sealed = cipher.seal(SECRET, OWNER)
    changed = Sealed(sealed.key, sealed.box[:-1] + bytes([sealed.box[-1] ^ 1]))
    with pytest.raises(Unsealable):
        cipher.open(changed, OWNER)


def test_fingerprints_match_only_between_ciphers_that_share_a_key() -> None:
    old, both = Cipher([OLD]), Cipher([NEW, OLD])
    assert old.fingerprints(SECRET)[0] in both.fingerprints(SECRET)
    assert not set(old.fingerprints(SECRET)) & set(Cipher([NEW]).fingerprints(SECRET))


def test_reprs_show_no_secret() -> None:
    shown = repr(
        [
            Cipher([OLD]).seal(SECRET, OWNER),
            SessionKey(2, SECRET),
            TelegramApplication(17, SECRET.decode()),
            Cipher([OLD]),
        ]
    )
    assert SECRET.decode() not in shown
    assert OLD.hex() not in shown


def encoded(key: bytes) -> str:
    return base64.b64encode(key).decode()


def test_keys_are_read_in_order() -> None:
    assert decode_keys(SecretStr(f"{encoded(NEW)}, {encoded(OLD)}")) == [NEW, OLD]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("", "0 bytes"),
        ("not base64!", "not base64"),
        (encoded(b"short" * 5), "25 bytes"),
        (encoded(bytes(32)), "not random"),
        (f"{encoded(OLD)},", "key 2"),
    ],
    ids=["none", "no base64", "short", "zeros", "a second one that is empty"],
)
def test_a_weak_key_stops_the_start_and_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, keys: str, expected: str
) -> None:
    monkeypatch.setenv("ADRELAY_POSTGRES_URL", "postgresql://somewhere")
    monkeypatch.setenv("ADRELAY_NATS_URL", "nats://somewhere")
    monkeypatch.setenv("ADRELAY_FORWARDER_VAULT_KEYS", keys)
    with pytest.raises(InvalidSettings) as refused:
        load(ForwarderSettings)
    (problem,) = refused.value.problems
    assert problem.startswith("ADRELAY_FORWARDER_VAULT_KEYS")
    assert expected in problem
    assert encoded(OLD) not in problem
