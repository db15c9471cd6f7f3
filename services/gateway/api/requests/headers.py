"""The headers that every answer has."""

from collections.abc import Iterable
from uuid import UUID

from starlette.types import Scope

_DOCS = "/docs"
_DOCS_POLICY = (
    "default-src 'none'; connect-src 'self'; img-src 'self' data: https://fastapi.tiangolo.com; "
    "script-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net; "
    "style-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net; frame-ancestors 'none'"
)
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
_HEADERS_OF_DOCS = _HEADERS | {b"content-security-policy": _DOCS_POLICY.encode()}
_HTTPS_ONLY = (b"strict-transport-security", b"max-age=31536000")


def with_usual_headers(
    own: Iterable[tuple[bytes, bytes]], scope: Scope, correlation_id: UUID
) -> list[tuple[bytes, bytes]]:
    """Return an answer's own headers, followed by those of every answer."""
    headers = list(own)
    headers.append((b"x-correlation-id", str(correlation_id).encode()))
    usual = _HEADERS if scope["path"] != _DOCS else _HEADERS_OF_DOCS
    present = {name for name, _ in headers}
    headers += [header for header in usual.items() if header[0] not in present]
    if scope["scheme"] == "https" and _HTTPS_ONLY[0] not in present:
        headers.append(_HTTPS_ONLY)
    return headers
