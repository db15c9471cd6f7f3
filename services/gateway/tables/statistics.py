"""Read model: figures of adbots, of their seats and groups, and of sessions by day; `figures` queries it."""

import re
from uuid import UUID

from libs.events.forwarder import CycleStarted, DeliveriesRecorded, SeatRested
from libs.events.provisioning import SeatsReleased, SessionLost
from libs.events.scheduler import CycleDue, CycleSkipped, SkipReason
from libs.events.values import ResultClass, SessionId
from libs.eventsourcing import Projection, TableSql

DAYS = 30
"""For how many days the figures by day are kept."""
FORGOTTEN_GROUP_DAYS = 90
"""The figures of a group end when no cycle has named it for so many days."""
RECENT = 10
"""Of how many due times it is remembered whether they were skipped because the last cycle still ran."""
NOBODY = SessionId(UUID(int=0))
"""Stands for a seat where none tried."""

STATISTICS = Projection(
    "statistics",
    version=2,
    ddl="""
    create table statistics (
        adbot uuid primary key,
        cycles integer not null default 0,
        cycles_skipped integer not null default 0,
        cycles_overrun integer not null default 0,
        -- a bit for each of the last due times, 1 if it was skipped because a cycle still ran
        recent integer not null default 0,
        due_groups integer,
        due_seats integer,
        due_pause_seconds double precision
    );
    -- `reason` tells results that were left out apart
    create table seat_results (
        adbot uuid not null,
        session uuid not null,
        result text not null,
        reason text not null,
        count bigint not null,
        primary key (adbot, session, result, reason)
    );
    create table seat_figures (
        adbot uuid not null,
        session uuid not null,
        served_at timestamptz,
        last_at timestamptz,
        flood_waits integer not null default 0,
        rests_until timestamptz,
        rest_result text,
        rest_error text,
        failed_at timestamptz,
        failed_result text,
        failed_error text,
        failed_party text,
        failed_group text,
        primary key (adbot, session)
    );
    create index on seat_figures (session);
    create table group_figures (
        adbot uuid not null,
        grp text not null,
        counts jsonb not null,
        last_at timestamptz not null,
        last_result text not null,
        last_error text not null,
        delivered_at timestamptz,
        failed_at timestamptz,
        failed_result text,
        failed_error text,
        failed_party text,
        failed_session uuid,
        primary key (adbot, grp)
    ) with (fillfactor = 70);
    create table session_days (
        session uuid not null,
        day date not null,
        sent integer not null,
        failed integer not null,
        left_out integer not null,
        primary key (session, day)
    );
    """,
)
"""`statistics` has a row for each adbot; `seat_results` and `seat_figures` grow with assignments of sessions.

`group_figures` has a row for each group that an adbot's cycles named; they end with the release of the
adbot's seats, or when no cycle has named the group for 90 days. `session_days` ends after 30 days, or with
the session.
"""

_RECORDED = """
with lines as materialized (
    select *, result in ('SENT', 'ALREADY_SENT') as delivered,
           result not in ('SENT', 'ALREADY_SENT', 'STOPPED', 'LEFT_OUT') as failed
    from unnest($2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[])
        as lines (grp, session, result, error, reason, party, at)
), results as (
    insert into seat_results as r (adbot, session, result, reason, count)
    select $1, session, result, reason, count(*) from lines group by session, result, reason
    on conflict (adbot, session, result, reason) do update set count = r.count + excluded.count
), groups as (
    insert into group_figures as g
    select $1, grp, jsonb_build_object(result, 1), at, result, error, case when delivered then at end,
           case when failed then at end, case when failed then result end, case when failed then error end,
           case when failed then party end, case when failed and session <> $9 then session end
    from lines
    on conflict (adbot, grp) do update set
        counts = g.counts || jsonb_build_object(
            excluded.last_result, coalesce((g.counts ->> excluded.last_result)::bigint, 0) + 1
        ),
        last_at = greatest(g.last_at, excluded.last_at),
        last_result = excluded.last_result,
        last_error = excluded.last_error,
        delivered_at = coalesce(excluded.delivered_at, g.delivered_at),
        failed_at = coalesce(excluded.failed_at, g.failed_at),
        failed_result = coalesce(excluded.failed_result, g.failed_result),
        failed_error = coalesce(excluded.failed_error, g.failed_error),
        (failed_party, failed_session) = (
            select case when excluded.failed_at is null then g.failed_party else excluded.failed_party end,
                case when excluded.failed_at is null then g.failed_session else excluded.failed_session end
        )
), days as (
    insert into session_days as d
    select session, (at at time zone 'UTC')::date, count(*) filter (where delivered),
           count(*) filter (where failed), count(*) filter (where result = 'LEFT_OUT')
    from lines where session <> $9 and result <> 'STOPPED' group by 1, 2
    on conflict (session, day) do update set sent = d.sent + excluded.sent,
        failed = d.failed + excluded.failed, left_out = d.left_out + excluded.left_out
), latest_failures as (
    select distinct on (session) session, at, result, error, party, grp
    from lines where failed order by session, at desc
)
insert into seat_figures as s
    (adbot, session, last_at, failed_at, failed_result, failed_error, failed_party, failed_group)
select $1, session, of_seat.at, f.at, f.result, f.error, f.party, f.grp
from (select session, max(at) as at from lines group by session) as of_seat
left join latest_failures f using (session)
on conflict (adbot, session) do update set
    last_at = greatest(s.last_at, excluded.last_at),
    failed_at = coalesce(excluded.failed_at, s.failed_at),
    failed_result = coalesce(excluded.failed_result, s.failed_result),
    failed_error = coalesce(excluded.failed_error, s.failed_error),
    failed_party = case when excluded.failed_at is null then s.failed_party else excluded.failed_party end,
    failed_group = coalesce(excluded.failed_group, s.failed_group)
"""
_NUMBER = re.compile(r"_[0-9]+$")


