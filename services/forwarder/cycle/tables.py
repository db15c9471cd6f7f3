"""Running cycles and their pending sends."""

from libs.events.forwarder import (
    CycleAborted,
    CycleFinished,
    CycleStarted,
    DeliveriesRecorded,
    ShareMoved,
)
from libs.events.values import AdbotId, CycleId, SessionId
from libs.eventsourcing import Cause, Event, Projection, Sql, TableSql

CYCLES = Projection(
    "cycles",
    version=2,
    ddl="""
    -- the cycles that have not ended; `running` is false only in rows that an earlier version left
    create table cycles (
        cycle          uuid primary key,
        adbot          uuid not null,
        running        boolean not null default true,
        started_at     timestamptz not null,
        started_by     uuid not null,
        correlation_id uuid not null,
        post           jsonb not null,
        delay_seconds  double precision not null,
        jitter_seconds double precision not null,
        options        jsonb not null
    );
    create index cycles_running on cycles (adbot) where running;

    -- the work queue: groups of running cycles that are not done with
    create table sends (
        cycle   uuid not null,
        grp     text not null,
        session uuid not null,
        pair    uuid not null,
        ordinal integer not null,
        primary key (cycle, grp)
    );
    create index sends_by_session on sends (session, ordinal);
    """,
)


@CYCLES.on(CycleStarted)
async def started(event: CycleStarted, sql: TableSql) -> None:
    """Queue all groups of all shares."""
    envelope = sql.recorded.envelope
    await sql.execute(
        "insert into cycles (cycle, adbot, started_at, started_by, correlation_id, post, delay_seconds, "
        "jitter_seconds, options) values ($1, $2, $3, $4, $5, $6::text::jsonb, $7, $8, $9::text::jsonb)",
        event.cycle,
        event.adbot,
        event.started_at,
        envelope.id,
        envelope.correlation_id,
        event.post.model_dump_json(),
        event.pacing.delay_seconds,
        event.pacing.jitter_seconds,
        event.options.model_dump_json(),
    )
    rows = [
        (share.session, share.pair, ordinal, group)
        for share in event.shares
        for ordinal, group in enumerate(share.groups)
    ]
    await sql.execute(
        "insert into sends (cycle, session, pair, ordinal, grp) "
        "select $1, * from unnest($2::uuid[], $3::uuid[], $4::integer[], $5::text[])",
        event.cycle,
        [row[0] for row in rows],
        [row[1] for row in rows],
        [row[2] for row in rows],
        [row[3] for row in rows],
    )


@CYCLES.on(ShareMoved)
async def moved(event: ShareMoved, sql: TableSql) -> None:
    """Move these groups to another seat's queue, behind its own."""
    for share in event.shares:
        await sql.execute(
            "update sends set session = $2, pair = $3, ordinal = ordinal + 1000000 "
            "where cycle = $1 and grp = any($4)",
            event.cycle,
            share.session,
            share.pair,
            list(share.groups),
        )


@CYCLES.on(DeliveriesRecorded)
async def recorded(event: DeliveriesRecorded, sql: TableSql) -> None:
    """Remove these groups from the queue."""
    groups = [delivery.group for delivery in event.deliveries]
    await sql.execute("delete from sends where cycle = $1 and grp = any($2)", event.cycle, groups)


@CYCLES.on(CycleFinished)
async def finished(event: CycleFinished, sql: TableSql) -> None:
    """Delete the cycle."""
    await _over(event.cycle, sql)


@CYCLES.on(CycleAborted)
async def aborted(event: CycleAborted, sql: TableSql) -> None:
    """Delete the cycle and its pending sends."""
    await _over(event.cycle, sql)


async def _over(cycle: CycleId, sql: TableSql) -> None:
    await sql.execute("delete from cycles where cycle = $1", cycle)
    await sql.execute("delete from sends where cycle = $1", cycle)


async def running_cycles(sql: Sql, adbot: AdbotId) -> list[CycleId]:
    """Return the running cycles of an adbot."""
    rows = await sql.fetch("select cycle from cycles where adbot = $1 and running", adbot)
    return [row["cycle"] for row in rows]


async def cycles_of_seat(sql: Sql, session: SessionId) -> list[tuple[CycleId, Cause]]:
    """Return the cycles in which a session has pending sends, each with its `CycleStarted` as cause."""
    rows = await sql.fetch(
        "select cycle, correlation_id, started_by from cycles "
        "where cycle in (select cycle from sends where session = $1) order by cycle",
        session,
    )
    return [(row["cycle"], Cause(row["correlation_id"], row["started_by"])) for row in rows]


def adds_sends(event: Event) -> bool:
    """Return whether an event queues sends for some seat."""
    return isinstance(event, CycleStarted | ShareMoved)


async def delete_ended(sql: Sql, most: int) -> int:
    """Delete rows of ended cycles, which an earlier version kept; return how many, at most `most`."""
    return await sql.execute(
        "delete from cycles where cycle in "
        "(select cycle from cycles where not running limit $1 for update skip locked)",
        most,
    )
