"""Answers: what does an adbot have, what is it set to do, and is it doing it."""

import json
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel, TypeAdapter

from libs.events.provisioning import AdbotExpired, AdbotProvisioned, SeatFilled, SeatLost
from libs.events.scheduler import AdbotStarted, AdbotStopped, AdvertisementSet, CycleDue, StopReason
from libs.events.values import AccountId, AdbotId, PlanKind, Post
from libs.eventsourcing.projection import Projection, Row, Sql, TableSql

ADBOTS = Projection(
    "adbots",
    version=1,
    # a table for what provisioning says and one for what the scheduler says: neither waits for the other
    ddl="""
    create table adbots (
        adbot uuid primary key,
        account uuid not null,
        order_number text not null,
        plan text not null,
        plan_name text not null,
        plan_kind text not null,
        sessions integer not null,
        interval_seconds integer not null,
        seats_filled integer not null,
        valid_from timestamptz,
        valid_until timestamptz,
        expired boolean not null default false,
        provisioned_at timestamptz not null
    );
    create index on adbots (account, provisioned_at);
    create table adbot_schedules (
        adbot uuid primary key,
        post jsonb,
        targets jsonb,
        running boolean not null default false,
        anchor timestamptz,
        every_seconds integer,
        stop_reason text,
        stop_detail text,
        last_cycle integer,
        last_cycle_at timestamptz
    );
    """,
)


class AdbotStatus(StrEnum):
    """What an adbot is doing."""

    STOPPED = "STOPPED"
    RUNNING = "RUNNING"
    EXPIRED = "EXPIRED"


class PlanStatus(StrEnum):
    """Whether an account has anything that still runs."""

    NONE = "NONE"
    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"


class AdbotPlan(BaseModel):
    """The plan that an adbot was bought with."""

    code: str
    name: str
    kind: PlanKind
    sessions: int
    interval_seconds: int


class Seats(BaseModel):
    """An adbot's seats: those with a session, and those that wait for stock."""

    filled: int
    awaited: int


class Advertisement(BaseModel):
    """What an adbot sends, and where to; groups in their canonical form."""

    post: Post
    groups: list[str]


class Cycles(BaseModel):
    """An adbot's cycles, as far as they are known: the last that came due, and the next."""

    last_number: int | None
    last_due_at: datetime | None
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
    cycles: Cycles


@ADBOTS.on(AdbotProvisioned)
async def provisioned(event: AdbotProvisioned, sql: TableSql) -> None:
    """Add the adbot, stopped."""
    await sql.insert(
        adbot=event.adbot,
        account=event.account,
        order_number=event.order,
        plan=event.plan.code,
        plan_name=event.plan.name,
        plan_kind=event.plan.kind,
        sessions=event.plan.sessions,
        interval_seconds=event.plan.interval_seconds,
        seats_filled=len(event.seats),
        valid_from=event.valid_from,
        valid_until=event.valid_until,
        provisioned_at=sql.at,
    )


@ADBOTS.on(SeatFilled)
async def seat_filled(event: SeatFilled, sql: TableSql) -> None:
    """Count the seat; validity is as it says."""
    await sql.execute(
        "update adbots set seats_filled = seats_filled + 1, valid_from = $2, valid_until = $3 "
        "where adbot = $1",
        event.adbot,
        event.valid_from,
        event.valid_until,
    )


@ADBOTS.on(SeatLost)
async def seat_lost(event: SeatLost, sql: TableSql) -> None:
    """Count the seat no longer."""
    await sql.execute("update adbots set seats_filled = seats_filled - 1 where adbot = $1", event.adbot)


@ADBOTS.on(AdbotExpired)
async def adbot_expired(event: AdbotExpired, sql: TableSql) -> None:
    """Show that the plan ended."""
    await sql.execute("update adbots set expired = true where adbot = $1", event.adbot)


@ADBOTS.on(AdvertisementSet)
async def advertisement_set(event: AdvertisementSet, sql: TableSql) -> None:
    """Show the new post and groups."""
    await sql.execute(
        "insert into adbot_schedules (adbot, post, targets) values ($1, $2::text::jsonb, $3::text::jsonb) "
        "on conflict (adbot) do update set post = excluded.post, targets = excluded.targets",
        event.adbot,
        event.post.model_dump_json(),
        json.dumps(event.groups),
    )


