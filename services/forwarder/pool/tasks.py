"""The tasks of sessions besides sends: what there is to do for whom, and when."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from libs.events.values import AdbotId, ApplicationId, SessionId
from libs.eventsourcing import Engine, Sql

SCHEMA = """
-- what sessions have to do besides sends. A health check is put to its next time and ends with its session;
-- another task ends when it is done, or expires
create table if not exists pool.tasks (
    session    uuid not null,
    kind       text not null,
    subject    uuid not null,
    adbot      uuid,
    pair       uuid,
    detail     jsonb,
    due_at     timestamptz not null,
    expires_at timestamptz,
    attempts   integer not null default 0,
    primary key (session, kind, subject)
);
create index if not exists tasks_by_due on pool.tasks (due_at);

-- when each living session was reached last, and since when it was not; ends with the session
create table if not exists pool.health (
    session       uuid primary key,
    reached_at    timestamptz,
    failures      integer not null default 0,
    failing_since timestamptz,
    error         text
);
"""

STOCK_TIMES = 4
"""How many times more rarely sessions in stock are checked than those with a seat."""

# each session has a fixed place in its period, so that checks are spread whatever happens at once
_NEXT_CHECKS = f"""
select c.session, p.seconds,
       to_timestamp((floor(p.after / p.seconds - h.place) + 1 + h.place) * p.seconds) as due_at
from clients c left join assignments a using (session),
lateral (select ('x' || substr(md5(c.session::text), 1, 8))::bit(32)::bigint / 4294967296.0::float8
         as place) h,
lateral (select seconds, extract(epoch from clock_timestamp())::float8 + $2::float8 * seconds as after
         from (select $1::float8 * case when a.adbot is null then {STOCK_TIMES} else 1 end as seconds) s) p
where c.alive
"""  # noqa: S608 - constants
_ARM = f"""
insert into pool.tasks (session, kind, subject, due_at)
select session, 'HEALTH', session, due_at from ({_NEXT_CHECKS}) as next
where not exists (select from pool.tasks t where t.session = next.session and t.kind = 'HEALTH')
on conflict do nothing
"""  # noqa: S608 - constants
# checks that were not made in time, as while nothing ran, are not made all at once
_SPREAD = f"""
update pool.tasks t set due_at = next.due_at from ({_NEXT_CHECKS}) as next
where t.session = next.session and t.kind = 'HEALTH' and t.attempts = 0
  and (t.due_at < clock_timestamp() - interval '15 minutes'
       or t.due_at > clock_timestamp() + 1.5 * make_interval(secs => next.seconds))
"""  # noqa: S608 - constants
_CHECKED = f"""
update pool.tasks t set due_at = next.due_at, attempts = 0 from ({_NEXT_CHECKS} and c.session = $3) as next
where t.session = next.session and t.kind = 'HEALTH'
"""  # noqa: S608 - constants
_HALF = 0.5
_DUE = """
    t.due_at <= clock_timestamp() and coalesce(t.expires_at > clock_timestamp(), true)
    and not exists (select from clients c where c.session = t.session
                    and (not c.alive or c.rests_until > clock_timestamp()))
"""
"""The condition that a task is to be done now: it is due, and its account does not rest."""
_NEXT = f"""
select t.kind, t.subject, t.adbot, t.pair, t.detail::text as detail, t.attempts from pool.tasks t
where t.session = $1 and {_DUE} order by t.kind = 'HEALTH', t.due_at limit 1
"""  # noqa: S608 - a constant
_WITH_WORK = f"""
select session, exists (select from sends s where s.session = held.session) as sends,
       exists (select from pool.tasks t where t.session = held.session and {_DUE}) as tasks
from unnest($1::uuid[]) as held (session)
"""  # noqa: S608 - a constant
TAKE_FOR_TASKS = f"""
with wanted as (
    select t.session
    from pool.tasks t left join pool.seats p on p.session = t.session
    where {_DUE} and (p.session is null or p.until < clock_timestamp())
      and t.session <> all($4::uuid[]) and not exists (select from sends s where s.session = t.session)
    group by t.session
    order by bool_and(t.kind = 'HEALTH'), min(t.due_at)
    limit $3
)
insert into pool.seats as p (session, worker, epoch, until)
select session, $1, 1, clock_timestamp() + $2 from wanted
on conflict (session) do update set worker = $1, epoch = p.epoch + 1, until = clock_timestamp() + $2
where p.until < clock_timestamp()
returning session, epoch
"""  # noqa: S608 - a constant


class TaskKind(StrEnum):
    """What is to be done."""

    HEALTH = "HEALTH"
    POST_CHECK = "POST_CHECK"


@dataclass(frozen=True)
class Task:
    """Something that a session has to do apart from sends."""

    kind: TaskKind
    subject: UUID
    """What it is about: the session itself, or a post check."""
    adbot: AdbotId | None
    pair: ApplicationId | None
    detail: str | None
    """JSON, as its kind wants it."""
    attempts: int


async def next_task(sql: Sql, session: SessionId) -> Task | None:
    """Return the task of a session that is to be done now; None if there is none."""
    row = await sql.fetchrow(_NEXT, session)
    if row is None:
        return None
    return Task(
        TaskKind(row["kind"]), row["subject"], row["adbot"], row["pair"], row["detail"], row["attempts"]
    )


async def put_off(sql: Sql, session: SessionId, task: Task, seconds: float) -> None:
    """Let a task be done in so many seconds, without counting an attempt."""
    await sql.execute(
        "update pool.tasks set due_at = clock_timestamp() + $4 "
        "where session = $1 and kind = $2 and subject = $3",
        session,
        task.kind,
        task.subject,
        timedelta(seconds=seconds),
    )


async def remove(sql: Sql, session: SessionId, kind: TaskKind, subject: UUID) -> bool:
    """Delete a task that is done; return whether it was still wanted."""
    done = await sql.execute(
        "delete from pool.tasks where session = $1 and kind = $2 and subject = $3", session, kind, subject
    )
    return done > 0


async def forget_post_checks(sql: Sql, session: SessionId) -> None:
    """Delete the post checks of a session that leaves its adbot."""
    await sql.execute("delete from pool.tasks where session = $1 and kind = $2", session, TaskKind.POST_CHECK)


async def checked(sql: Sql, session: SessionId, period_seconds: float) -> None:
    """Put the health check of a session to its next time, which is at least half a period away."""
    await sql.execute(_CHECKED, period_seconds, _HALF, session)


class Work(NamedTuple):
    """Whether a session has pending sends, and due tasks."""

    sends: bool
    tasks: bool


async def with_work(sql: Sql, held: Collection[SessionId]) -> dict[SessionId, Work]:
    """Return for each of the sessions what work it has."""
    rows = await sql.fetch(_WITH_WORK, list(held))
    return {row["session"]: Work(row["sends"], row["tasks"]) for row in rows}


async def arm(engine: Engine, period_seconds: float) -> None:
    """Give each living session a health check, spread over the period."""
    await engine.query(lambda sql: sql.execute(_ARM, period_seconds, 0.0))
    await engine.query(lambda sql: sql.execute(_SPREAD, period_seconds, 0.0))


async def forget_tasks(sql: Sql) -> None:
    """Delete what has expired, and what dead sessions had to do."""
    await sql.execute(
        "delete from pool.tasks t where t.expires_at < clock_timestamp() "
        "or not exists (select from clients c where c.session = t.session and c.alive)"
    )
    await sql.execute(
        "delete from pool.health h where not exists "
        "(select from clients c where c.session = h.session and c.alive)"
    )
