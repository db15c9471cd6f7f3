"""Files that settings name: they are read before anything starts, so that an error names the setting."""

import ssl
import stat
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator


def file_problem(path: Path) -> str | None:
    """Return why this process can't read a file; None if it can."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return "names no file"
        with path.open("rb"):
            return None
    except (FileNotFoundError, NotADirectoryError):
        return "names no file"
    except OSError as error:
        return f"names {path}, which this process can't read: {error.strerror}"


def readable(path: Path | None) -> Path | None:
    """Return a path if this process can read the file there; raise `ValueError`."""
    if path is not None and (problem := file_problem(path)) is not None:
        raise ValueError(problem)
    return path


def certificates(path: Path | None) -> Path | None:
    """Return the path of a PEM file of certificates that a client can trust; raise `ValueError`."""
    if readable(path) is not None:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
        except ssl.SSLError:
            raise ValueError(f"names {path}, which holds no certificate in PEM format") from None
    return path


def check_certificate(certificate: Path, key: Path | None) -> None:
    """Raise `ValueError` unless a client can show a certificate with a key; without one its file has both."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, password=_no_password)
    except ssl.SSLError:
        raise ValueError(
            f"must name the private key of {certificate}, in PEM format and without a passphrase; "
            f"{key or 'that file itself'} does not hold it"
        ) from None


def _no_password() -> str:
    return ""  # else OpenSSL asks at the terminal


def _given(path: object) -> object:
    return None if path == "" else path


ReadableFile = Annotated[Path | None, BeforeValidator(_given), AfterValidator(readable)]
"""The path of a file; None if it is empty."""
Certificates = Annotated[Path | None, BeforeValidator(_given), AfterValidator(certificates)]
"""The path of a PEM file of authorities' certificates; None if it is empty."""
