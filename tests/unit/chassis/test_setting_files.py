"""Files that settings name: what is wrong with one is said by its setting, before anything starts."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from pydantic import BaseModel, ValidationError

from libs.chassis.postgres_tls import tls_problem
from libs.chassis.setting_files import Certificates, ReadableFile, file_problem
from libs.chassis.settings import InvalidSettings, ServiceSettings, load
from tests.support.certificates import Authority
from tests.support.signing import SIGNER

NOBODY = 65534


class Files(BaseModel):
    """Two files."""

    plain: ReadableFile = None
    authorities: Certificates = None


class CellarSettings(ServiceSettings):
    """Settings of the cellar."""

    service: ClassVar[str] = "cellar"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("ADRELAY_POSTGRES_URL", "postgresql://user:hunter2@db.example")
    monkeypatch.setenv("ADRELAY_NATS_URL", "tls://user:hunter2@broker.example")
    monkeypatch.setenv("ADRELAY_COMMAND_PUBLIC_KEY", SIGNER.public_key)
    return monkeypatch


@pytest.fixture(name="authority")
def _authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "authority")


def problem_of(**files: object) -> str:
    with pytest.raises(ValidationError) as invalid:
        Files.model_validate(files)
    (problem,) = invalid.value.errors()
    return problem["msg"]


def test_an_empty_setting_names_no_file() -> None:
    assert Files.model_validate({"plain": "", "authorities": ""}) == Files()


@pytest.mark.parametrize("field", ["plain", "authorities"])
@pytest.mark.parametrize("name", ["missing", "file/below", "."])
def test_what_is_no_file_is_refused(tmp_path: Path, field: str, name: str) -> None:
    (tmp_path / "file").touch()
    assert problem_of(**{field: str(tmp_path / name)}).endswith("names no file")


@contextmanager
def unprivileged() -> Generator[None]:
    """Read files as somebody who is not root."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


def test_a_file_of_another_user_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch(mode=0)
    with unprivileged():
        problem = file_problem(file)
        option = tls_problem(f"postgresql://db.example?sslmode=verify-full&sslrootcert={file}")
    assert problem == f"names {file}, which this process can't read: Permission denied"
    assert option == f"has a sslrootcert that {problem}"


def test_a_file_without_certificates_is_no_authority(tmp_path: Path, authority: Authority) -> None:
    file = tmp_path / "file"
    file.write_text("hunter2")
    assert problem_of(authorities=file).endswith(f"names {file}, which holds no certificate in PEM format")
    assert Files(plain=file, authorities=authority.file).authorities == authority.file


def test_a_client_has_the_key_of_its_certificate(
    environment: pytest.MonkeyPatch, tmp_path: Path, authority: Authority
) -> None:
    certificate, key = authority.issue("client")
    _, of_another = authority.issue("other")
    both = tmp_path / "both.pem"
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    locked = tmp_path / "locked.key"
    locked.write_bytes(
        load_pem_private_key(key.read_bytes(), None).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"hunter2")
        )
    )

    assert problem_with(environment, certificate, key) is None
    assert problem_with(environment, both, None) is None
    for wrong in (of_another, locked, None):
        problem = problem_with(environment, certificate, wrong)
        assert problem is not None
        assert problem.startswith(f"ADRELAY_NATS_KEY_FILE must name the private key of {certificate}")


def problem_with(environment: pytest.MonkeyPatch, certificate: Path, key: Path | None) -> str | None:
    """Return what is wrong with a certificate and a key of the broker's client."""
    environment.setenv("ADRELAY_NATS_CERTIFICATE_FILE", str(certificate))
    environment.setenv("ADRELAY_NATS_KEY_FILE", str(key or ""))
    try:
        load(CellarSettings)
    except InvalidSettings as error:
        (problem,) = error.problems
        return problem
    return None
