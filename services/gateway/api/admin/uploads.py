"""Reads an uploaded session: a `.session` file, or a string session in a form or in JSON."""

from base64 import b64encode
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import Field, SecretStr, ValidationError
from starlette.datastructures import FormData, UploadFile

from libs.events.values import ApplicationId
from services.gateway.api.requests.problems import Denied
from services.gateway.api.requests.shapes import Body

FILE_BYTES = 256 * 1024
_STRING_CHARACTERS = 4096
_APPLICATION: dict[str, Any] = {
    "type": "string",
    "format": "uuid",
    "description": "Use the session with this Telegram application.",
}
_STRING: dict[str, Any] = {
    "type": "string",
    "format": "password",
    "minLength": 1,
    "maxLength": _STRING_CHARACTERS,
    "description": "A string session.",
}
UPLOAD_DESCRIPTION: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "description": "Either `file` or `session`.",
                "oneOf": [{"required": ["file"]}, {"required": ["session"]}],
                "additionalProperties": False,
                "properties": {
                    "file": {
                        "type": "string",
                        "format": "binary",
                        "description": f"A Telethon `.session` file, at most {FILE_BYTES} bytes.",
                    },
                    "session": _STRING,
                    "pair": _APPLICATION,
                },
            },
            "example": {"file": "<the content of stock.session>"},
        },
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["session"],
                "additionalProperties": False,
                "properties": {"session": _STRING, "pair": _APPLICATION},
            }
        },
    },
}


@dataclass(frozen=True)
class Upload:
    """An uploaded session, in the form that the forwarder accepts."""

    content: SecretStr
    pair: ApplicationId | None


class _StringSession(Body):
    session: Annotated[SecretStr, Field(min_length=1, max_length=_STRING_CHARACTERS)]
    pair: ApplicationId | None = None


class _Application(Body):
    pair: ApplicationId | None = None


async def read_upload(request: Request) -> Upload:
    """Return the uploaded session; raise `Denied` or `RequestValidationError` for an invalid upload."""
    with invalid_fields():
        if _kind(request) == "application/json":
            # read as a stream: the request would keep its body
            body = b"".join([piece async for piece in request.stream()])
            return _string(_StringSession.model_validate_json(body))
        async with read_form(request, most_fields=2) as form:
            return await _from_form(form)


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


@asynccontextmanager
async def read_form(request: Request, *, most_fields: int) -> AsyncGenerator[FormData]:
    """Yield the form with one file of a request; raise `Denied` for another media type."""
    if _kind(request) not in {"multipart/form-data", "application/x-www-form-urlencoded"}:
        detail = "send multipart/form-data with a file, or what else the document names"
        raise Denied(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
    async with request.form(max_files=1, max_fields=most_fields) as form:
        yield form


@contextmanager
def invalid_fields() -> Generator[None]:
    """Raise `RequestValidationError` for the fields of a body that a model refuses, without their values."""
    try:
        yield
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False)
        raise RequestValidationError(
            [{**problem, "loc": ("body", *problem["loc"])} for problem in problems]
        ) from None


async def _from_form(form: FormData) -> Upload:
    fields = dict(form.items())
    file = fields.pop("file", None)
    if not isinstance(file, UploadFile):
        return _string(_StringSession.model_validate(fields))
    pair = _Application.model_validate(fields).pair
    return Upload(await content_of(file), pair)


async def content_of(file: UploadFile) -> SecretStr:
    """Return a `.session` file as the forwarder accepts it; raise `Denied` if it is too large."""
    content = await file.read(FILE_BYTES + 1)
    if len(content) > FILE_BYTES:
        detail = f"a .session file may have {FILE_BYTES} bytes"
        raise Denied(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "file_too_large", detail)
    return SecretStr(f"base64:{b64encode(content).decode()}")


def _string(body: _StringSession) -> Upload:
    return Upload(SecretStr(body.session.get_secret_value().strip()), body.pair)
