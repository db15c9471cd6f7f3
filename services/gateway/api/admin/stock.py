"""The operator's routes of the stock."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator, Field, SecretStr

from libs.events.commands.provisioning import RetireSession
from libs.events.values import ApplicationId, SessionId
from libs.eventsourcing import Sql
from services.gateway.api.admin.sealing import sealed_application, sealed_session
from services.gateway.api.admin.uploads import UPLOAD_DESCRIPTION, Upload, read_upload
from services.gateway.api.callers import FOR_OPERATORS, causes_of, describe_act
from services.gateway.api.desk import Desk, DeskDep
from services.gateway.api.listings import rendered_page
from services.gateway.api.openapi import problems
from services.gateway.api.requests.cursors import continued
from services.gateway.api.requests.idempotency import id_for
from services.gateway.api.requests.problems import Denied
from services.gateway.api.requests.queries import LONGEST_PAGE, ByAge, PageQuery, Text
from services.gateway.api.requests.shapes import Body, ReasonBody
from services.gateway.api.requests.tags import tagged
from services.gateway.tables.stock import (
    SESSIONS,
    SessionState,
    Stock,
    StockedSession,
    overview_of,
    stocked_session,
)
from services.gateway.tables.values import View

router = APIRouter(prefix="/admin", tags=["admin"], dependencies=[FOR_OPERATORS])


def _hexadecimal(secret: SecretStr) -> SecretStr:
    if set(secret.get_secret_value().lower()) - set("0123456789abcdef"):
        message = "is not 32 hexadecimal digits"
        raise ValueError(message)
    return secret


class TelegramApplicationBody(Body):
    """The credentials of a Telegram application."""

    api_id: Annotated[int, Field(ge=1, le=2**31 - 1)]
    api_hash: Annotated[
        SecretStr,
        Field(
            min_length=32,
            max_length=32,
            json_schema_extra={"pattern": "^[0-9A-Fa-f]{32}$"},
            examples=["0123456789abcdef0123456789abcdef"],
        ),
        AfterValidator(_hexadecimal),
    ]
    """Shown with the `api_id` on Telegram's page for developers."""


class ImportedApplication(View):
    """A Telegram application that is stored in the vault."""

    pair: UUID
    api_id: int


class ImportedSession(View):
    """A session that is stored in the vault."""

    session: UUID
    stock: Annotated[StockedSession | None, Field(description="Null until the read model includes it.")]


@router.post(
    "/telegram-applications",
    summary="Add a Telegram application",
    status_code=HTTPStatus.CREATED,
    responses=problems(401, 409, 413)
    | {202: {"model": ImportedApplication, "description": "It is added; reads will show it soon."}},
)
# the path's first name: clients of earlier versions use it, so it stays, outside of the schema
@router.post("/api-pairs", status_code=HTTPStatus.CREATED, include_in_schema=False)
async def add_telegram_application(
    body: TelegramApplicationBody, request: Request, response: Response, desk: DeskDep
) -> ImportedApplication:
    """Store a Telegram application in the vault. Its hash is never shown again."""
    return await store_application(ApplicationId(id_for(request)), body, request, response, desk)


async def store_application(
    pair: ApplicationId, body: TelegramApplicationBody, request: Request, response: Response, desk: Desk
) -> ImportedApplication:
    """Let the forwarder store a Telegram application under this id; its hash is sealed to the vault."""
    command = sealed_application(pair, body.api_id, body.api_hash, desk.vault_key)
    accepted = await desk.commands.send(command, causes_of(request))
    if not await desk.settled(accepted.written):
        response.status_code = HTTPStatus.ACCEPTED
    return ImportedApplication(pair=pair, api_id=body.api_id)


@router.post(
    "/sessions",
    summary="Add a session",
    status_code=HTTPStatus.CREATED,
    responses=problems(400, 401, 404, 409, 413, 415)
    | {202: {"model": ImportedSession, "description": "It is stored; reads will include it soon."}},
    openapi_extra={"requestBody": UPLOAD_DESCRIPTION},
)
async def add_session(request: Request, response: Response, desk: DeskDep) -> ImportedSession:
    """Sign in with a session once, and store it in the vault. Its secret is never shown again."""
    return await store_session(await read_upload(request), request, response, desk)


async def store_session(upload: Upload, request: Request, response: Response, desk: Desk) -> ImportedSession:
    """Let the forwarder check and store an uploaded session, which is sealed to the vault."""
    session = SessionId(id_for(request))
    command = sealed_session(session, upload.content, upload.pair, desk.vault_key)
    del upload  # nothing here needs it in clear any more
    accepted = await desk.commands.send(command, causes_of(request))
    if not await desk.settled(accepted.written):
        response.status_code = HTTPStatus.ACCEPTED
    return ImportedSession(session=session, stock=await desk.ask(lambda sql: stocked_session(sql, session)))


@router.post(
    "/sessions/{session_id}/retire",
    summary="Retire a session",
    responses=problems(401, 404, 413)
    | {202: {"model": StockedSession, "description": "It is retired; reads will include it soon."}},
)
async def retire_session(
    session_id: UUID, body: ReasonBody, request: Request, response: Response, desk: DeskDep
) -> StockedSession:
    """Retire a session for ever. If it is on an adbot, its seat gets another one, or waits for stock.

    A running cycle in which the session takes part ends. Another session of the same Telegram account may be
    added afterwards.
    """
    command = RetireSession(session=SessionId(session_id), reason=body.reason)
    await describe_act(request, desk, f"session {session_id}", body.reason)
    accepted = await desk.commands.send(command, causes_of(request))
    if not await desk.settled(accepted.written):
        response.status_code = HTTPStatus.ACCEPTED
    found = await desk.ask(lambda sql: stocked_session(sql, command.session))
    if found is None:
        raise Denied(HTTPStatus.NOT_FOUND, "unknown_session", "there is no such session in stock")
    return found


class StockQuery(PageQuery, frozen=True):
    """The page of sessions in stock that is asked for."""

    limit: Annotated[int, Field(ge=1, le=LONGEST_PAGE, description="The maximum of sessions.")] = 500
    sort: ByAge = "created_at"
    state: Annotated[SessionState | None, Field(description="Only sessions in this state.")] = None
    adbot: Annotated[UUID | None, Field(description="Only sessions on this adbot.")] = None
    application: Annotated[
        UUID | None, Field(description="Only sessions of this Telegram application, by its `pair`.")
    ] = None
    text: Text = None


@router.get("/stock", summary="Show the stock", responses=problems(401), response_model=Stock)
async def get_stock(desk: DeskDep, request: Request, asked: Annotated[StockQuery, Query()]) -> Response:
    """Return sessions, the oldest first, with their number by state, and the Telegram applications."""
    wanted = continued(SESSIONS, asked.of(), asked.cursor)

    async def body(sql: Sql) -> bytes:
        page = await rendered_page(sql, SESSIONS, wanted)
        return b"".join(((await overview_of(sql)).encode()[:-1], b",", page.json("sessions")[1:]))

    return tagged(request, await desk.view(body))
