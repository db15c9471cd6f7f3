"""Errors as `application/problem+json`, each with a stable code; the only module that maps HTTP statuses."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, cast
from uuid import UUID

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Match
from starlette.types import Scope

from libs.chassis.command_client import CommandFailed
from libs.chassis.sampling import SampledLog
from libs.chassis.words import wrong
from libs.eventsourcing import Refused
from libs.eventsourcing.errors import Transient
from services.gateway.api.requests.codes import CODES

trouble = SampledLog(__name__)

MEDIA_TYPE = "application/problem+json"
PROBLEM = "problem"
"""The key in a request's state of the code of the problem in its answer."""
WITH_RETRY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
"""The statuses whose answers say when to try again."""
RETRY_SECONDS = 2
OUTSIDE_RETRY_SECONDS = 10
"""The `Retry-After` for failures of external systems, in seconds."""

_RETRY_AFTER: Mapping[str, Mapping[str, str]] = {
    code: {"Retry-After": str(OUTSIDE_RETRY_SECONDS)}
    for code in ("provider_unavailable", "telegram_unreachable")
} | {"too_many_post_checks": {"Retry-After": "600"}}

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_LONGEST_PLACE = 200
_MOST_PROBLEMS = 20
"""The maximum of problems reported for one request: a body can have tens of thousands."""

_PROTOCOL_CODES = {
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.BAD_REQUEST: "malformed_request",
}


class FieldProblem(BaseModel):
    """The problem of one field of a request, without the field's value."""

    field: str = Field(examples=["body.email"])
    message: str = Field(examples=["must be an e-mail address such as client@example.com"])


class Problem(BaseModel):
    """An error, after RFC 9457. `code` is stable, `detail` is for people."""

    type: str = Field(examples=["urn:adrelay:problem:unknown_adbot"])
    title: str = Field(examples=["Unknown adbot"])
    status: int = Field(examples=[404])
    code: str = Field(examples=["unknown_adbot"])
    detail: str = ""
    correlation_id: UUID
    errors: list[FieldProblem] | None = Field(
        None,
        description="With `invalid_request`, the fields. With `malformed_groups`, `private_ids_not_allowed` "
        "and `blocked_targets`, the first hundred of these groups: `body.groups.3` is the fourth group, "
        "`line 4` the fourth line of a file.",
    )


class Denied(Exception):
    """An error of the gateway itself, answered as a problem."""

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        detail: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[FieldProblem] | None = None,
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.detail = status, code, detail
        self.headers = dict(headers or {})
        self.errors = errors


def status_of(code: str) -> HTTPStatus:
    """Return the HTTP status of a refusal; that of a code of a newer service is guessed."""
    if code in CODES:
        return CODES[code].status
    return HTTPStatus.NOT_FOUND if code.startswith("unknown_") else HTTPStatus.CONFLICT


def unauthorized(code: str, detail: str) -> Denied:
    """Return the error for a request without a valid token."""
    headers = {"WWW-Authenticate": f'Bearer error="{code}"'}
    return Denied(HTTPStatus.UNAUTHORIZED, code, detail, headers=headers)


def forbidden(code: str, detail: str) -> Denied:
    """Return the error for a known caller who may not do this."""
    return Denied(HTTPStatus.FORBIDDEN, code, detail)


def unavailable(code: str, detail: str) -> Denied:
    """Return the error for an unavailable dependency."""
    return Denied(HTTPStatus.SERVICE_UNAVAILABLE, code, detail)


def respond(denied: Denied, scope: Scope) -> Response:
    """Return the response for a problem; store its code in the request's state."""
    scope["state"][PROBLEM] = denied.code
    problem = Problem(
        type=f"urn:adrelay:problem:{denied.code}",
        title=denied.code.replace("_", " ").capitalize(),
        status=denied.status,
        code=denied.code,
        detail=denied.detail,
        correlation_id=cast("UUID", scope["state"]["correlation_id"]),
        errors=list(denied.errors) if denied.errors is not None else None,
    )
    headers = dict(denied.headers)
    if denied.status in WITH_RETRY:
        headers.setdefault("Retry-After", str(RETRY_SECONDS))
    content = problem.model_dump(mode="json", exclude_none=True)
    return JSONResponse(content, denied.status, headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Register the exception handlers that answer with problems."""

    async def answer(request: Request, error: Exception) -> Response:
        denied = denied_of(error)
        if denied.status == HTTPStatus.METHOD_NOT_ALLOWED:
            denied.headers["Allow"] = ", ".join(_methods_of(request.scope))
        return respond(denied, request.scope)

    for kind in EXPECTED:
        app.add_exception_handler(kind, answer)


def _methods_of(scope: Scope) -> list[str]:
    """Return the methods of a path; each may have a route of its own."""
    routes = cast("FastAPI", scope["app"]).routes
    return [
        method
        for method in _METHODS
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in routes)
    ]


EXPECTED: tuple[type[Exception], ...] = (
    Denied,
    Refused,
    CommandFailed,
    RequestValidationError,
    HTTPException,
    Transient,
    OSError,
)
"""The exceptions that a route may raise; any other one is a bug."""


def denied_of(error: Exception) -> Denied:
    """Return the problem for an expected exception."""
    match error:
        case Denied():
            return error
        case Refused(code=code, detail=detail):
            return Denied(status_of(code), code, detail, headers=_RETRY_AFTER.get(code))
        case CommandFailed():
            trouble.write(logging.WARNING, "command.failed", code="service_unavailable", error=str(error))
            return unavailable("service_unavailable", "the service that does this does not answer just now")
        case RequestValidationError():
            return _invalid(error)
        case HTTPException():
            status = HTTPStatus(error.status_code)
            code = _PROTOCOL_CODES.get(status, status.name.lower())
            detail = error.detail if status == HTTPStatus.BAD_REQUEST else status.description
            return Denied(status, code, detail, headers=error.headers)
        case _:
            trouble.write(logging.WARNING, "database.trouble", code=type(error).__name__)
            return unavailable("service_unavailable", "the database does not answer just now")


def _invalid(error: RequestValidationError) -> Denied:
    if isinstance(error.body, bytes):  # FastAPI reads a body of another media type as bytes
        detail = "send the body as JSON, with the header `Content-Type: application/json`"
        return Denied(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
    found = cast("Sequence[Mapping[str, Any]]", error.errors())
    problems = [_field(one) for one in found[:_MOST_PROBLEMS]]
    detail = "; ".join(f"{problem.field}: {problem.message}" for problem in problems)
    if len(found) > len(problems):
        detail += f"; and {len(found) - len(problems)} more"
    return Denied(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", detail, errors=problems)


def _field(problem: Mapping[str, Any]) -> FieldProblem:
    where = ".".join(str(part) for part in problem["loc"])[:_LONGEST_PLACE]
    return FieldProblem(field=where, message=wrong(problem))
