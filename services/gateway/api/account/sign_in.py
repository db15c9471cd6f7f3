"""Routes to sign in and out, and the caller's account."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response
from prometheus_client import Counter
from pydantic import Field, SecretStr

from libs.events.gateway import DeviceId, Role, Scope
from libs.eventsourcing.values import utc_now
from services.gateway.account.tables import KnownAccount, account_by_digest, account_by_id
from services.gateway.api.callers import ReaderDep, ReaderOrCookieDep, causes_of
from services.gateway.api.desk import Desk, DeskDep
from services.gateway.api.identity.cookies import CSRF_HEADER, Page, forget_cookies
from services.gateway.api.identity.principal import CredentialKind
from services.gateway.api.identity.tokens import TokenClaims
from services.gateway.api.openapi import problems
from services.gateway.api.requests.addresses import address_of
from services.gateway.api.requests.limits import HOUR_SECONDS, too_many
from services.gateway.api.requests.problems import Denied, forbidden, unauthorized
from services.gateway.api.requests.shapes import Body
from services.gateway.device.refresh import RefreshProblem, SignedInDevice
from services.gateway.tables.adbot_states import PlanStatus, plan_status_of
from services.gateway.tables.values import View

router = APIRouter(prefix="/auth", tags=["account"])

_SIGN_INS = Counter("adrelay_gateway_sign_ins_total", "Attempts to sign in, by outcome.", ["outcome"])
_ONE_TIME_CODE = Field(
    None,
    min_length=6,
    max_length=6,
    description="From the authenticator app, if the account has a second factor.",
    examples=["123456"],
)

CsrfToken = Annotated[
    str | None,
    Header(
        alias=CSRF_HEADER,
        max_length=200,
        description="Needed with the cookie: the `csrf_token`.",
        examples=["<secret>"],
    ),
]


class SignInBody(Body):
    """The access code, from a mail or from the operator."""

    access_code: Annotated[SecretStr, Field(min_length=1, max_length=64, examples=["USER-…"])]
    one_time_code: Annotated[str | None, _ONE_TIME_CODE]
    cookie: Annotated[
        bool, Field(description="For pages of this site: keep the refresh token in a cookie of the browser.")
    ] = False


class RefreshBody(Body):
    """The refresh token of the last answer; without one, that of the cookie counts."""

    refresh_token: Annotated[SecretStr | None, Field(min_length=1, max_length=200, examples=["adr_…"])] = None


class AccountView(View):
    """An account, as its owner sees it."""

    id: UUID
    email: str | None
    """Null if it is not known."""
    role: Role
    licence: str
    plan_status: PlanStatus
    registered_at: datetime
    second_factor: Annotated[bool, Field(description="Signing in takes a one-time code too.")]


class OwnAccount(AccountView):
    """The caller's account, and what the credential of this request is good for."""

    credential: CredentialKind
    scopes: list[Scope]


class SignedIn(View):
    """A token to send as `Authorization: Bearer <token>`, and one to get the next with."""

    token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the name of a scheme
    expires_in: Annotated[int, Field(description="Seconds.")]
    refresh_token: Annotated[
        str | None,
        Field(description="Send it once to `POST /auth/refresh`, and keep it secret; null: in a cookie."),
    ]
    csrf_token: Annotated[
        str | None, Field(description=f"With a cookie: send it as `{CSRF_HEADER}` with the cookie.")
    ]
    refresh_expires_at: datetime
    device: Annotated[UUID, Field(description="This sign-in among the devices.")]
    account: AccountView


@router.post("/sign-in", summary="Exchange an access code for tokens", responses=problems(401, 403, 413, 429))
async def sign_in(body: SignInBody, request: Request, response: Response, desk: DeskDep) -> SignedIn:
    """Return an access token and a refresh token. Case, spaces and dashes in the code make no difference.

    An account has at most twenty devices that are signed in: the oldest is signed out for another one. With
    `cookie`, which only pages of this site may ask for, no script ever sees the refresh token.
    """
    await desk.sign_ins.take(address_of(request))
    page = desk.cookies.page_of(request) if body.cookie else None
    digests = desk.codes.digests(body.access_code.get_secret_value())
    account = await desk.ask(lambda sql: account_by_digest(sql, digests))
    if account is None:
        _SIGN_INS.labels("wrong_access_code").inc()
        raise unauthorized("wrong_access_code", "this code opens no account")
    if account.suspended_for is not None:
        _SIGN_INS.labels("suspended").inc()
        raise forbidden("account_suspended", account.suspended_for)
    if account.second_factor:
        await _check_one_time_code(desk, account, body.one_time_code)
    await desk.sign_ins_a_day.take(str(account.account))
    device = await desk.devices.sign_in(
        account,
        agent=request.headers.get("user-agent", ""),
        address=address_of(request),
        causes=causes_of(request, f"account:{account.account}"),
    )
    _SIGN_INS.labels("signed_in").inc()
    return await _signed_in(desk, device, page, response)


