"""Queries of adbots: what each has, its settings and its status."""

import json
from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, TypeAdapter

from libs.events.chat_ids import chat_of
from libs.events.scheduler import GroupOption, PostOrder, SkipReason, StopReason
from libs.events.values import (
    MAX_GROUPS,
    AccountId,
    AdbotId,
    PlanKind,
    Post,
    SendOptions,
)
from libs.eventsourcing import Row, Sql
from services.gateway.tables.adbot_query import ADBOT
from services.gateway.tables.group_options import options_in
from services.gateway.tables.overruns import USUAL_PAUSE_SECONDS, warning_of
from services.gateway.tables.pacing import AdbotPacing
from services.gateway.tables.private_ids import private_ids_of


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


async def adbots_of(sql: Sql, account: AccountId, at: datetime) -> list[AdbotState]:
    """Return an account's adbots, the oldest first."""
    rows = await sql.fetch(f"{ADBOT} where account = $1 order by provisioned_at, adbot", account)
    return [_state(row, at) for row in rows]


async def adbot_of(sql: Sql, account: AccountId, adbot: AdbotId, at: datetime) -> AdbotState | None:
    """Return an adbot of this account, else None."""
    row = await sql.fetchrow(f"{ADBOT} where adbot = $1 and account = $2", adbot, account)
    return None if row is None else _state(row, at)


async def any_adbot(sql: Sql, adbot: AdbotId, at: datetime) -> AdminAdbot | None:
    """Return an adbot of any account."""
    row = await sql.fetchrow(f"{ADBOT} where adbot = $1", adbot)
    if row is None:
        return None
    state = _state(row, at).model_dump()
    allowed = await private_ids_of(sql, row["account"])
    return AdminAdbot(
        **state,
        account=row["account"],
        suspend_reason=row["suspend_reason"],
        private_ids=allowed.allowed,
    )


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


_POST: TypeAdapter[Any] = TypeAdapter(Post)
_POSTS: TypeAdapter[list[Any]] = TypeAdapter(list[Post])


def _state(row: Row, at: datetime) -> AdbotState:
    status = _status(row)
    pacing = AdbotPacing.model_validate_json(row["pacing"]) if row["pacing"] else AdbotPacing()
    due: datetime | None = row["next_due"] if status is AdbotStatus.RUNNING else row["next_start"]
    if due is not None and pacing.ends_at is not None and due >= pacing.ends_at:
        due = None
    running = due if status is AdbotStatus.RUNNING else None
    return AdbotState(
        id=row["adbot"],
        order_number=row["order_number"],
        status=status,
        stop_reason=row["stop_reason"],
        stop_detail=row["stop_detail"],
        plan=AdbotPlan(
            code=row["plan"],
            name=row["plan_name"],
            kind=row["plan_kind"],
            sessions=row["sessions"],
            interval_seconds=row["interval_seconds"],
            max_groups=row["max_groups"],
            max_posts=row["max_posts"],
        ),
        seats=Seats(
            filled=row["seats_filled"],
            awaited=max(0, row["sessions"] - row["seats_filled"]),
            unreachable=row["unreachable"],
        ),
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
        advertisement=_advertisement(row),
        blocked_groups=_blocked(row),
        pacing=pacing,
        paused=row["paused"],
        cycles=Cycles(
            last_number=row["last_cycle"],
            last_due_at=row["last_cycle_at"],
            beyond_limit=row["beyond_limit"],
            skipped_at=row["skipped_at"],
            skip_reason=row["skip_reason"],
            next_due_at=running,
        ),
        warning=_warning(row, pacing),
        next_cycle_at=running or (due if due is not None and due > at else None),
    )


def _warning(row: Row, pacing: AdbotPacing) -> str | None:
    if row["targets"] is None or pacing.timetable:
        return None
    pause: float = row["last_pause_seconds"] or USUAL_PAUSE_SECONDS
    if pacing.delay_seconds is not None:
        pause = pacing.delay_seconds + (pacing.jitter_seconds or 0) / 2
    own = len(json.loads(row["targets"]))
    most = max(own, row["max_groups"] or MAX_GROUPS)
    idle = {*_blocked(row), *row["paused_groups"]}
    groups = max(0, min(own + row["listed"], most) - len(idle))
    return warning_of(groups, row["seats_filled"], pause, row["interval_seconds"])


def _status(row: Row) -> AdbotStatus:
    if row["suspended"]:
        return AdbotStatus.SUSPENDED
    if row["expired"]:
        return AdbotStatus.EXPIRED
    return AdbotStatus.RUNNING if row["running"] else AdbotStatus.STOPPED


def _advertisement(row: Row) -> Advertisement | None:
    if row["post"] is None:
        return None
    post, more = _POST.validate_json(row["post"]), _POSTS.validate_json(row["more_posts"])
    return Advertisement(
        post=post,
        posts=[post, *more],
        order=row["post_order"],
        groups=json.loads(row["targets"]),
        lists=row["lists"],
        group_options=options_in(row["group_options"]),
        options=SendOptions.model_validate_json(row["options"]),
    )


def _blocked(row: Row) -> list[str]:
    own: list[str] = json.loads(row["targets"]) if row["blocked"] else []
    found = [group for group in own if chat_of(group) in row["blocked"]]
    return [*found, *(group for group in row["blocked_in_lists"] if group not in found)]
