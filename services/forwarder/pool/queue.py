"""A seat's queue of sends, and the attempts that are stored before a send is made."""

import random
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from pydantic import TypeAdapter

from libs.events.values import (
    AdbotId,
    ApplicationId,
    ChannelPost,
    CycleId,
    ErrorName,
    GroupRef,
    Post,
    ResultClass,
    TextPost,
)
from libs.eventsourcing import Cause, Engine, Row, Sql
from services.forwarder.cycle.tables import delete_ended
from services.forwarder.pool.claims import Rival, claim, forget_claims
from services.forwarder.pool.leases import Lease, LeaseLost, forget_workers
from services.forwarder.ports import Target

SCHEMA = """
-- sends that were begun: without a recorded result, the message may be in the group all the same
create table if not exists pool.attempts (
    cycle      uuid not null,
    grp        text not null,
    session    uuid not null,
    attempts   integer not null,
    doubtful   boolean not null,
    not_before timestamptz,
    primary key (cycle, grp)
);
"""

_POST: TypeAdapter[ChannelPost | TextPost] = TypeAdapter(Post)

_NEXT = """
select greatest(0, coalesce(extract(epoch from p.next_send_at - clock_timestamp()), 0))::float8 as pause,
       greatest(0, coalesce(extract(epoch from k.rests_until - clock_timestamp()), 0))::float8 as rest,
       k.rest_result, k.rest_error, s.*
from pool.seats p
left join clients k on k.session = p.session
left join lateral (
    select s.cycle, s.grp, s.pair, c.adbot, c.post::text as post, c.delay_seconds, c.jitter_seconds,
           c.correlation_id, c.started_by,
           coalesce(a.attempts, 0) as attempts, coalesce(a.doubtful, false) as doubtful,
           extract(epoch from greatest(a.not_before, d.until, clock_timestamp()) - clock_timestamp())::float8
               as wait
    from sends s
    join cycles c on c.cycle = s.cycle
    left join pool.attempts a on a.cycle = s.cycle and a.grp = s.grp and a.session = s.session
    -- slow modes that began in an earlier cycle
    left join denials d on d.adbot = c.adbot and d.ref = s.grp and d.session = s.session
        and d.result = 'SLOW_MODE'
    where s.session = p.session
      and (s.cycle, s.grp) not in (select * from unnest($4::uuid[], $5::text[]))
    order by greatest(a.not_before, d.until, statement_timestamp()),
             c.started_at, s.ordinal, s.grp
    limit 1
) s on true
where p.session = $1 and p.worker = $2 and p.epoch = $3 and p.until > clock_timestamp()
"""
_PACE = """
update pool.seats set next_send_at = clock_timestamp() + $4
where session = $1 and worker = $2 and epoch = $3 and until > clock_timestamp()
"""
_NOTE = """
insert into pool.attempts as a (cycle, grp, session, attempts, doubtful) values ($1, $2, $3, 1, true)
on conflict (cycle, grp) do update set
    attempts = case when a.session = $3 then a.attempts + 1 else 1 end,
    session = $3, doubtful = true, not_before = null
"""
_PUT_OFF = """
insert into pool.attempts as a (cycle, grp, session, attempts, doubtful, not_before)
values ($1, $2, $3, $4, $5, clock_timestamp() + $6)
on conflict (cycle, grp) do update set
    session = $3, attempts = $4, doubtful = $5, not_before = clock_timestamp() + $6
"""

_AT_ONCE = 5000
"""The most rows that one transaction deletes."""

Key = tuple[CycleId, GroupRef]


@dataclass(frozen=True)
class Send:
    """A pending send to a group. `attempts`: how many were begun. `doubtful`: see `Outcome`."""

    cycle: CycleId
    group: GroupRef
    pair: ApplicationId
    adbot: AdbotId
    cause: Cause
    """The cycle's `CycleStarted`."""
    post: ChannelPost | TextPost
    delay_seconds: float
    jitter_seconds: float
    attempts: int
    doubtful: bool

    @property
    def key(self) -> Key:
        """The send's identity: its cycle and group."""
        return self.cycle, self.group


@dataclass(frozen=True)
class Turn:
    """A seat's next action: none without a send, else the send after the longer of these seconds."""

    send: Send | None
    pause: float = 0.0
    """Seconds until the seat may send: it is paced, or paused by a limit."""
    wait: float = 0.0
    """Seconds until the group's retry is due."""
    rest: float = 0.0
    rest_result: ResultClass = ResultClass.RATE_LIMITED
    rest_error: ErrorName = ""


