"""The stored form of a password, against the exchange of RFC 7677."""

import base64
import hashlib
import hmac

import pytest

from libs.chassis.scram import scram_verifier, verifies

SALT = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
NONCE = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
EXCHANGE = (
    f"n=user,r=rOprNGfwEbeRWgbNEkqO,r={NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r={NONCE}".encode()
)
PROOF = base64.b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
SIGNATURE = base64.b64decode("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")


def _same_salt(length: int) -> bytes:
    """Return the salt of the exchange."""
    assert length == len(SALT)
    return SALT


def test_it_verifies_the_clients_proof_and_signs_as_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("libs.chassis.scram.secrets.token_bytes", _same_salt)
    stored, server = map(base64.b64decode, scram_verifier("pencil").rpartition("$")[2].split(":"))
    of_client = bytes(a ^ b for a, b in zip(PROOF, hmac.digest(stored, EXCHANGE, "sha256"), strict=True))
    assert hashlib.sha256(of_client).digest() == stored
    assert hmac.digest(server, EXCHANGE, "sha256") == SIGNATURE


def test_the_same_password_is_recognised_and_no_other() -> None:
    assert verifies(scram_verifier("pencil", 10), "pencil")
    assert not verifies(scram_verifier("pencil", 10), "pencils")
    assert not verifies("md5a3556571e93b0d20722ba62be61e8c2d", "pencil")
    assert not verifies(None, "pencil")
    assert scram_verifier("pencil", 10) != scram_verifier("pencil", 10)
