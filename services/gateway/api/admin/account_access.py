"""The operator's routes of what opens an account, and what it is told by: devices, API keys, webhooks."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, StringConstraints

from libs.events.gateway import ApiKeyId, DeviceId, HookId
from services.gateway.api.account.api_keys import ApiKeyView, shown_keys
from services.gateway.api.account.devices import DeviceView, device_view
from services.gateway.api.account.webhook_shapes import (
    WebhookDeliveriesQuery,
    WebhookDelivery,
    WebhookView,
    view_of,
)
from services.gateway.api.admin.private_ids import AccountDep
from services.gateway.api.callers import FOR_OPERATORS, causes_of, describe_act
from services.gateway.api.desk import DeskDep
from services.gateway.api.listings import answer_page
from services.gateway.api.openapi import problems
from services.gateway.api.requests.shapes import Body, Listing, Page, WithoutNul
from services.gateway.device.refresh import devices_of
from services.gateway.hooks.deliveries import DELIVERIES


class WebhookOffBody(Body):
    """Why a webhook is switched off."""

    reason: Annotated[
        str,
        StringConstraints(min_length=1, max_length=300, strip_whitespace=True),
        WithoutNul,
        Field(description="Its owner is told it.", examples=["it sends to a stranger"]),
    ]


router = APIRouter(prefix="/admin/accounts/{account}", tags=["admin"], dependencies=[FOR_OPERATORS])


@router.get("/devices", summary="List an account's devices", responses=problems(401, 403, 404))
async def list_devices_of_account(account: AccountDep, desk: DeskDep) -> Listing[DeviceView]:
    """Return the devices that are signed in to an account, the last seen first; at most twenty."""
    found = await desk.ask(lambda sql: devices_of(sql, account))
    return Listing(items=[device_view(one, None) for one in found])


@router.delete(
    "/devices/{device_id}",
    summary="Sign a device of an account out",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(401, 403, 404),
)
async def sign_device_of_account_out(
    device_id: UUID, account: AccountDep, request: Request, desk: DeskDep
) -> None:
    """Sign one device of an account out: its tokens are refused from now on."""
    await desk.devices.sign_out(account, DeviceId(device_id), causes_of(request))


@router.get("/api-keys", summary="List an account's API keys", responses=problems(401, 403, 404))
async def list_api_keys_of_account(account: AccountDep, desk: DeskDep) -> Listing[ApiKeyView]:
    """Return the API keys of an account, the latest first, without those that were revoked."""
    return await shown_keys(desk, account)


@router.delete(
    "/api-keys/{key_id}",
    summary="Revoke an API key of an account",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(401, 403, 404),
)
async def revoke_api_key_of_account(
    key_id: UUID, account: AccountDep, request: Request, desk: DeskDep
) -> None:
    """Revoke an API key of an account: it is refused from now on."""
    await desk.accounts.revoke_key(account, ApiKeyId(key_id), causes_of(request))


@router.get("/webhooks", summary="List an account's webhooks", responses=problems(401, 403, 404))
async def list_webhooks_of_account(account: AccountDep, desk: DeskDep) -> Listing[WebhookView]:
    """Return the webhooks of an account without their secrets, the latest first."""
    return Listing(items=[view_of(one) for one in await desk.hooks.all_of(account)])


@router.post(
    "/webhooks/{webhook_id}/off",
    summary="Switch a webhook of an account off",
    responses=problems(401, 403, 404, 413),
)
async def switch_webhook_of_account_off(
    webhook_id: UUID, body: WebhookOffBody, account: AccountDep, request: Request, desk: DeskDep
) -> WebhookView:
    """Send no more messages to a webhook; those that wait are given up. Its owner is told."""
    hook = HookId(webhook_id)
    await describe_act(request, desk, f"webhook {webhook_id}", body.reason)
    await desk.hooks.switch_off_for(account, hook, body.reason, causes_of(request))
    return view_of(await desk.hooks.one_of(account, hook))


@router.get(
    "/webhooks/{webhook_id}/deliveries",
    summary="List the messages of an account's webhook",
    responses=problems(401, 403, 404),
    response_model=Page[WebhookDelivery],
)
async def list_webhook_deliveries_of_account(
    webhook_id: UUID,
    account: AccountDep,
    desk: DeskDep,
    request: Request,
    asked: Annotated[WebhookDeliveriesQuery, Query()],
) -> Response:
    """Return messages that wait, and those that ended in the last seven days, the latest first."""
    hook = (await desk.hooks.one_of(account, webhook_id)).hook
    return await answer_page(request, desk, DELIVERIES, asked, hook)
