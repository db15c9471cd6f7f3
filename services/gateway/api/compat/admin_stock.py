"""The operator's routes of the stock: how much there is, and the upload of a session with its application."""

from http import HTTPStatus
from typing import Annotated, Any
from uuid import uuid5

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ConfigDict, Field, StringConstraints
from starlette.datastructures import FormData, UploadFile

from libs.events.values import ApplicationId
from services.gateway.api.admin.stock import (
    ImportedSession,
    TelegramApplicationBody,
    store_application,
    store_session,
)
from services.gateway.api.admin.uploads import FILE_BYTES, Upload, content_of, invalid_fields, read_form
from services.gateway.api.callers import FOR_OPERATORS
from services.gateway.api.compat.shapes import TAG
from services.gateway.api.desk import Desk, DeskDep
from services.gateway.api.openapi import problems
from services.gateway.api.requests.idempotency import id_for
from services.gateway.api.requests.tags import tagged
from services.gateway.tables.stock import StockOverview, application_of, overview_of

router = APIRouter(prefix="/admin/stock", tags=[TAG], deprecated=True, dependencies=[FOR_OPERATORS])

_MOST_FIELDS = 10
"""More than are known: front ends may send others."""
_FILES = ("session_file", "session", "file")
"""The names under which the file may come."""
_FILE: dict[str, Any] = {
    "type": "string",
    "format": "binary",
    "description": f"A Telethon `.session` file, at most {FILE_BYTES} bytes; also as `session` or `file`.",
}
_UPLOAD: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["api_id", "api_hash", "session_file"],
                    "properties": {
                        "phone_number": {
                            "type": "string",
                            "maxLength": 40,
                            "description": "Not used: the session itself says its number.",
                        },
                        "api_id": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
                        "api_hash": {
                            "type": "string",
                            "format": "password",
                            "pattern": "^[0-9A-Fa-f]{32}$",
                        },
                        "session_file": _FILE,
                    },
                },
                "example": {
                    "phone_number": "+49151000017",
                    "api_id": 4711,
                    "api_hash": "0123456789abcdef0123456789abcdef",
                    "session_file": "<the content of stock.session>",
                },
            }
        },
    }
}


class _UploadFields(TelegramApplicationBody):
    model_config = ConfigDict(extra="ignore")

    phone_number: Annotated[str | None, StringConstraints(max_length=40), Field(repr=False)] = None


@router.get(
    "/overview", summary="Show how much is in stock", responses=problems(401), response_model=StockOverview
)
async def get_stock_overview(desk: DeskDep, request: Request) -> Response:
    """Return the number of sessions by state, and the Telegram applications."""
    return tagged(request, (await desk.view(overview_of)).encode())


@router.post(
    "/upload",
    summary="Add a session with its Telegram application",
    status_code=HTTPStatus.CREATED,
    responses=problems(400, 401, 404, 409, 413, 415)
    | {202: {"model": ImportedSession, "description": "It is stored; reads will include it soon."}},
    openapi_extra=_UPLOAD,
)
async def upload_session(request: Request, response: Response, desk: DeskDep) -> ImportedSession:
    """Add the Telegram application unless its `api_id` is known, then sign in with the session and store it.

    The hash of an application that is known is not looked at. An application stays if the session is refused.
    """
    return await store_session(await _upload(request, response, desk), request, response, desk)


async def _upload(request: Request, response: Response, desk: Desk) -> Upload:
    """Return the uploaded session, with its application, which is added unless it is known."""
    async with read_form(request, most_fields=_MOST_FIELDS) as form:
        fields, file = _read(form)
        content = await content_of(file)
    return Upload(content, await _application(fields, request, response, desk))


def _read(form: FormData) -> tuple[_UploadFields, UploadFile]:
    """Return the fields and the file of a form; raise `RequestValidationError` for others."""
    given = dict(form.items())
    files = [name for name in _FILES if isinstance(given.get(name), UploadFile)]
    if not files:
        problem = {"type": "missing", "loc": ("body", _FILES[0]), "msg": "Field required"}
        raise RequestValidationError([problem])
    file = given.pop(files[0])
    assert isinstance(file, UploadFile)  # noqa: S101 - as the list above says
    with invalid_fields():
        return _UploadFields.model_validate(given), file


async def _application(
    fields: _UploadFields, request: Request, response: Response, desk: Desk
) -> ApplicationId:
    """Return the Telegram application with this `api_id`; add it if there is none."""
    known = await desk.ask(lambda sql: application_of(sql, fields.api_id))
    if known is not None:
        return known
    application = ApplicationId(uuid5(id_for(request), "application"))
    body = TelegramApplicationBody(api_id=fields.api_id, api_hash=fields.api_hash)
    await store_application(application, body, request, response, desk)
    return application