class Queue:
    """The pending sends of one seat, for the worker that has leased it."""

    def __init__(self, engine: Engine, lease: Lease) -> None:
        self._engine = engine
        self._lease = lease

    @property
    def _seat(self) -> tuple[object, str, int]:
        return self._lease.session, self._lease.worker, self._lease.epoch

    async def next(self, done: Collection[Key]) -> Turn:
        """Return the next action, ignoring the sends in `done`, which are not recorded yet."""
        cycles, groups = [key[0] for key in done], [key[1] for key in done]
        row = await self._engine.query(lambda sql: sql.fetchrow(_NEXT, *self._seat, cycles, groups))
        if row is None:
            raise LeaseLost(str(self._lease.session))
        if row["cycle"] is None:
            return Turn(None)
        return Turn(
            _send(row),
            pause=max(row["pause"], row["rest"]),
            wait=row["wait"],
            rest=row["rest"],
            rest_result=ResultClass(row["rest_result"] or ResultClass.RATE_LIMITED),
            rest_error=row["rest_error"] or "",
        )

    async def begin(self, send: Send, target: Target) -> bool | Rival:
        """Store that a send is being made, and when the next may be; return whether it is still pending.

        From now on it is doubtful until Telegram has answered. If another reference has claimed the same
        target, return that one and store nothing.
        """
        pause = timedelta(seconds=send.delay_seconds + random.uniform(0, send.jitter_seconds))
        async with self._engine.pool.acquire() as connection, connection.transaction():
            sql = Sql(connection)
            rival = await claim(sql, send.cycle, send.group, target)
            if rival is not None:
                return rival if await self._wanted(sql, send) else False
            if not await sql.execute(_PACE, *self._seat, pause):
                raise LeaseLost(str(self._lease.session))
            await sql.execute(_NOTE, send.cycle, send.group, self._lease.session)
            return await self._wanted(sql, send)

    async def _wanted(self, sql: Sql, send: Send) -> bool:
        found = await sql.fetchval(
            "select true from sends where cycle = $1 and grp = $2 and session = $3",
            send.cycle,
            send.group,
            self._lease.session,
        )
        return bool(found)

    async def put_off(self, send: Send, seconds: float, *, attempts: int, doubtful: bool) -> None:
        """Store when a group is to be retried, in seconds from now."""
        await self._engine.query(
            lambda sql: sql.execute(
                _PUT_OFF,
                send.cycle,
                send.group,
                self._lease.session,
                attempts,
                doubtful,
                timedelta(seconds=seconds),
            )
        )

    async def left(self, done: Collection[Key]) -> list[Send]:
        """Return all pending sends of the seat, except those in `done`."""
        rows = await self._engine.query(
            lambda sql: sql.fetch(
                "select s.cycle, s.grp, s.pair, c.adbot, c.post::text as post, "
                "c.delay_seconds, c.jitter_seconds, c.correlation_id, c.started_by, "
                "coalesce(a.attempts, 0) as attempts, coalesce(a.doubtful, false) as doubtful "
                "from sends s join cycles c on c.cycle = s.cycle left join pool.attempts a "
                "on a.cycle = s.cycle and a.grp = s.grp and a.session = s.session "
                "where s.session = $1 order by s.cycle, s.ordinal",
                self._lease.session,
            )
        )
        return [send for send in map(_send, rows) if send.key not in done]


async def sweep(engine: Engine) -> None:
    """Delete what was kept for sends that are no longer pending, for ended cycles and for lost workers."""
    await engine.query(
        lambda sql: sql.execute(
            "delete from pool.attempts a where not exists "
            "(select from sends s where s.cycle = a.cycle and s.grp = a.grp)"
        )
    )
    await engine.query(forget_claims)
    await engine.query(forget_workers)
    while await engine.query(lambda sql: delete_ended(sql, _AT_ONCE)) == _AT_ONCE:
        pass


def _send(row: Row) -> Send:
    return Send(
        cycle=row["cycle"],
        group=row["grp"],
        pair=row["pair"],
        adbot=row["adbot"],
        cause=Cause(row["correlation_id"], row["started_by"]),
        post=_POST.validate_json(row["post"]),
        delay_seconds=row["delay_seconds"],
        jitter_seconds=row["jitter_seconds"],
        attempts=row["attempts"],
        doubtful=row["doubtful"],
    )
