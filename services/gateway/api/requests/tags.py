"""Entity tags: an answer that the caller has already is not sent again.

A tag is a digest of the answer's bytes, so that it changes with whatever the answer shows.
Source: https://www.rfc-editor.org/rfc/rfc9110#name-conditional-requests
"""

from hashlib import blake2b
from http import HTTPStatus

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response

CACHE_CONTROL = "private, no-cache"
"""The caller's own cache may keep the answer, and asks each time whether it is still the same."""
_DIGEST_BYTES = 15


def tagged(request: Request, body: bytes) -> Response:
    """Return the answer with this JSON and its tag; 304 without a body if the caller has the same one."""
    tag = f'W/"{blake2b(body, digest_size=_DIGEST_BYTES).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": CACHE_CONTROL}
    if _has(request, tag):
        return Response(None, HTTPStatus.NOT_MODIFIED, headers)
    return Response(body, HTTPStatus.OK, headers, media_type="application/json")


def tagged_model(request: Request, answer: BaseModel) -> Response:
    """Return the answer with this model as JSON, as `tagged` does."""
    return tagged(request, answer.model_dump_json().encode())


def _has(request: Request, tag: str) -> bool:
    """Return whether one of the caller's tags is this one; weak and strong ones are compared alike."""
    given = request.headers.getlist("if-none-match")
    opaque = tag.removeprefix("W/")
    found = (one.strip() for line in given for one in line.split(","))
    return any(one == "*" or one.removeprefix("W/") == opaque for one in found)
