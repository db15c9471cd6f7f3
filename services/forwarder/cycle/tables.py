"""Running cycles, their pending sends, and the groups that refuse seats."""

from collections.abc import Sequence
from datetime import datetime

from libs.events.forwarder import (
    CycleAborted,
    CycleFinished,
    CycleStarted,
    DeliveriesRecorded,
    SessionDied,
    ShareMoved,
)
from libs.events.values import AdbotId, CycleId, ErrorName, GroupRef, ResultClass, SessionId
from libs.eventsourcing import Cause, Event, Projection, Sql, TableSql
from services.forwarder.cycle.sharing import Denial, Denials

CYCLES = Projection(
    "cycles",
    version=1,
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
        jitter_seconds double precision not null
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

DENIALS = Projection(
    "denials",
    version=2,
    ddl="""
    create table denials (
        session uuid not null,
        adbot   uuid not null,
        grp     text not null,
        result  text not null,
        error   text not null,
        at      timestamptz not null,
        primary key (session, adbot, grp)
    );
    """,
)
"""At most one row per session and group of its adbot; deleted when the session serves another or dies."""

LASTING = frozenset({ResultClass.TARGET_DENIED, ResultClass.TARGET_GONE, ResultClass.PAYMENT_REQUIRED})
"""The refusals that apply to other posts too."""


@CYCLES.on(CycleStarted)
async def started(event: CycleStarted, sql: TableSql) -> None:
    """Queue all groups of all shares."""
    envelope = sql.recorded.envelope
    await sql.execute(
        "insert into cycles (cycle, adbot, started_at, started_by, correlation_id, post, delay_seconds, "
        "jitter_seconds) values ($1, $2, $3, $4, $5, $6::text::jsonb, $7, $8)",
        event.cycle,
        event.adbot,
        event.started_at,
        envelope.id,
        envelope.correlation_id,
        event.post.model_dump_json(),
        event.pacing.delay_seconds,
        event.pacing.jitter_seconds,
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


@DENIALS.on(DeliveriesRecorded)
async def refused(event: DeliveriesRecorded, sql: TableSql) -> None:
    """Store which groups refused which seats."""
    for delivery in event.deliveries:
        if delivery.session is not None:
            denial = Denial(delivery.result, delivery.error)
            await _deny(sql, event.adbot, delivery.session, delivery.group, denial)


@DENIALS.on(ShareMoved)
async def given_up(event: ShareMoved, sql: TableSql) -> None:
    """Store which groups refused the seat that lost them."""
    for share in event.shares:
        for group in share.groups:
            await _deny(sql, event.adbot, event.session, group, Denial(event.result, event.error))


@DENIALS.on(CycleStarted)
async def serves(event: CycleStarted, sql: TableSql) -> None:
    """Delete the refusals of these seats for an earlier adbot, which may be another client's."""
    await sql.execute(
        "delete from denials where session = any($1) and adbot <> $2",
        [share.session for share in event.shares],
        event.adbot,
    )


@DENIALS.on(SessionDied)
async def died(event: SessionDied, sql: TableSql) -> None:
    """Delete the session's refusals."""
    await sql.execute("delete from denials where session = $1", event.session)


async def _deny(sql: TableSql, adbot: AdbotId, session: SessionId, group: GroupRef, denial: Denial) -> None:
    if denial.result in LASTING:
        await sql.execute(
            "insert into denials (session, adbot, grp, result, error, at) values ($1, $2, $3, $4, $5, $6) "
            "on conflict (session, adbot, grp) do update set result = $4, error = $5, at = $6",
            session,
            adbot,
            group,
            denial.result,
            denial.error,
            sql.at,
        )


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


async def denials_of(sql: Sql, adbot: AdbotId, sessions: Sequence[SessionId]) -> Denials:
    """Return the refusals of these sessions as seats of this adbot, by group."""
    rows = await sql.fetch(
        "select * from denials where session = any($1) and adbot = $2 order by at", list(sessions), adbot
    )
    denials: dict[GroupRef, dict[SessionId, Denial]] = {}
    for row in rows:
        denial = Denial(ResultClass(row["result"]), row["error"])
        denials.setdefault(row["grp"], {})[row["session"]] = denial
    return denials


async def refusals_since(sql: Sql, session: SessionId, error: ErrorName, since: datetime) -> int:
    """Return how many groups refused a session with this error since an instant."""
    return int(
        await sql.fetchval(
            "select count(*) from denials where session = $1 and error = $2 and at > $3",
            session,
            error,
            since,
        )
    )
