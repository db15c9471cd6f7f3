"""Routes to sign in."""

from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field, SecretStr

from libs.events.gateway import Role
from services.gateway.api.account import sign_in as v1
from services.gateway.api.compat.shapes import TAG, TheirBody
from services.gateway.api.desk import DeskDep
from services.gateway.api.openapi import problems
from services.gateway.tables.adbot_states import PlanStatus
from services.gateway.tables.values import View

router = APIRouter(prefix="/auth", tags=[TAG], deprecated=True)


class AccessCodeBody(TheirBody):
    """The access code, from a mail or from the operator."""

    access_code: Annotated[
        SecretStr, Field(alias="accessCode", min_length=1, max_length=64, examples=["USER-…"])
    ]
    one_time_code: Annotated[
        str | None,
        Field(
            min_length=6,
            max_length=6,
            description="From the authenticator app, if the account has a second factor.",
            examples=["123456"],
        ),
    ] = None


class RefreshTokenBody(TheirBody):
    """The refresh token of the last answer."""

    refresh_token: Annotated[SecretStr, Field(min_length=1, max_length=200, examples=["adr_…"])]


class User(View):
    """The account."""

    id: UUID
    email: str | None
    role: Role
    plan_status: PlanStatus
    licence: Annotated[str, Field(description="The licence key, to name the account to the operator.")]


class SignedInUser(View):
    """A token to send as `Authorization: Bearer <token>`, and one to get the next with."""

    token: str
    expires_in: Annotated[int, Field(description="Seconds.")]
    refresh_token: Annotated[
        str, Field(description="Send it once to `POST /auth/refresh`, and keep it secret.")
    ]
    user: User


@router.post(
    "/verify-access-code", summary="Exchange an access code for a token", responses=problems(401, 403, 429)
)
async def verify_access_code(
    body: AccessCodeBody, request: Request, response: Response, desk: DeskDep
) -> SignedInUser:
    """Return a token; wrong codes count as at `POST /api/v1/auth/sign-in`."""
    wanted = v1.SignInBody(access_code=body.access_code, one_time_code=body.one_time_code)
    return _signed_in(await v1.sign_in(wanted, request, response, desk))


@router.post("/refresh", summary="Get the next token", responses=problems(401, 429))
async def refresh_token_of_user(
    body: RefreshTokenBody, request: Request, response: Response, desk: DeskDep
) -> SignedInUser:
    """Return the next tokens. It takes the refresh token, which is used once; a token is not enough."""
    wanted = v1.RefreshBody(refresh_token=body.refresh_token)
    return _signed_in(await v1.refresh_tokens(request, response, desk, wanted))


router.add_api_route(
    "/me",
    v1.me,
    name="get_user",
    summary="Show the caller's account, as version 1 does",
    responses=problems(401, 403),
)


def _signed_in(found: v1.SignedIn) -> SignedInUser:
    account = found.account
    user = User(
        id=account.id,
        email=account.email,
        role=account.role,
        plan_status=account.plan_status,
        licence=account.licence,
    )
    return SignedInUser(
        token=found.token,
        expires_in=found.expires_in,
        refresh_token=cast("str", found.refresh_token),  # null only for pages that asked for a cookie
        user=user,
    )