@ADBOTS.on(AdbotStarted)
async def started(event: AdbotStarted, sql: TableSql) -> None:
    """Show that it runs, and since when."""
    await sql.execute(
        "insert into adbot_schedules (adbot, running, anchor, every_seconds) values ($1, true, $2, $3) "
        "on conflict (adbot) do update set running = true, anchor = $2, every_seconds = $3, "
        "stop_reason = null, stop_detail = null",
        event.adbot,
        event.anchor,
        event.interval_seconds,
    )


@ADBOTS.on(AdbotStopped)
async def stopped(event: AdbotStopped, sql: TableSql) -> None:
    """Show that it stands, and why."""
    await sql.execute(
        "insert into adbot_schedules (adbot, stop_reason, stop_detail) values ($1, $2, $3) "
        "on conflict (adbot) do update set running = false, stop_reason = $2, stop_detail = $3",
        event.adbot,
        event.reason,
        event.detail or None,
    )


@ADBOTS.on(CycleDue)
async def cycle_due(event: CycleDue, sql: TableSql) -> None:
    """Show the cycle as the last one."""
    await sql.execute(
        "insert into adbot_schedules (adbot, last_cycle, last_cycle_at) values ($1, $2, $3) "
        "on conflict (adbot) do update set last_cycle = $2, last_cycle_at = $3",
        event.adbot,
        event.number,
        event.due_at,
    )


_ADBOT = (
    "select a.*, s.post::text as post, s.targets::text as targets, coalesce(s.running, false) as running, "
    "s.anchor, s.every_seconds, s.stop_reason, s.stop_detail, s.last_cycle, s.last_cycle_at "
    "from adbots a left join adbot_schedules s using (adbot)"
)


async def adbots_of(sql: Sql, account: AccountId, at: datetime) -> list[AdbotState]:
    """Return an account's adbots, the oldest first."""
    rows = await sql.fetch(f"{_ADBOT} where account = $1 order by provisioned_at, adbot", account)
    return [_state(row, at) for row in rows]


async def adbot_of(sql: Sql, account: AccountId, adbot: AdbotId, at: datetime) -> AdbotState | None:
    """Return an adbot, if it is this account's."""
    row = await sql.fetchrow(f"{_ADBOT} where adbot = $1 and account = $2", adbot, account)
    return None if row is None else _state(row, at)


async def owns(sql: Sql, account: AccountId, adbot: AdbotId) -> bool:
    """Say whether an adbot is this account's."""
    return bool(
        await sql.fetchval(
            "select exists (select from adbots where adbot = $1 and account = $2)", adbot, account
        )
    )


async def plan_status_of(sql: Sql, account: AccountId) -> PlanStatus:
    """Say whether an account has a plan that has not ended."""
    ended = await sql.fetchval("select bool_and(expired) from adbots where account = $1", account)
    if ended is None:
        return PlanStatus.NONE
    return PlanStatus.EXPIRED if ended else PlanStatus.ACTIVE


def next_due(anchor: datetime, every_seconds: int, last: datetime | None, at: datetime) -> datetime:
    """Return the first due time of a cadence that lies neither before `at` nor on the last one that came."""
    every = timedelta(seconds=every_seconds)
    behind = at if last is None else max(at, last + every / 2)
    return anchor + every * max(0, -((anchor - behind) // every))


_POST: TypeAdapter[Any] = TypeAdapter(Post)


def _state(row: Row, at: datetime) -> AdbotState:
    running = row["running"] and not row["expired"]
    status = AdbotStatus.RUNNING if running else AdbotStatus.STOPPED
    return AdbotState(
        id=row["adbot"],
        order_number=row["order_number"],
        status=AdbotStatus.EXPIRED if row["expired"] else status,
        stop_reason=row["stop_reason"],
        stop_detail=row["stop_detail"],
        plan=AdbotPlan(
            code=row["plan"],
            name=row["plan_name"],
            kind=row["plan_kind"],
            sessions=row["sessions"],
            interval_seconds=row["interval_seconds"],
        ),
        seats=Seats(filled=row["seats_filled"], awaited=max(0, row["sessions"] - row["seats_filled"])),
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
        advertisement=_advertisement(row),
        cycles=Cycles(
            last_number=row["last_cycle"],
            last_due_at=row["last_cycle_at"],
            next_due_at=next_due(row["anchor"], row["every_seconds"], row["last_cycle_at"], at)
            if running
            else None,
        ),
    )


def _advertisement(row: Row) -> Advertisement | None:
    if row["post"] is None:
        return None
    return Advertisement(post=_POST.validate_json(row["post"]), groups=json.loads(row["targets"]))
