"""Read model: every adbot with its state and settings; `adbot_states` queries it."""

import json

from libs.events.chat_ids import chat_of
from libs.events.provisioning import (
    AdbotExpired,
    AdbotExtended,
    AdbotProvisioned,
    AdbotRestored,
    AdbotSuspended,
    SeatFilled,
    SeatLost,
    SeatsReleased,
)
from libs.events.scheduler import (
    AdbotStarted,
    AdbotStopped,
    AdvertisementSet,
    CycleDue,
    CycleSkipped,
    GroupOptionSet,
    PacingSet,
)
from libs.eventsourcing import Projection, TableSql
from services.gateway.tables.group_options import options_json
from services.gateway.tables.pacing import AdbotPacing

ADBOTS = Projection(
    "adbots",
    version=7,
    # a table per publishing service: there is no order between provisioning's and the scheduler's events
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
        max_groups integer,
        max_posts integer,
        seats_filled integer not null,
        valid_from timestamptz,
        valid_until timestamptz,
        expired boolean not null default false,
        suspended boolean not null default false,
        suspend_reason text,
        provisioned_at timestamptz not null
    );
    create index on adbots (account, provisioned_at, adbot);
    create index on adbots (provisioned_at, adbot);
    create index on adbots (coalesce(valid_until, timestamptz '9999-12-31 00:00:00+00'), adbot);
    create table adbot_schedules (
        adbot uuid primary key,
        post jsonb,
        more_posts jsonb,
        post_order text,
        targets jsonb,
        chats text[] not null default '{}',
        lists uuid[] not null default '{}',
        group_options jsonb not null default '{}',
        options jsonb,
        pacing jsonb,
        settings_at timestamptz,
        running boolean not null default false,
        interval_seconds integer,
        next_due timestamptz,
        next_start timestamptz,
        stop_reason text,
        stop_detail text,
        last_cycle integer,
        last_cycle_at timestamptz,
        beyond_limit integer,
        skipped_at timestamptz,
        skip_reason text
    );
    """,
)
"""`next_due` is when the running adbot's next cycle is due, `next_start` the earliest due time after a start.

