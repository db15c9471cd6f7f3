"""The notifications of an account, and which of them its owner has read."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import Field, model_validator

from libs.events.gateway import NotificationKind
from libs.events.values import NotificationId
from libs.eventsourcing import Sql, UnitOfWork
from services.gateway.api.callers import MarkerDep, ReaderDep, causes_of
from services.gateway.api.desk import DeskDep
from services.gateway.api.openapi import problems
from services.gateway.api.requests.cursors import continued, cursor_at
from services.gateway.api.requests.queries import ByAge, PageQuery
from services.gateway.api.requests.shapes import Body, Page
from services.gateway.inbox.commands import MarkRead
from services.gateway.inbox.domain import INBOX, MOST_READ, MailState
from services.gateway.inbox.listing import NOTIFICATIONS, unread_of
from services.gateway.inbox.tables import Notification, notification_in
from services.gateway.tables.paging import PageRows, page_of
from services.gateway.tables.values import Money, View

router = APIRouter(tags=["account"])


class NotificationView(View):
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
    read_at: Annotated[
        datetime | None, Field(description="When it was marked as read; null if it is unread.")
    ]
    adbot: Annotated[UUID | None, Field(description="The adbot that it is about.")]
    reason: Annotated[
        str, Field(description="Why the adbot stopped, or how a seat was lost; empty for other kinds.")
    ]
    valid_until: Annotated[datetime | None, Field(description="The end of the adbot's validity by then.")]
    groups: Annotated[list[str], Field(description="The first of the groups that take no posts.")]
    more_groups: Annotated[int, Field(description="How many others take no posts.")]
    webhook: Annotated[UUID | None, Field(description="The webhook that it is about.")]
    group: Annotated[str | None, Field(description="The group that it is about, as in the advertisement.")]
    group_id: Annotated[str | None, Field(description="The id now of a group that moved.")]
    group_name: Annotated[str | None, Field(description="Its public name now; none if it has none.")]
    second_of: Annotated[
        str | None,
        Field(description="Another paid order of the same plan; both were open at the same time."),
    ]


class Unread(View):
    """How many notifications the caller has not read."""

    unread: int


class NotificationPage(Page[NotificationView], Unread):
    """A page of notifications, and how many are unread in all."""


class ReadBody(Body):
    """Which notifications were read: these, all up to one, or all. Give exactly one of the fields."""

    ids: Annotated[
        list[UUID] | None,
        Field(
            min_length=1,
            max_length=MOST_READ,
            description="Ids of others are ignored.",
            examples=[["5eefaa91-bf04-5a36-aaf3-3ff734c9ab9c"]],
        ),
    ] = None
    before: Annotated[UUID | None, Field(description="This one and all that were raised before it.")] = None
    all: bool = False

    @model_validator(mode="after")
    def _one(self) -> "ReadBody":
        if (self.ids is not None) + (self.before is not None) + self.all != 1:
            raise ValueError("give exactly one of `ids`, `before` and `all`")
        return self


class NotificationsQuery(PageQuery, frozen=True):
    """The page of notifications that is asked for."""

    sort: ByAge = "-created_at"
    unread: Annotated[
        bool | None, Field(description="Only those that are not read, or only those that are.")
    ] = None


@router.get("/notifications", summary="List your notifications", responses=problems(401))
async def list_notifications(
    caller: ReaderDep, desk: DeskDep, asked: Annotated[NotificationsQuery, Query()]
) -> NotificationPage:
    """Return the caller's notifications, the latest first."""
    wanted = continued(NOTIFICATIONS, asked.of(caller.account), asked.cursor)

    async def look(sql: Sql) -> tuple[PageRows, int]:
        return await page_of(sql, NOTIFICATIONS, wanted), await unread_of(sql, caller.account)

    found, unread = await desk.view(look)
    return NotificationPage(
        items=[_view(notification_in(row)) for row in found.rows],
        next=None if found.last is None else cursor_at(NOTIFICATIONS, wanted, found.last),
        unread=unread,
    )


@router.post(
    "/notifications/read",
    summary="Mark notifications as read",
    responses=problems(401, 404, 413, 429),
)
async def mark_read(body: ReadBody, caller: MarkerDep, request: Request, desk: DeskDep) -> Unread:
    """Mark notifications as read, and return how many are unread. A repetition changes nothing."""
    command = MarkRead(
        caller.account,
        None if body.ids is None else tuple(map(NotificationId, body.ids)),
        None if body.before is None else NotificationId(body.before),
    )

    async def mark(unit: UnitOfWork) -> int:
        await unit.execute(INBOX, caller.account, command)
        return await unread_of(unit.flushed, caller.account)

    done = await desk.engine.run(mark, causes_of(request))
    return Unread(unread=done.value or 0)


def _view(one: Notification) -> NotificationView:
    return NotificationView(
        id=one.notification,
        kind=one.kind,
        order_number=one.order,
        paid=one.paid,
        missing=one.missing,
        pay_currency=one.coin,
        detail=one.detail,
        mail=one.mail,
        raised_at=one.raised_at,
        read_at=one.read_at,
        adbot=one.adbot,
        reason=one.reason,
        valid_until=one.valid_until,
        groups=list(one.groups),
        more_groups=one.more_groups,
        webhook=one.hook,
        group=one.group,
        group_id=one.chat,
        group_name=one.name,
        second_of=one.second_of,
    )
