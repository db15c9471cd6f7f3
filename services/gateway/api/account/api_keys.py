"""The API keys of an account."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import AwareDatetime, Field

from libs.events.gateway import ApiKeyId, KeyName, Scope
from libs.eventsourcing.values import utc_now
from services.gateway.account.tables import KnownKey, keys_of
from services.gateway.api.callers import ReaderDep, WriterDep, causes_of
from services.gateway.api.desk import DeskDep
from services.gateway.api.identity.key_uses import uses_of
from services.gateway.api.identity.principal import CredentialKind
from services.gateway.api.openapi import problems
from services.gateway.api.requests.idempotency import id_for
from services.gateway.api.requests.problems import forbidden
from services.gateway.api.requests.shapes import Body, Listing, Printable, WithoutNul
from services.gateway.tables.values import View

router = APIRouter(prefix="/api-keys", tags=["account"])


class ApiKeyBody(Body):
    """An API key to make."""

    name: Annotated[KeyName, WithoutNul, Printable, Field(examples=["reporting"])]
    scopes: Annotated[
        list[Scope],
        Field(min_length=1, max_length=4, description="Each includes `read`.", examples=[["read"]]),
    ]
    expires_at: Annotated[AwareDatetime | None, Field(description="Null: never.")] = None


class ApiKeyView(View):
    """An API key, without its text."""

    id: UUID
    name: str
    scopes: list[Scope]
    issued_at: datetime
    expires_at: datetime | None
    expired: bool
    uses: Annotated[int, Field(description="Some seconds old.")]
    last_used_at: datetime | None
    last_address: Annotated[str | None, Field(description="The network address that used it last.")]


class NewApiKey(ApiKeyView):
    """A new API key."""

    api_key: Annotated[str, Field(description="Send it as a bearer token; shown only once.")]


@router.get("", summary="List your API keys", responses=problems(401, 403))
async def list_api_keys(caller: ReaderDep, desk: DeskDep) -> Listing[ApiKeyView]:
    """Return the caller's API keys, the latest first, without those that were revoked."""
    keys = await desk.ask(lambda sql: keys_of(sql, caller.account))
    uses = await desk.ask(lambda sql: uses_of(sql, [one.key for one in keys]))
    return Listing(items=[_view(one, *uses.get(one.key, (0, None, None))) for one in keys])


@router.post(
    "", summary="Make an API key", status_code=HTTPStatus.CREATED, responses=problems(401, 403, 409, 413, 429)
)
async def make_api_key(body: ApiKeyBody, caller: WriterDep, request: Request, desk: DeskDep) -> NewApiKey:
    """Make an API key, good for some of what the account may do. It can't be shown again.

    If it was made and no answer was stored, a repetition gives the same key another text.
    """
    if caller.principal.kind is not CredentialKind.TOKEN:
        raise forbidden("device_needed", "sign in with the access code to make API keys")
    presented, text = desk.api_keys.make(ApiKeyId(id_for(request)))
    scopes = tuple(scope for scope in Scope if scope in body.scopes)
    await desk.accounts.issue_key(
        caller.account,
        presented.key,
        name=body.name,
        scopes=scopes,
        digest=presented.digest,
        expires_at=body.expires_at,
        causes=causes_of(request),
    )
    made = KnownKey(presented.key, body.name, scopes, utc_now(), body.expires_at)
    return NewApiKey(**_view(made, 0, None, None).model_dump(), api_key=text)


@router.delete(
    "/{key_id}",
    summary="Revoke an API key",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(401, 403, 404, 429),
)
async def revoke_api_key(key_id: UUID, caller: WriterDep, request: Request, desk: DeskDep) -> None:
    """Revoke an API key: it is refused from now on."""
    await desk.accounts.revoke_key(caller.account, ApiKeyId(key_id), causes_of(request))


def _view(key: KnownKey, uses: int, last_used_at: datetime | None, last_address: str | None) -> ApiKeyView:
    return ApiKeyView(
        id=key.key,
        name=key.name,
        scopes=list(key.scopes),
        issued_at=key.issued_at,
        expires_at=key.expires_at,
        expired=key.expires_at is not None and key.expires_at <= utc_now(),
        uses=uses,
        last_used_at=last_used_at,
        last_address=last_address,
    )
