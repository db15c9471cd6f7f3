"""Secrets sealed to the vault: opened by its keys, for their purpose, as they were."""

import secrets
from base64 import b64encode
from uuid import UUID, uuid4

import pytest

from libs.sealing import (
    Misdirected,
    PrivateKeys,
    PublicKey,
    Tampered,
    api_hash_binding,
    public_key_of,
    session_binding,
)

OLD, NEW = secrets.token_bytes(32), secrets.token_bytes(32)
SECRET = secrets.token_hex(16).encode()
SESSION, APPLICATION = uuid4(), uuid4()
FOR_SESSION = session_binding(SESSION, APPLICATION)


def test_a_sealed_secret_is_opened_by_the_vaults_keys() -> None:
    sealed = public_key_of(OLD).seal(SECRET, FOR_SESSION)
    assert PrivateKeys([OLD]).open(sealed, FOR_SESSION) == SECRET
    assert SECRET not in sealed
    assert public_key_of(OLD).seal(SECRET, FOR_SESSION) != sealed


def test_what_was_sealed_before_a_rotation_is_opened_until_the_old_key_is_dropped() -> None:
    sealed = public_key_of(OLD).seal(SECRET, FOR_SESSION)
    both = PrivateKeys([NEW, OLD])
    assert both.open(sealed, FOR_SESSION) == SECRET
    assert str(both.public) == str(public_key_of(NEW))
    assert both.opens(public_key_of(OLD))
    assert not PrivateKeys([NEW]).opens(public_key_of(OLD))
    with pytest.raises(Misdirected, match=public_key_of(OLD).name):
        PrivateKeys([NEW]).open(sealed, FOR_SESSION)


@pytest.mark.parametrize(
    "other",
    [
        session_binding(uuid4(), APPLICATION),
        session_binding(SESSION, uuid4()),
        session_binding(SESSION, None),
        api_hash_binding(SESSION, 7),
    ],
    ids=["another session", "another application", "no application", "another kind"],
)
def test_a_session_is_opened_for_its_own_import_only(other: bytes) -> None:
    with pytest.raises(Tampered):
        PrivateKeys([OLD]).open(public_key_of(OLD).seal(SECRET, FOR_SESSION), other)


@pytest.mark.parametrize(
    "other",
    [api_hash_binding(uuid4(), 7), api_hash_binding(APPLICATION, 8), session_binding(APPLICATION, None)],
    ids=["another application", "another api_id", "another kind"],
)
def test_an_api_hash_is_opened_for_its_own_application_only(other: bytes) -> None:
    with pytest.raises(Tampered):
        PrivateKeys([OLD]).open(public_key_of(OLD).seal(SECRET, api_hash_binding(APPLICATION, 7)), other)


def test_bindings_are_unambiguous() -> None:
    one, other = UUID(int=1), UUID(int=2)
    bindings = [
        *(session_binding(one, two) for two in (None, one, other)),
        *(session_binding(other, two) for two in (None, one, other)),
        *(api_hash_binding(owner, number) for owner in (one, other) for number in (1, 2)),
    ]
    assert len(set(bindings)) == len(bindings)


def test_a_change_of_any_byte_is_noticed() -> None:
    sealed, keys = public_key_of(OLD).seal(b"7", FOR_SESSION), PrivateKeys([OLD])
    for at in range(len(sealed)):
        changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises((Tampered, Misdirected)):
            keys.open(changed, FOR_SESSION)


@pytest.mark.parametrize("length", [0, 1, 9, 41, 56])
def test_what_is_cut_off_is_refused(length: int) -> None:
    sealed = public_key_of(OLD).seal(b"", FOR_SESSION)
    assert len(sealed) == 57
    with pytest.raises(Tampered):
        PrivateKeys([OLD]).open(sealed[:length], FOR_SESSION)


def test_an_encapsulated_key_of_small_order_is_refused() -> None:
    sealed = public_key_of(OLD).seal(SECRET, FOR_SESSION)
    with pytest.raises(Tampered):
        PrivateKeys([OLD]).open(sealed[:9] + bytes(32) + sealed[41:], FOR_SESSION)


def test_a_public_key_is_read_as_it_is_written() -> None:
    key = public_key_of(OLD)
    assert str(PublicKey.read(f" {key}\n")) == str(key)
    assert OLD not in str(key).encode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no base64!", "not base64"),
        (b64encode(bytes(31)).decode(), "31 bytes"),
        (b64encode(bytes(32)).decode(), "small order"),
        (b64encode(b"\1" + bytes(31)).decode(), "small order"),
    ],
    ids=["no base64", "short", "zero", "one"],
)
def test_a_public_key_that_keeps_no_secret_is_refused(text: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        PublicKey.read(text)


def test_reprs_show_no_private_key() -> None:
    shown = repr([PrivateKeys([OLD]), public_key_of(OLD)])
    assert OLD.hex() not in shown
    assert b64encode(OLD).decode() not in shown


def test_errors_hold_nothing_of_the_secret() -> None:
    sealed = public_key_of(OLD).seal(SECRET, FOR_SESSION)
    with pytest.raises(Tampered) as refused:
        PrivateKeys([OLD]).open(sealed, b"else")
    assert SECRET.decode() not in str(refused.value)
