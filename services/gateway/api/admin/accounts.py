"""The operator's side of accounts."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from libs.events.values import EmailAddress
from services.gateway.api.callers import ADMIN, causes_of, check_admin
from services.gateway.api.desk import DeskDep
from services.gateway.api.openapi import problems
from services.gateway.api.requests.shapes import Body, Lower, Printable

router = APIRouter(prefix="/admin/accounts", tags=["admin"], dependencies=[Depends(check_admin)])


class AccountBody(Body):
    """Whose account."""

    email: Annotated[EmailAddress, Lower, Printable, Field(examples=["client@example.com"])]


class AccessCodeView(BaseModel):
    """What opens the account from now on."""

    access_code: Annotated[str, Field(description="Shown this once.")]


@router.post("/access-code", summary="Issue an access code", responses=problems(401, 404, 413))
async def reset_access_code(body: AccountBody, request: Request, desk: DeskDep) -> AccessCodeView:
    """Issue an access code for an account, its first or another; an old one opens nothing any more.

    Tell it nobody but the owner of the mailbox: whoever ordered may have named somebody else's.
    """
    reset = await desk.accounts.reset_code(body.email, causes_of(request, ADMIN))
    await desk.settled(reset.written)
    return AccessCodeView(access_code=reset.access_code)