Both are decided by the scheduler. `chats` has the chats of `targets`, without topics, and `group_options`
an option for each group that has one; `settings_at` is when advertisement or pacing were set last.
"""


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
        max_groups=event.plan.max_groups,
        max_posts=event.plan.max_posts,
        seats_filled=len(event.seats),
        valid_from=event.valid_from,
        valid_until=event.valid_until,
        provisioned_at=sql.at,
    )


@ADBOTS.on(SeatFilled)
async def seat_filled(event: SeatFilled, sql: TableSql) -> None:
    """Count a filled seat, and store the validity in the event."""
    await sql.execute(
        "update adbots set seats_filled = seats_filled + 1, valid_from = $2, valid_until = $3 "
        "where adbot = $1",
        event.adbot,
        event.valid_from,
        event.valid_until,
    )


@ADBOTS.on(SeatLost)
async def seat_lost(event: SeatLost, sql: TableSql) -> None:
    """Count a lost seat."""
    await sql.execute("update adbots set seats_filled = seats_filled - 1 where adbot = $1", event.adbot)


@ADBOTS.on(AdbotExpired)
async def adbot_expired(event: AdbotExpired, sql: TableSql) -> None:
    """Mark the adbot as expired."""
    await sql.execute("update adbots set expired = true where adbot = $1", event.adbot)


@ADBOTS.on(AdbotExtended)
async def extended(event: AdbotExtended, sql: TableSql) -> None:
    """Store the new validity; the adbot is not expired any more."""
    await sql.execute(
        "update adbots set expired = false, valid_from = $2, valid_until = $3 where adbot = $1",
        event.adbot,
        event.valid_from,
        event.valid_until,
    )


@ADBOTS.on(AdbotSuspended)
async def suspended(event: AdbotSuspended, sql: TableSql) -> None:
    """Mark the adbot as suspended, with the reason."""
    await sql.execute(
        "update adbots set suspended = true, suspend_reason = $2 where adbot = $1", event.adbot, event.reason
    )


@ADBOTS.on(AdbotRestored)
async def restored(event: AdbotRestored, sql: TableSql) -> None:
    """End the suspension."""
    await sql.execute(
        "update adbots set suspended = false, suspend_reason = null where adbot = $1", event.adbot
    )


@ADBOTS.on(SeatsReleased)
async def seats_released(event: SeatsReleased, sql: TableSql) -> None:
    """Set the number of filled seats to zero."""
    await sql.execute("update adbots set seats_filled = 0 where adbot = $1", event.adbot)


@ADBOTS.on(AdvertisementSet)
async def advertisement_set(event: AdvertisementSet, sql: TableSql) -> None:
    """Store the new posts and groups."""
    await sql.execute(
        "insert into adbot_schedules (adbot, post, targets, chats, more_posts, post_order, lists, "
        "group_options, options, settings_at) values ($1, $2::text::jsonb, $3::text::jsonb, $4, "
        "$5::text::jsonb, $6, $7, $8::text::jsonb, $9::text::jsonb, $10) on conflict (adbot) do update "
        "set post = excluded.post, targets = excluded.targets, chats = excluded.chats, "
        "more_posts = excluded.more_posts, post_order = excluded.post_order, lists = excluded.lists, "
        "group_options = excluded.group_options, options = excluded.options, settings_at = $10",
        event.adbot,
        event.post.model_dump_json(),
        json.dumps(event.groups),
        sorted({chat_of(group) for group in event.groups}),
        json.dumps([post.model_dump(mode="json") for post in event.more_posts]),
        event.order,
        list(event.lists),
        options_json(event.group_options),
        event.options.model_dump_json(),
        sql.at,
    )


@ADBOTS.on(GroupOptionSet)
async def group_option_set(event: GroupOptionSet, sql: TableSql) -> None:
    """Store the option of one group in place of the one that it had."""
    await sql.execute(
        "update adbot_schedules set group_options = group_options || $2::text::jsonb where adbot = $1",
        event.adbot,
        options_json([event.option]),
    )


@ADBOTS.on(PacingSet)
async def pacing_set(event: PacingSet, sql: TableSql) -> None:
    """Store the new pacing, and the due time of the next cycle."""
    await sql.execute(
        "insert into adbot_schedules (adbot, pacing, next_due, next_start, settings_at) "
        "values ($1, $2::text::jsonb, $3, $3, $4) on conflict (adbot) "
        "do update set pacing = excluded.pacing, next_due = $3, next_start = $3, settings_at = $4",
        event.adbot,
        AdbotPacing.of(event).model_dump_json(),
        event.next_due,
        sql.at,
    )


@ADBOTS.on(AdbotStarted)
async def started(event: AdbotStarted, sql: TableSql) -> None:
    """Mark the adbot as running, with the due time of its first cycle."""
    await sql.execute(
        "insert into adbot_schedules (adbot, running, next_due, interval_seconds) values ($1, true, $2, $3) "
        "on conflict (adbot) do update set running = true, next_due = $2, interval_seconds = $3, "
        "stop_reason = null, stop_detail = null",
        event.adbot,
        event.anchor,
        event.interval_seconds,
    )


@ADBOTS.on(AdbotStopped)
async def stopped(event: AdbotStopped, sql: TableSql) -> None:
    """Mark the adbot as stopped, with the reason."""
    await sql.execute(
        "insert into adbot_schedules (adbot, stop_reason, stop_detail) values ($1, $2, $3) "
        "on conflict (adbot) do update set running = false, stop_reason = $2, stop_detail = $3",
        event.adbot,
        event.reason,
        event.detail or None,
    )


_NEXT_DUE = "coalesce($3::timestamptz, $2::timestamptz + make_interval(secs => s.interval_seconds))"
"""The next due time in the event; events of schema version 1 lack it: then an interval after `due_at`."""


@ADBOTS.on(CycleDue)
async def cycle_due(event: CycleDue, sql: TableSql) -> None:
    """Store the cycle as the last one."""
    await sql.execute(
        "insert into adbot_schedules as s (adbot, last_cycle_at, next_due, next_start, last_cycle, "  # noqa: S608 - a constant
        "beyond_limit) values ($1, $2, $3, $3, $4, $5) on conflict (adbot) do update set last_cycle_at = $2, "
        f"next_due = {_NEXT_DUE}, next_start = {_NEXT_DUE}, last_cycle = $4, beyond_limit = $5",
        event.adbot,
        event.due_at,
        event.next_due,
        event.number,
        event.beyond_limit,
    )


@ADBOTS.on(CycleSkipped)
async def cycle_skipped(event: CycleSkipped, sql: TableSql) -> None:
    """Store when the next cycle is due, and the reason."""
    await sql.execute(
        "update adbot_schedules s set skipped_at = $2, skip_reason = $4, "  # noqa: S608 - a constant
        f"next_due = {_NEXT_DUE} where adbot = $1",
        event.adbot,
        event.due_at,
        event.next_due,
        event.reason,
    )
