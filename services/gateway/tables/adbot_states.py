"""Queries of adbots: what each has, its settings and its status."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from libs.events.scheduler import StopReason
from libs.events.values import AccountId, AdbotId
from libs.eventsourcing import Sql
from services.gateway.tables.adbot_parts import AdbotPlan, Advertisement, Seats
from services.gateway.tables.adbot_query import ALL_ADBOTS, OWN_ADBOTS, adbot_item
from services.gateway.tables.pacing import AdbotPacing
from services.gateway.tables.paging import PageRequest, page_of
from services.gateway.tables.running_cycles import Cycles
from services.gateway.tables.values import View


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


class AdbotState(View):
    """An adbot, as its owner sees it."""

    id: UUID
    order_number: str
    """The order that it was bought with."""
    status: AdbotStatus
    stop_reason: StopReason | None
    """Why it stopped; null while it runs, or if it never ran."""
    stop_detail: str | None
    """More about the reason, for people."""
    plan: AdbotPlan
    seats: Seats
    valid_from: datetime | None
    """When its plan began; null until the first seat is filled."""
    valid_until: datetime | None
    """When its plan ends."""
    advertisement: Advertisement | None
    """Null until it is set."""
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


async def current_adbot(sql: Sql, account: AccountId) -> AdbotId | None:
    """Return the adbot that is meant where an account names none: the last that may run, else the last."""
    found = await sql.fetchval(
        "select adbot from adbots where account = $1 "
        "order by expired or suspended, provisioned_at desc, adbot desc limit 1",
        account,
    )
    return None if found is None else AdbotId(found)


async def plan_status_of(sql: Sql, account: AccountId) -> PlanStatus:
    """Return the plan status of an account."""
    ended = await sql.fetchval("select bool_and(expired) from adbots where account = $1", account)
    if ended is None:
        return PlanStatus.NONE
    return PlanStatus.EXPIRED if ended else PlanStatus.ACTIVE
