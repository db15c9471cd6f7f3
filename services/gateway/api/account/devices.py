"""The devices that are signed in to the caller's account."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field

from libs.events.gateway import DeviceId
from services.gateway.api.callers import ReaderDep, WriterDep, causes_of
from services.gateway.api.desk import DeskDep
from services.gateway.api.identity.cookies import forget_cookies
from services.gateway.api.openapi import problems
from services.gateway.api.requests.shapes import Listing
from services.gateway.device.refresh import DeviceLine, devices_of
from services.gateway.tables.values import View

router = APIRouter(prefix="/auth/devices", tags=["account"])


class DeviceView(View):
    """A device that is signed in."""

    id: UUID
    signed_in_at: datetime
    last_seen_at: Annotated[datetime, Field(description="When it got its present token.")]
    expires_at: Annotated[datetime, Field(description="When it is signed out if it is not used before.")]
    agent: Annotated[str, Field(description="What its program says of itself.")]
    address: Annotated[str, Field(description="The network address that it was seen at last.")]
    current: Annotated[bool, Field(description="The request comes from this device.")]


@router.get("", summary="List the devices that are signed in", responses=problems(401, 403))
async def list_devices(caller: ReaderDep, desk: DeskDep) -> Listing[DeviceView]:
    """Return the devices that are signed in to the caller's account, the last seen first; at most twenty."""
    found = await desk.ask(lambda sql: devices_of(sql, caller.account))
    return Listing(items=[device_view(one, caller.principal.credential) for one in found])


@router.delete(
    "/{device_id}",
    summary="Sign a device out",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(401, 403, 404, 429),
)
async def sign_device_out(
    device_id: UUID, caller: WriterDep, request: Request, response: Response, desk: DeskDep
) -> None:
    """Sign a device of the caller's account out: its tokens are refused from now on."""
    await desk.devices.sign_out(caller.account, DeviceId(device_id), causes_of(request))
    forget_cookies(request, response, DeviceId(device_id))


@router.delete(
    "",
    summary="Sign out everywhere",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(401, 403, 429),
)
async def sign_out_everywhere(caller: WriterDep, request: Request, response: Response, desk: DeskDep) -> None:
    """Sign all devices out, this one too. API keys stay valid; revoke those one by one."""
    await desk.accounts.sign_out_everywhere(caller.account, causes_of(request))
    forget_cookies(request, response, caller.principal.credential)


def device_view(line: DeviceLine, current: UUID | None) -> DeviceView:
    """Return a device as its owner and the operator see it."""
    return DeviceView(
        id=line.device,
        signed_in_at=line.signed_in_at,
        last_seen_at=line.last_seen_at,
        expires_at=line.expires_at,
        agent=line.agent,
        address=line.address,
        current=line.device == current,
    )