async def _check_one_time_code(desk: Desk, account: KnownAccount, code: str | None) -> None:
    if code is None:
        raise unauthorized("one_time_code_needed", "send `one_time_code` from the authenticator app")
    await desk.one_time_codes.take(str(account.account))
    if desk.wrong_one_time_codes.exhausted(str(account.account)):
        raise too_many(int(HOUR_SECONDS))
    if not await desk.second_factors.check(account.account, code):
        desk.wrong_one_time_codes.take(str(account.account))
        _SIGN_INS.labels("wrong_one_time_code").inc()
        raise unauthorized("wrong_one_time_code", "this code is wrong, or was used before; wait for the next")


@router.post("/refresh", summary="Get the next tokens", responses=problems(401, 403, 413, 429))
async def refresh_tokens(
    request: Request,
    response: Response,
    desk: DeskDep,
    body: RefreshBody | None = None,
    csrf_token: CsrfToken = None,
) -> SignedIn:
    """Return the next access token and refresh token.

    A refresh token is used once; within ten seconds a repetition gets the same answer. If it is used later,
    somebody else may have it: then the device is signed out. Without a body, the refresh token is that of the
    cookie, and so is the next one.
    """
    await desk.refreshes.take(address_of(request))
    page, token = None, body.refresh_token if body is not None else None
    if token is None:
        carried = desk.cookies.carried(request, csrf_token)
        page, token = carried.page, carried.refresh_token
    found = await desk.devices.refresh(
        token.get_secret_value(),
        agent=request.headers.get("user-agent", ""),
        address=address_of(request),
        causes=causes_of(request, "anonymous"),
    )
    if found is RefreshProblem.REUSED:
        raise unauthorized(found.value, "this refresh token was used before; sign in again")
    if isinstance(found, RefreshProblem):
        raise unauthorized(found.value, "sign in again")
    return await _signed_in(desk, found, page, response)


@router.post(
    "/sign-out",
    summary="Sign this device out",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(401, 403),
    openapi_extra={"security": [{"bearer": ["read"]}, {"cookie": []}]},
)
async def sign_out(
    caller: ReaderOrCookieDep,
    request: Request,
    response: Response,
    desk: DeskDep,
    csrf_token: CsrfToken = None,
) -> None:
    """Sign the caller's device out: its tokens are refused from now on.

    Without a token, the device is that of the cookie; one that is signed out already stays so.
    """
    if caller is None:
        device = await _sign_out_by_cookie(request, desk, csrf_token)
    else:
        principal = caller.principal
        if principal.kind is not CredentialKind.TOKEN or principal.credential is None:
            detail = "this credential is not of a device; revoke an API key with `DELETE /api-keys/{key_id}`"
            raise Denied(HTTPStatus.CONFLICT, "no_device", detail)
        device = DeviceId(principal.credential)
        await desk.devices.sign_out(caller.account, device, causes_of(request))
    forget_cookies(request, response, device)


async def _sign_out_by_cookie(request: Request, desk: Desk, csrf_token: str | None) -> DeviceId:
    """Sign out the device of the cookie, and return it."""
    await desk.refreshes.take(address_of(request))
    carried = desk.cookies.carried(request, csrf_token)
    found = await desk.devices.owner_of(carried.refresh_token.get_secret_value())
    if found is not None:
        account, device = found
        await desk.devices.sign_out(account, device, causes_of(request, f"account:{account}"))
    return carried.device


@router.get("/me", summary="Show the caller's account", responses=problems(401, 403))
async def me(caller: ReaderDep, desk: DeskDep) -> OwnAccount:
    """Return the caller's account."""
    account = await desk.ask(lambda sql: account_by_id(sql, caller.account))
    if account is None:
        raise unauthorized("invalid_token", "this token's account does not exist")
    view = await _view(desk, account)
    scopes = [scope for scope in Scope if scope in caller.principal.scopes]
    return OwnAccount(**view.model_dump(), credential=caller.principal.kind, scopes=scopes)


async def _signed_in(desk: Desk, device: SignedInDevice, page: Page | None, response: Response) -> SignedIn:
    """Return the answer to a sign-in or refresh; for a page, the refresh token is in a cookie instead."""
    account, now = device.account, utc_now()
    view = await _view(desk, account)
    claims = TokenClaims(account.account, device.device, account.epoch, desk.tokens.expiry(now))
    token = desk.tokens.issue(claims, role=account.role, plan_status=view.plan_status, at=now)
    if page is not None:
        desk.cookies.keep(response, page, device)
    return SignedIn(
        token=token,
        expires_in=desk.tokens.seconds,
        refresh_token=device.refresh_token if page is None else None,
        csrf_token=None if page is None else desk.cookies.csrf_token(device.device),
        refresh_expires_at=device.expires_at,
        device=device.device,
        account=view,
    )


async def _view(desk: Desk, account: KnownAccount) -> AccountView:
    return AccountView(
        id=account.account,
        email=account.email,
        role=account.role,
        licence=account.licence,
        plan_status=await desk.ask(lambda sql: plan_status_of(sql, account.account)),
        registered_at=account.registered_at,
        second_factor=account.second_factor,
    )
