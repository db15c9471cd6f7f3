"""Problems that a server answers itself, before or instead of its app, after RFC 9457."""

import json
from http import HTTPStatus
from uuid import UUID

from libs.eventsourcing.values import new_id

MEDIA_TYPE = "application/problem+json"
_SAFE = (
    (b"cache-control", b"no-store"),
    (
        b"content-security-policy",
        b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)


def problem(status: HTTPStatus, code: str, detail: str, correlation_id: UUID) -> dict[str, str | int]:
    """Return the JSON document of a problem."""
    return {
        "type": f"urn:adrelay:problem:{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status.value,
        "code": code,
        "detail": detail,
        "correlation_id": str(correlation_id),
    }


def problem_response(
    status: HTTPStatus, code: str, detail: str, *, retry_seconds: int | None = None
) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Return the headers and the body of a problem's answer, under a correlation id of its own."""
    correlation_id = new_id()
    body = json.dumps(problem(status, code, detail, correlation_id), separators=(",", ":")).encode()
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"x-correlation-id", str(correlation_id).encode()),
        *_SAFE,
    ]
    if retry_seconds is not None:
        headers.append((b"retry-after", str(retry_seconds).encode()))
    return headers, body


def raw_problem(status: HTTPStatus, code: str, detail: str, *, retry_seconds: int | None = None) -> bytes:
    """Return a whole HTTP/1.1 answer with a problem, after which the connection is closed."""
    headers, body = problem_response(status, code, detail, retry_seconds=retry_seconds)
    lines = [b"HTTP/1.1 %d %s" % (status.value, status.phrase.encode())]
    lines += [b"%s: %s" % header for header in [*headers, (b"connection", b"close")]]
    return b"\r\n".join([*lines, b"", body])