@STATISTICS.on(CycleStarted)
async def cycle_started(event: CycleStarted, sql: TableSql) -> None:
    """Count the cycle, store which seats serve it, and delete the figures of what is long past."""
    sessions = [share.session for share in event.shares]
    await sql.execute(
        "insert into statistics as s (adbot, cycles) values ($1, 1) "
        "on conflict (adbot) do update set cycles = s.cycles + 1",
        event.adbot,
    )
    await sql.execute(
        "insert into seat_figures (adbot, session, served_at) select $1, session, $3 "
        "from unnest($2::uuid[]) as shares (session) "
        "on conflict (adbot, session) do update set served_at = excluded.served_at",
        event.adbot,
        sessions,
        event.started_at,
    )
    await sql.execute(
        "delete from group_figures "
        "where adbot = $1 and last_at < $2::timestamptz - make_interval(days => $3)",
        event.adbot,
        event.started_at,
        FORGOTTEN_GROUP_DAYS,
    )
    await sql.execute(
        "delete from session_days where session = any($1::uuid[]) and day <= $2::date - $3::integer",
        sessions,
        event.started_at.date(),
        DAYS,
    )


@STATISTICS.on(CycleDue)
async def cycle_due(event: CycleDue, sql: TableSql) -> None:
    """Store that it was not skipped, and how large it is."""
    await sql.execute(
        "insert into statistics as s (adbot, due_groups, due_seats, due_pause_seconds) "
        "values ($1, $2, $3, $4) on conflict (adbot) do update set recent = (s.recent << 1) & $5, "
        "due_groups = $2, due_seats = $3, due_pause_seconds = $4",
        event.adbot,
        len(event.groups),
        len(event.seats),
        event.pacing.delay_seconds + event.pacing.jitter_seconds / 2,
        2**RECENT - 1,
    )


@STATISTICS.on(CycleSkipped)
async def cycle_skipped(event: CycleSkipped, sql: TableSql) -> None:
    """Count the skipped cycle."""
    overrun = int(event.reason is SkipReason.OVERRUN)
    await sql.execute(
        "insert into statistics as s (adbot, cycles_skipped, cycles_overrun, recent) "
        "values ($1, 1, $2, $2) on conflict (adbot) do update set cycles_skipped = s.cycles_skipped + 1, "
        "cycles_overrun = s.cycles_overrun + $2, recent = ((s.recent << 1) | $2) & $3",
        event.adbot,
        overrun,
        2**RECENT - 1,
    )


@STATISTICS.on(DeliveriesRecorded)
async def recorded(event: DeliveriesRecorded, sql: TableSql) -> None:
    """Count the results by class, for the adbot's groups and seats, in one statement."""
    lines = list({delivery.group: delivery for delivery in event.deliveries}.values())
    await sql.execute(
        _RECORDED,
        event.adbot,
        [line.group for line in lines],
        [line.session or NOBODY for line in lines],
        [line.result for line in lines],
        [line.error for line in lines],
        [reason_of(line.error) if line.result is ResultClass.LEFT_OUT else "" for line in lines],
        [line.party for line in lines],
        [line.at for line in lines],
        NOBODY,
    )


@STATISTICS.on(SeatRested)
async def seat_rested(event: SeatRested, sql: TableSql) -> None:
    """Store the rest at the adbot that the session served last; count a flood wait."""
    await sql.execute(
        "update seat_figures set flood_waits = flood_waits + $2, rests_until = $3, rest_result = $4, "
        "rest_error = $5 where session = $1 and adbot = (select adbot from seat_figures "
        "where session = $1 order by served_at desc nulls last, adbot limit 1)",
        event.session,
        int(event.result is ResultClass.RATE_LIMITED),
        event.until,
        event.result,
        event.error,
    )


@STATISTICS.on(SessionLost)
async def session_lost(event: SessionLost, sql: TableSql) -> None:
    """Delete the session's figures by day; its totals stay."""
    await sql.execute("delete from session_days where session = $1", event.session)


@STATISTICS.on(SeatsReleased)
async def seats_released(event: SeatsReleased, sql: TableSql) -> None:
    """Delete the figures of the adbot's groups; its totals stay."""
    await sql.execute("delete from group_figures where adbot = $1", event.adbot)


def reason_of(error: str) -> str:
    """Return an error without a number at its end, so that there are few different ones."""
    return _NUMBER.sub("", error)
