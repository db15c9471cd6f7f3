"""The stored form of a PostgreSQL password (RFC 5802), so that no statement holds the password itself."""

import base64
import hashlib
import hmac
import re
import secrets

SALT_BYTES = 16
ITERATIONS = 4096
"""PostgreSQL's default."""
_STORED = re.compile(r"SCRAM-SHA-256\$(\d+):([A-Za-z0-9+/=]+)\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+")


def scram_verifier(password: str, iterations: int = ITERATIONS) -> str:
    """Return what `ALTER ROLE … PASSWORD` stores as it is; the password is of ASCII characters."""
    return _verifier(password, iterations, secrets.token_bytes(SALT_BYTES))


def verifies(stored: str | None, password: str) -> bool:
    """Return whether a stored form is that of this password."""
    found = _STORED.fullmatch(stored or "")
    if found is None:
        return False
    fresh = _verifier(password, int(found[1]), base64.b64decode(found[2]))
    return hmac.compare_digest(fresh, found[0])


def _verifier(password: str, iterations: int, salt: bytes) -> str:
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, iterations)
    stored = hashlib.sha256(_sign(salted, b"Client Key")).digest()
    server = _sign(salted, b"Server Key")
    return f"SCRAM-SHA-256${iterations}:{_text(salt)}${_text(stored)}:{_text(server)}"


def _sign(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, "sha256")


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
