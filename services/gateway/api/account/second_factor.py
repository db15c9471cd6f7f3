"""Routes to set up a second factor."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field, StringConstraints

from services.gateway.account.tables import account_by_id
from services.gateway.api.callers import WriterDep, causes_of
from services.gateway.api.desk import DeskDep
from services.gateway.api.identity.principal import Caller, CredentialKind
from services.gateway.api.openapi import problems
from services.gateway.api.requests.problems import Denied, forbidden, unauthorized
from services.gateway.api.requests.shapes import Body
from services.gateway.tables.values import View

router = APIRouter(prefix="/auth/second-factor", tags=["account"])


class Offered(View):
    """A secret for an authenticator app."""

    secret: Annotated[str, Field(description="Base32; shown only once.")]
    uri: Annotated[str, Field(description="The same as an `otpauth` address, for a QR picture.")]


class OneTimeCode(Body):
    """A code from the authenticator app."""

    one_time_code: Annotated[str, StringConstraints(min_length=6, max_length=6), Field(examples=["123456"])]


@router.post("", summary="Set up a second factor", responses=problems(401, 403, 409, 429))
async def offer_second_factor(caller: WriterDep, desk: DeskDep) -> Offered:
    """Return a secret for an authenticator app. It counts from `POST /auth/second-factor/confirm` on."""
    _check_device(caller)
    account = await desk.ask(lambda sql: account_by_id(sql, caller.account))
    if account is None:
        raise unauthorized("invalid_token", "this token's account does not exist")
    offered = await desk.second_factors.offer(caller.account, account.email or str(caller.account))
    if offered is None:
        detail = "the account has a second factor; an operator can remove it"
        raise Denied(HTTPStatus.CONFLICT, "second_factor_exists", detail)
    secret, uri = offered
    return Offered(secret=secret, uri=uri)


@router.post(
    "/confirm",
    summary="Confirm the second factor",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(401, 403, 413, 422, 429),
)
async def confirm_second_factor(
    body: OneTimeCode, caller: WriterDep, request: Request, desk: DeskDep
) -> None:
    """Enable the second factor by a code of it. All devices are signed out; sign in with both."""
    _check_device(caller)
    await desk.one_time_codes.take(str(caller.account))
    if not await desk.second_factors.confirm(caller.account, body.one_time_code, causes_of(request)):
        detail = "this is no code of the secret that was shown last; wait for the next one"
        raise Denied(HTTPStatus.UNPROCESSABLE_ENTITY, "unconfirmed_second_factor", detail)


def _check_device(caller: Caller) -> None:
    """Raise `Denied` unless somebody who has signed in with the access code calls."""
    if caller.principal.kind is not CredentialKind.TOKEN:
        raise forbidden("device_needed", "sign in with the access code to change how to sign in")
