"""The headers that every answer has."""

from collections.abc import Iterable
from uuid import UUID

from starlette.types import Scope

_POLICY = b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_HEADERS = {
    b"cache-control": b"no-store",
    b"content-security-policy": _POLICY,
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"x-permitted-cross-domain-policies": b"none",
}
"""They forbid what an answer that is no page can't need; scripts of permitted origins still read it."""
_HTTPS_ONLY = (b"strict-transport-security", b"max-age=31536000")


def with_usual_headers(
    own: Iterable[tuple[bytes, bytes]], scope: Scope, correlation_id: UUID
) -> list[tuple[bytes, bytes]]:
    """Return an answer's own headers, followed by those of every answer."""
    headers = list(own)
    headers.append((b"x-correlation-id", str(correlation_id).encode()))
    present = {name for name, _ in headers}
    headers += [header for header in _HEADERS.items() if header[0] not in present]
    if scope["scheme"] == "https" and _HTTPS_ONLY[0] not in present:
        headers.append(_HTTPS_ONLY)
    return headers
