"""The operator's routes of accounts."""

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
    """The e-mail address of the account."""

    email: Annotated[EmailAddress, Lower, Printable, Field(examples=["client@example.com"])]


class AccessCodeView(BaseModel):
    """A new access code."""

    access_code: Annotated[str, Field(description="Shown only once.")]


@router.post("/access-code", summary="Issue an access code", responses=problems(401, 404, 413))
async def reset_access_code(body: AccountBody, request: Request, desk: DeskDep) -> AccessCodeView:
    """Issue an access code for an account; an earlier code stops working.

    Give the code to the mailbox's owner only: an order may name an e-mail address of somebody else.
    """
    reset = await desk.accounts.reset_code(body.email, causes_of(request, ADMIN))
    await desk.settled(reset.written)
    return AccessCodeView(access_code=reset.access_code)
