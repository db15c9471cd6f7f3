"""Errors as `application/problem+json`, each with a stable code; the one place that knows HTTP statuses."""

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
from libs.eventsourcing import Refused, Transient

trouble = SampledLog(__name__)

MEDIA_TYPE = "application/problem+json"
PROBLEM = "problem"
"""Under this name a request's state tells the code of the problem that it was answered with."""
RETRY_SECONDS = 2
OUTSIDE_RETRY_SECONDS = 10
"""For what is not ours to bring back."""

STATUSES: Mapping[str, HTTPStatus] = {
    "bad_signature": HTTPStatus.UNAUTHORIZED,
    "malformed_notification": HTTPStatus.BAD_REQUEST,
    "wrong_payment": HTTPStatus.UNPROCESSABLE_ENTITY,
    "wrong_amount": HTTPStatus.UNPROCESSABLE_ENTITY,
    "unsupported_coin": HTTPStatus.UNPROCESSABLE_ENTITY,
    "interval_too_long": HTTPStatus.UNPROCESSABLE_ENTITY,
    "malformed_post": HTTPStatus.UNPROCESSABLE_ENTITY,
    "malformed_groups": HTTPStatus.UNPROCESSABLE_ENTITY,
    "too_many_groups": HTTPStatus.UNPROCESSABLE_ENTITY,
    "unreadable_session": HTTPStatus.UNPROCESSABLE_ENTITY,
    "session_dead": HTTPStatus.UNPROCESSABLE_ENTITY,
    "invalid_command": HTTPStatus.UNPROCESSABLE_ENTITY,
    "payment_declined": HTTPStatus.BAD_GATEWAY,
    "provider_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "telegram_unreachable": HTTPStatus.SERVICE_UNAVAILABLE,
}
"""What a service's refusal is in HTTP. `unknown_…` is 404, any other code 409."""
_RETRY_AFTER: Mapping[str, Mapping[str, str]] = {
    code: {"Retry-After": str(OUTSIDE_RETRY_SECONDS)}
    for code in ("provider_unavailable", "telegram_unreachable")
}

_LONGEST_PLACE = 200
_MOST_PROBLEMS = 20
"""The most problems listed of one request: a body can hold tens of thousands."""

_PROTOCOL_CODES = {
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.BAD_REQUEST: "malformed_request",
}


class FieldProblem(BaseModel):
    """What is wrong with one field of a request; never what was in it."""

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
    """The request is answered with a problem by the gateway itself."""

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
    """Return the answer to whoever has no valid token."""
    headers = {"WWW-Authenticate": f'Bearer error="{code}"'}
    return Denied(HTTPStatus.UNAUTHORIZED, code, detail, headers=headers)


def unavailable(code: str, detail: str) -> Denied:
    """Return the answer while something that is needed does not work."""
    return Denied(HTTPStatus.SERVICE_UNAVAILABLE, code, detail)


def respond(denied: Denied, scope: Scope) -> Response:
    """Return the answer that a problem is; note its code in the state of the request."""
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
    """Let the app answer every kind of error with a problem."""

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
"""What a route may raise; anything else is a mistake of ours."""


def denied_of(error: Exception) -> Denied:
    """Return the problem that an expected error is answered with."""
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
