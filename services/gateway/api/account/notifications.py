"""The notifications of an account."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from libs.events.gateway import NotificationKind
from services.gateway.api.callers import ReaderDep
from services.gateway.api.desk import DeskDep
from services.gateway.api.openapi import problems
from services.gateway.api.requests.shapes import Limit, Listing
from services.gateway.inbox.domain import MailState
from services.gateway.inbox.tables import notifications_of
from services.gateway.tables.values import Money

router = APIRouter(tags=["account"])


class NotificationView(BaseModel):
    """A notification of an account's owner, in the app and perhaps by mail."""

    id: UUID
    kind: NotificationKind
    order_number: Annotated[str | None, Field(description="Null if it is about a webhook.")]
    paid: Annotated[
        Money | None, Field(description="In units of `pay_currency`: the amount received by then.")
    ]
    missing: Annotated[Money | None, Field(description="In units of `pay_currency`.")]
    pay_currency: str | None
    detail: Annotated[str, Field(description="What happened and what to do, if the kind does not say all.")]
    mail: Annotated[
        MailState,
        Field(description="The state of the mail; `none`: the notification is shown in the app only."),
    ]
    raised_at: datetime
    webhook: Annotated[UUID | None, Field(description="The webhook that it is about.")]
    group: Annotated[str | None, Field(description="The group that it is about, as in the advertisement.")]
    group_id: Annotated[str | None, Field(description="The id now of a group that moved.")]
    group_name: Annotated[str | None, Field(description="Its public name now; none if it has none.")]
    second_of: Annotated[
        str | None,
        Field(description="Another paid order of the same plan; both were open at the same time."),
    ]


@router.get("/notifications", summary="List your notifications", responses=problems(401))
async def list_notifications(
    caller: ReaderDep, desk: DeskDep, limit: Limit = 100
) -> Listing[NotificationView]:
    """Return the caller's notifications, the latest first."""
    found = await desk.ask(lambda sql: notifications_of(sql, caller.account, limit))
    return Listing(
        items=[
            NotificationView(
                id=one.notification,
                kind=one.kind,
                order_number=one.order,
                paid=one.paid,
                missing=one.missing,
                pay_currency=one.coin,
                detail=one.detail,
                mail=one.mail,
                raised_at=one.raised_at,
                webhook=one.hook,
                group=one.group,
                group_id=one.chat,
                group_name=one.name,
                second_of=one.second_of,
            )
            for one in found
        ]
    )
