"""Queries of adbots: what each has, its settings and its status."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from libs.events.scheduler import GroupOption, PostOrder, SkipReason, StopReason
from libs.events.values import AccountId, AdbotId, PlanKind, Post, SendOptions
from libs.eventsourcing import Sql
from services.gateway.tables.adbot_query import ALL_ADBOTS, OWN_ADBOTS, adbot_item
from services.gateway.tables.pacing import AdbotPacing
from services.gateway.tables.paging import PageRequest, page_of


class AdbotStatus(StrEnum):
    """The status of an adbot."""

    STOPPED = "STOPPED"
    RUNNING = "RUNNING"
    EXPIRED = "EXPIRED"
    SUSPENDED = "SUSPENDED"
    """The adbot may not run, whatever its plan."""


class PlanStatus(StrEnum):
    """The plan status of an account: active while any of its adbots has a plan that has not ended."""

    NONE = "NONE"
    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"


class AdbotPlan(BaseModel):
    """The plan of an adbot's order."""

    code: str
    name: str
    kind: PlanKind
    sessions: int
    interval_seconds: int
    max_groups: Annotated[
        int | None,
        Field(description="How many groups it may have; null: as many as this service allows."),
    ]
    max_posts: Annotated[int | None, Field(description="How many posts it may have; null: likewise.")]


class Seats(BaseModel):
    """An adbot's seats: the number with a session, and of those that await stock."""

    filled: int
    awaited: int
    unreachable: Annotated[
        int, Field(description="How many of the filled ones can't connect to Telegram at the moment.")
    ]


class Advertisement(BaseModel):
    """The posts and groups of an adbot; groups in their canonical form. Each cycle sends one post.

    It is sent to `groups`, and to the groups that `lists` have when a cycle is due.
    """

    post: Annotated[Post, Field(description="The first of `posts`.")]
    posts: list[Post]
    order: PostOrder
    groups: list[str]
    lists: Annotated[list[UUID], Field(description="Group lists; a deleted one has no groups.")]
    group_options: Annotated[
        list[GroupOption], Field(description="What differs for single groups; before those of lists.")
    ]
    options: SendOptions


class Cycles(BaseModel):
    """An adbot's last cycle that came due, the last due time without one, and the due time of the next."""

    last_number: int | None
    last_due_at: datetime | None
    beyond_limit: Annotated[
        int | None,
        Field(
            description="How many groups the last cycle left out, as lists have more by now than the adbot "
            "may have: the last ones of its lists."
        ),
    ]
    skipped_at: datetime | None
    skip_reason: SkipReason | None
    next_due_at: datetime | None


class AdbotState(BaseModel):
    """An adbot, as its owner sees it."""

    id: UUID
    order_number: str
    status: AdbotStatus
    stop_reason: StopReason | None
    stop_detail: str | None
    plan: AdbotPlan
    seats: Seats
    valid_from: datetime | None
    valid_until: datetime | None
    advertisement: Advertisement | None
    blocked_groups: Annotated[
        list[str],
        Field(
            description="Those of the groups that the operator of this service blocked, for example because "
            "their owners asked for it: nothing is sent there. Leave them out to be able to start the adbot."
        ),
    ]
    pacing: AdbotPacing
    paused: Annotated[
        bool,
        Field(
            description="The operator of this service has paused all adbots: no cycle comes due, whatever "
            "the status. If any was due meanwhile, one is when the pause ends."
        ),
    ]
    cycles: Cycles
    warning: Annotated[
        str | None,
        Field(
            description="What does not work as it is set, though nothing refuses it: a cycle that takes "
            "longer than the interval at the pace of the seats, so that due cycles are skipped."
        ),
    ]
    next_cycle_at: Annotated[
        datetime | None,
        Field(
            description="When the next cycle comes due, as the scheduler says; past while one is overdue, "
            "null if none does before `ends_at` of the pacing. While the adbot does not run: the earliest "
            "time that a start leads to, as the interval and the pacing say, or null if that is past."
        ),
    ]


class AdminAdbot(AdbotState):
    """An adbot, as the operator sees it."""

    account: UUID
    suspend_reason: str | None
    private_ids: bool
    """The account may use private ids."""


async def adbot_item_of(sql: Sql, account: AccountId, adbot: AdbotId) -> str | None:
    """Return an adbot of this account as JSON, an `AdbotState`; else None."""
    found = await page_of(sql, OWN_ADBOTS, PageRequest("created_at", 1, (account,), {"id": adbot}))
    return adbot_item(found.rows[0]) if found.rows else None


async def adbot_of(sql: Sql, account: AccountId, adbot: AdbotId) -> AdbotState | None:
    """Return an adbot of this account, else None."""
    item = await adbot_item_of(sql, account, adbot)
    return None if item is None else AdbotState.model_validate_json(item)


async def any_adbot(sql: Sql, adbot: AdbotId) -> AdminAdbot | None:
    """Return an adbot of any account."""
    found = await page_of(sql, ALL_ADBOTS, PageRequest("created_at", 1, filters={"id": adbot}))
    return AdminAdbot.model_validate_json(adbot_item(found.rows[0])) if found.rows else None


async def owners_of(sql: Sql, adbots: Collection[AdbotId]) -> dict[AdbotId, AccountId]:
    """Return the accounts of adbots."""
    rows = await sql.fetch("select adbot, account from adbots where adbot = any($1::uuid[])", list(adbots))
    return {row["adbot"]: row["account"] for row in rows}


async def plan_status_of(sql: Sql, account: AccountId) -> PlanStatus:
    """Return the plan status of an account."""
    ended = await sql.fetchval("select bool_and(expired) from adbots where account = $1", account)
    if ended is None:
        return PlanStatus.NONE
    return PlanStatus.EXPIRED if ended else PlanStatus.ACTIVE
