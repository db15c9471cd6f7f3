"""The outgoing webhooks of an account."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from libs.events.gateway import HookId
from services.gateway.api.account.webhook_shapes import (
    NewWebhook,
    WebhookBody,
    WebhookDeliveriesQuery,
    WebhookDelivery,
    WebhookEvent,
    WebhookSecret,
    WebhookTest,
    WebhookView,
    tried_view_of,
    view_of,
)
from services.gateway.api.callers import ReaderDep, WriterDep, causes_of
from services.gateway.api.desk import DeskDep
from services.gateway.api.identity.principal import Caller, CredentialKind
from services.gateway.api.listings import answer_page
from services.gateway.api.openapi import problems
from services.gateway.api.requests.idempotency import id_for
from services.gateway.api.requests.problems import forbidden
from services.gateway.api.requests.shapes import Listing, Page
from services.gateway.hooks.deliveries import DELIVERIES
from services.gateway.hooks.event_names import EVENT_NAMES

router = APIRouter(tags=["webhooks"])

_ONE = "/webhooks/{webhook_id:uuid}"
"""Matches ids alone: `/webhooks/nowpayments` is the payment provider's."""


def _check_device(caller: Caller) -> None:
    """Raise `Denied` for API keys: what one who stole a key sets up must not outlive the key."""
    if caller.principal.kind is CredentialKind.API_KEY:
        raise forbidden("device_needed", "sign in to add or change webhooks; an API key can't")


@router.get("/webhook-events", summary="List events for webhooks", responses=problems(401, 403))
async def list_webhook_events(caller: ReaderDep) -> Listing[WebhookEvent]:
    """Return the events that a webhook may be told of."""
    del caller
    return Listing(items=[WebhookEvent(name=name, description=text) for name, text in EVENT_NAMES.items()])


@router.get("/webhooks", summary="List your webhooks", responses=problems(401, 403))
async def list_webhooks(caller: ReaderDep, desk: DeskDep) -> Listing[WebhookView]:
    """Return the caller's webhooks, the latest first."""
    return Listing(items=[view_of(one) for one in await desk.hooks.all_of(caller.account)])


@router.post(
    "/webhooks",
    summary="Add a webhook",
    status_code=HTTPStatus.CREATED,
    responses=problems(401, 403, 409, 413, 429),
)
async def add_webhook(body: WebhookBody, caller: WriterDep, request: Request, desk: DeskDep) -> NewWebhook:
    """Add a webhook and return its secret, which can't be shown again. An account has at most ten.

    If it was added and no answer was stored, a repetition gives the same webhook another secret.
    """
    _check_device(caller)
    hook = HookId(id_for(request))
    new = await desk.hooks.add(caller.account, hook, body.settings, causes_of(request))
    return NewWebhook(**view_of(new.hook).model_dump(), secret=new.secret)


@router.get(_ONE, summary="Show a webhook", responses=problems(401, 403, 404))
async def get_webhook(webhook_id: UUID, caller: ReaderDep, desk: DeskDep) -> WebhookView:
    """Return a webhook."""
    return view_of(await desk.hooks.one_of(caller.account, webhook_id))


@router.put(_ONE, summary="Change a webhook", responses=problems(401, 403, 404, 409, 413, 429))
async def change_webhook(
    webhook_id: UUID, body: WebhookBody, caller: WriterDep, request: Request, desk: DeskDep
) -> WebhookView:
    """Replace the settings of a webhook. Messages that wait are sent to the new URL."""
    _check_device(caller)
    await desk.hooks.change(caller.account, HookId(webhook_id), body.settings, causes_of(request))
    return view_of(await desk.hooks.one_of(caller.account, webhook_id))


@router.delete(
    _ONE,
    summary="Delete a webhook",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(401, 403, 404, 429),
)
async def delete_webhook(webhook_id: UUID, caller: WriterDep, request: Request, desk: DeskDep) -> None:
    """Delete a webhook with its secret and its log."""
    await desk.hooks.delete(caller.account, HookId(webhook_id), causes_of(request))


@router.post(
    "/webhooks/{webhook_id}/secret", summary="Rotate the secret", responses=problems(401, 403, 404, 429)
)
async def rotate_webhook_secret(
    webhook_id: UUID, caller: WriterDep, request: Request, desk: DeskDep
) -> WebhookSecret:
    """Return another secret. For a day messages have two signatures: with it, and with the one before."""
    _check_device(caller)
    hook, rotation = HookId(webhook_id), id_for(request)
    secret = await desk.hooks.rotate(caller.account, hook, rotation, causes_of(request))
    return WebhookSecret(secret=secret)


@router.post(
    "/webhooks/{webhook_id}/on", summary="Switch a webhook on", responses=problems(401, 403, 404, 429)
)
async def switch_webhook_on(
    webhook_id: UUID, caller: WriterDep, request: Request, desk: DeskDep
) -> WebhookView:
    """Send messages again, of events from now on."""
    _check_device(caller)
    await desk.hooks.switch_on(caller.account, HookId(webhook_id), causes_of(request))
    return view_of(await desk.hooks.one_of(caller.account, webhook_id))


@router.post(
    "/webhooks/{webhook_id}/off", summary="Switch a webhook off", responses=problems(401, 403, 404, 429)
)
async def switch_webhook_off(
    webhook_id: UUID, caller: WriterDep, request: Request, desk: DeskDep
) -> WebhookView:
    """Send no more messages; those that wait are given up."""
    await desk.hooks.switch_off(caller.account, HookId(webhook_id), causes_of(request))
    return view_of(await desk.hooks.one_of(caller.account, webhook_id))


@router.post("/webhooks/{webhook_id}/test", summary="Test a webhook", responses=problems(401, 403, 404, 429))
async def test_webhook(webhook_id: UUID, caller: WriterDep, desk: DeskDep) -> WebhookTest:
    """Send a message of the type `test` at once, and return what came back within ten seconds."""
    await desk.webhook_tests.take(str(caller.account))
    tried = await desk.hooks.test(caller.account, HookId(webhook_id))
    return tried_view_of(tried)


@router.get(
    "/webhooks/{webhook_id}/deliveries",
    summary="List the messages of a webhook",
    responses=problems(401, 403, 404),
    response_model=Page[WebhookDelivery],
)
async def list_webhook_deliveries(
    webhook_id: UUID,
    caller: ReaderDep,
    desk: DeskDep,
    request: Request,
    asked: Annotated[WebhookDeliveriesQuery, Query()],
) -> Response:
    """Return messages that wait, and those that ended in the last seven days, the latest first."""
    hook = (await desk.hooks.one_of(caller.account, webhook_id)).hook
    return await answer_page(request, desk, DELIVERIES, asked, hook)


@router.post(
    "/webhooks/{webhook_id}/deliveries/{message_id}/retry",
    summary="Send a message again",
    status_code=HTTPStatus.ACCEPTED,
    responses=problems(401, 403, 404, 409, 429),
)
async def retry_webhook_delivery(
    webhook_id: UUID, message_id: UUID, caller: WriterDep, desk: DeskDep
) -> None:
    """Send a message that was not taken at once, with the same id, and retry it for another day."""
    await desk.hooks.send_again(caller.account, HookId(webhook_id), message_id)
