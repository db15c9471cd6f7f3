"""The forwarder's settings: the key of a server that is used instead of Telegram's."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from libs.chassis.settings import InvalidSettings, load
from services.forwarder.settings import ForwarderSettings

KEY = rsa.generate_private_key(65537, 2048).public_key()
PKCS1 = KEY.public_bytes(Encoding.PEM, PublicFormat.PKCS1)


@pytest.fixture(name="named")
def _named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("ADRELAY_POSTGRES_URL", "postgresql://somewhere")
    monkeypatch.setenv("ADRELAY_NATS_URL", "nats://somewhere")
    monkeypatch.setenv("ADRELAY_FORWARDER_VAULT_KEYS", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    file = tmp_path / "telegram.pem"
    monkeypatch.setenv("ADRELAY_FORWARDER_TELEGRAM_PUBLIC_KEY_FILE", str(file))
    return file


def test_the_key_of_a_server_is_in_the_format_that_telethon_reads(named: Path) -> None:
    named.write_bytes(PKCS1)
    assert load(ForwarderSettings).telegram_public_key_file == named


@pytest.mark.parametrize(
    "content",
    [KEY.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), PKCS1[:200], b"", b"\xff"],
    ids=["another format", "cut off", "empty", "no text"],
)
def test_a_file_without_such_a_key_stops_the_start(named: Path, content: bytes) -> None:
    named.write_bytes(content)
    with pytest.raises(InvalidSettings) as refused:
        load(ForwarderSettings)
    (problem,) = refused.value.problems
    assert problem.startswith(f"ADRELAY_FORWARDER_TELEGRAM_PUBLIC_KEY_FILE names {named}, which holds no key")
