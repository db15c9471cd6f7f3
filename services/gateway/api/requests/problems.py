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
from starlette.types import Scope

from libs.chassis.command_client import CommandFailed
from libs.chassis.sampling import SampledLog
from libs.chassis.words import wrong
from libs.eventsourcing import Refused
from libs.eventsourcing.errors import Transient

trouble = SampledLog(__name__)

MEDIA_TYPE = "application/problem+json"
PROBLEM = "problem"
"""The key in a request's state of the code of the problem in its answer."""
RETRY_SECONDS = 2
OUTSIDE_RETRY_SECONDS = 10
"""The `Retry-After` for failures of external systems, in seconds."""

STATUSES: Mapping[str, HTTPStatus] = {
    "bad_signature": HTTPStatus.UNAUTHORIZED,
    "malformed_notification": HTTPStatus.BAD_REQUEST,
    "wrong_payment": HTTPStatus.UNPROCESSABLE_ENTITY,
    "wrong_amount": HTTPStatus.UNPROCESSABLE_ENTITY,
    "unsupported_coin": HTTPStatus.UNPROCESSABLE_ENTITY,
    "interval_too_long": HTTPStatus.UNPROCESSABLE_ENTITY,
    "malformed_post": HTTPStatus.UNPROCESSABLE_ENTITY,
    "too_many_post_checks": HTTPStatus.TOO_MANY_REQUESTS,
    "malformed_groups": HTTPStatus.UNPROCESSABLE_ENTITY,
    "too_many_groups": HTTPStatus.UNPROCESSABLE_ENTITY,
    "too_many_posts": HTTPStatus.UNPROCESSABLE_ENTITY,
    "too_many_group_options": HTTPStatus.UNPROCESSABLE_ENTITY,
    "advertisement_too_large": HTTPStatus.UNPROCESSABLE_ENTITY,
    "group_list_too_large": HTTPStatus.UNPROCESSABLE_ENTITY,
    "malformed_target": HTTPStatus.UNPROCESSABLE_ENTITY,
    "malformed_source": HTTPStatus.UNPROCESSABLE_ENTITY,
    "malformed_period": HTTPStatus.UNPROCESSABLE_ENTITY,
    "malformed_quiet_hours": HTTPStatus.UNPROCESSABLE_ENTITY,
    "pacing_below_limit": HTTPStatus.UNPROCESSABLE_ENTITY,
    "timetable_too_dense": HTTPStatus.UNPROCESSABLE_ENTITY,
    "unknown_time_zone": HTTPStatus.UNPROCESSABLE_ENTITY,
    "unreadable_session": HTTPStatus.UNPROCESSABLE_ENTITY,
    "session_dead": HTTPStatus.UNPROCESSABLE_ENTITY,
    "malformed_webhook_url": HTTPStatus.UNPROCESSABLE_ENTITY,
    "malformed_webhook_events": HTTPStatus.UNPROCESSABLE_ENTITY,
    "private_webhook_url": HTTPStatus.UNPROCESSABLE_ENTITY,
    "invalid_command": HTTPStatus.UNPROCESSABLE_ENTITY,
    "payment_declined": HTTPStatus.BAD_GATEWAY,
    "provider_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "telegram_unreachable": HTTPStatus.SERVICE_UNAVAILABLE,
}
"""The HTTP status of a refusal. `unknown_…` is 404, any other code 409."""
_RETRY_AFTER: Mapping[str, Mapping[str, str]] = {
    code: {"Retry-After": str(OUTSIDE_RETRY_SECONDS)}
    for code in ("provider_unavailable", "telegram_unreachable")
} | {"too_many_post_checks": {"Retry-After": "600"}}

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
    message: str


class Problem(BaseModel):
    """An error, after RFC 9457. `code` is stable, `detail` is for people."""

    type: str = Field(examples=["urn:adrelay:problem:unknown_adbot"])
    title: str = Field(examples=["Unknown adbot"])
    status: int = Field(examples=[404])
    code: str = Field(examples=["unknown_adbot"])
    detail: str = ""
    correlation_id: UUID
    errors: list[FieldProblem] | None = Field(None, description="Only with `invalid_request`.")


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
    """Return the HTTP status of a refusal."""
    if code in STATUSES:
        return STATUSES[code]
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
    if denied.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.setdefault("Retry-After", str(RETRY_SECONDS))
    content = problem.model_dump(mode="json", exclude_none=True)
    return JSONResponse(content, denied.status, headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Register the exception handlers that answer with problems."""

    async def answer(request: Request, error: Exception) -> Response:
        return respond(denied_of(error), request.scope)

    for kind in EXPECTED:
        app.add_exception_handler(kind, answer)


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
            found = cast("Sequence[Mapping[str, Any]]", error.errors())
            problems = [_field(one) for one in found[:_MOST_PROBLEMS]]
            detail = "; ".join(f"{problem.field}: {problem.message}" for problem in problems)
            if len(found) > len(problems):
                detail += f"; and {len(found) - len(problems)} more"
            return Denied(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", detail, errors=problems)
        case HTTPException():
            status = HTTPStatus(error.status_code)
            code = _PROTOCOL_CODES.get(status, status.name.lower())
            detail = error.detail if status == HTTPStatus.BAD_REQUEST else status.description
            return Denied(status, code, detail, headers=error.headers)
        case _:
            trouble.write(logging.WARNING, "database.trouble", code=type(error).__name__)
            return unavailable("service_unavailable", "the database does not answer just now")


def _field(problem: Mapping[str, Any]) -> FieldProblem:
    where = ".".join(str(part) for part in problem["loc"])[:_LONGEST_PLACE]
    return FieldProblem(field=where, message=wrong(problem))
