"""Receivers are verified by the name in the webhook's URL."""

import ssl
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from libs.eventsourcing.values import utc_now
from services.gateway.hooks.posting import Trouble, poster_for
from tests.integration.hooks.receiver import receiving

HEADERS = {"webhook-id": "x"}


def certificate_for(name: str, folder: Path) -> tuple[Path, Path]:
    """Write a self-signed certificate for a host name and its key; return their paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(utc_now() - timedelta(days=1))
        .not_valid_after(utc_now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "certificate.pem", folder / "key.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return public, private


async def to_loopback(host: str, port: int) -> Sequence[str]:
    """Resolve every name to this machine."""
    del host, port
    return ["127.0.0.1"]


@pytest.mark.parametrize(
    ("host", "trusts", "trouble"),
    [
        ("hooks.example.org", True, None),
        ("other.example.org", True, Trouble.TLS_FAILED),
        ("127.0.0.1", True, Trouble.TLS_FAILED),
        ("hooks.example.org", False, Trouble.TLS_FAILED),
    ],
)
async def test_the_name_of_the_url_is_verified_though_the_connection_goes_to_an_address(
    tmp_path: Path,
    host: str,
    trusts: bool,  # noqa: FBT001 - a parameter
    trouble: Trouble | None,
) -> None:
    public, private = certificate_for("hooks.example.org", tmp_path)
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(public, private)
    trusted = ssl.create_default_context(cafile=public) if trusts else None
    poster = poster_for(to_loopback, private_networks=True, trusted=trusted)
    async with receiving(serving) as receiver:
        url = receiver.url.replace("127.0.0.1", host)
        answer = await poster.post(url, b"{}", HEADERS)
        assert answer.trouble is trouble
        assert len(receiver.got) == (trouble is None)
        if trouble is None:
            assert receiver.got[0].headers["host"].startswith(f"{host}:")
