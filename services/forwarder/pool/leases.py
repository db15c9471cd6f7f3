"""Leases of sessions to workers on the database's clock, and each worker's own, earlier deadline."""

import math
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from libs.events.values import SessionId
from libs.eventsourcing import Engine, Sql
from services.forwarder.pool.tasks import TAKE_FOR_TASKS

SCHEMA = """
-- one row per session that was ever leased; the epoch grows with every new lease
create table if not exists pool.seats (
    session      uuid primary key,
    worker       text not null,
    epoch        bigint not null,
    until        timestamptz not null,
    next_send_at timestamptz
);
create index if not exists seats_by_worker on pool.seats (worker);

create table if not exists pool.workers (
    worker text primary key,
    until  timestamptz not null
);
-- how many more sessions it may lease; 0 for workers of earlier versions, which say nothing
alter table pool.workers add column if not exists room integer not null default 0;
alter table pool.workers add column if not exists sends_a_minute double precision;
"""

SAFE_PART = 0.8
"""The part of a lease for which a worker uses it, counted from before the request for it."""

# each step is one look into the index of `sends`: the cost grows with sessions, not with their sends
_TAKE = """
with recursive pending as (
    (select session from sends order by session limit 1)
    union all
    select (select s.session from sends s where s.session > p.session order by s.session limit 1)
    from pending p where p.session is not null
), load as (
    select count(session) as sessions,
           count(session) filter (where session = any($4::uuid[])) as busy,
           (select count(*) from pool.workers where until > clock_timestamp()) as workers
    from pending
), room as (
    select least(ceil(sessions::numeric / greatest(workers, 1)) - busy, $3 - cardinality($4::uuid[])) as seats
    from load
), wanted as (
    select s.session
    from pending s left join pool.seats p on p.session = s.session
    where s.session is not null and (p.session is null or p.until < clock_timestamp())
      and s.session <> all($5::uuid[])
    order by s.session
    limit greatest(0, (select seats from room))
)
insert into pool.seats as p (session, worker, epoch, until)
select session, $1, 1, clock_timestamp() + $2 from wanted
on conflict (session) do update set worker = $1, epoch = p.epoch + 1, until = clock_timestamp() + $2
where p.until < clock_timestamp()
returning session, epoch
"""
_SHOW = """
with shown as (
    insert into pool.workers (worker, until, room, sends_a_minute)
    values ($1, clock_timestamp() + $2, $3, $4)
    on conflict (worker) do update set until = clock_timestamp() + $2, room = $3, sends_a_minute = $4
)
select 1 + count(*) from pool.workers where worker <> $1 and until > clock_timestamp()
"""
# the sessions of living workers that have pending sends, and what others could lease
_SURPLUS = """
with living as (
    select worker, room from pool.workers where until > clock_timestamp() or worker = $1
), busy as (
    select p.worker, p.session from pool.seats p join living using (worker)
    where p.until > clock_timestamp() and exists (select from sends s where s.session = p.session)
), load as (
    select count(*) filter (where worker = $1 and session <> all($2::uuid[])) as own,
           ceil(count(*)::numeric / (select count(*) from living)) as share
    from busy
)
select greatest(0, least(own - share, (select sum(room) from living where worker <> $1)))::integer from load
"""
_NEXT_END = """
select extract(epoch from min(p.until) - clock_timestamp())::float8 from pool.seats p
where p.worker <> $1 and p.until > clock_timestamp()
  and exists (select from sends s where s.session = p.session)
"""
# rows that others hold just now are passed over: a renewal of many that waited for one of them could deadlock
# with seats that record together
_RENEW_FREE = """
with free as (
    select p.session
    from pool.seats p join unnest($3::uuid[], $4::bigint[]) as held (session, epoch) using (session, epoch)
    where p.worker = $1 and p.until > clock_timestamp()
    for no key update of p skip locked
)
update pool.seats p set until = clock_timestamp() + $2 from free where p.session = free.session
returning p.session
"""
_RENEW = """
update pool.seats p set until = clock_timestamp() + $2
from unnest($3::uuid[], $4::bigint[]) as held (session, epoch)
where p.session = held.session and p.epoch = held.epoch and p.worker = $1 and p.until > clock_timestamp()
returning p.session
"""


class LeaseLost(Exception):
    """The lease has expired or is about to: another worker may lease the session."""


def now() -> float:
    """Return a time in seconds that advances even while the process, or the machine, is frozen."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


@dataclass(frozen=True)
class Lease:
    """The lease of a session by a worker. The epoch is its fencing token."""

    session: SessionId
    worker: str
    epoch: int


class HeldLease:
    """A lease and this worker's deadline for it."""

    def __init__(self, lease: Lease, deadline: float) -> None:
        self.lease = lease
        self.deadline = deadline

    @property
    def remaining(self) -> float:
        """How many seconds this worker may still use the lease."""
        return self.deadline - now()

    def check(self) -> None:
        """Raise `LeaseLost` if the deadline has passed."""
        if self.remaining <= 0:
            message = f"the lease of {self.lease.session} was not renewed in time"
            raise LeaseLost(message)


async def require(sql: Sql, lease: Lease) -> None:
    """Raise `LeaseLost` unless the lease is valid; nobody else can take it before the transaction ends."""
    held = await sql.fetchval(
        "select true from pool.seats where session = $1 and worker = $2 and epoch = $3 "
        "and until > clock_timestamp() for share",
        lease.session,
        lease.worker,
        lease.epoch,
    )
    if held is None:
        message = f"the session {lease.session} is another worker's"
        raise LeaseLost(message)


async def forget_workers(sql: Sql) -> None:
    """Delete workers that have not been seen for a day: their process was killed, or its machine is gone."""
    await sql.execute("delete from pool.workers where until < clock_timestamp() - interval '1 day'")


class Leases:
    """One worker's leases."""

    def __init__(self, engine: Engine, worker: str, seconds: float, most: int) -> None:
        self._engine = engine
        self._worker = worker
        self._seconds = seconds
        self._most = most

    @property
    def _length(self) -> timedelta:
        return timedelta(seconds=self._seconds)

    async def show(self, held: int = 0, sends_a_minute: float = 0.0) -> int:
        """Register this worker, its room and its pace; return how many live, which shares depend on.

        `held` is the number of its leases. It must be repeated after every renewal: a dead worker is
        no longer counted when its leases end.
        """
        length = SAFE_PART * self._length
        workers: int = await self._engine.query(
            lambda sql: sql.fetchval(_SHOW, self._worker, length, self._most - held, sends_a_minute)
        )
        return workers

    async def surplus(self, leaving: Collection[SessionId]) -> int:
        """Return how many sessions with pending sends this worker holds beyond its share.

        At most as many as other workers can lease. Sessions in `leaving` are being given up already.
        """
        found: int = await self._engine.query(lambda sql: sql.fetchval(_SURPLUS, self._worker, list(leaving)))
        return found

    async def next_end(self) -> float:
        """Return the seconds until a lease of another worker with pending sends ends; infinite without one.

        Only those of dead workers end; the others are renewed before.
        """
        seconds = await self._engine.query(lambda sql: sql.fetchval(_NEXT_END, self._worker))
        return math.inf if seconds is None else float(seconds)

    async def take(self, held: Collection[SessionId], avoid: Collection[SessionId]) -> list[HeldLease]:
        """Lease sessions that have pending sends and no lease, up to this worker's share of all.

        Sessions that it has leased count towards the share only while they have pending sends. Sessions in
        `avoid` are not leased.
        """
        deadline = self._deadline()
        rows = await self._engine.query(
            lambda sql: sql.fetch(_TAKE, self._worker, self._length, self._most, list(held), [*held, *avoid])
        )
        return [HeldLease(Lease(row["session"], self._worker, row["epoch"]), deadline) for row in rows]

    async def take_for_tasks(self, most: int, avoid: Collection[SessionId]) -> list[HeldLease]:
        """Lease sessions without pending sends and without a lease that have due tasks, at most so many."""
        deadline = self._deadline()
        rows = await self._engine.query(
            lambda sql: sql.fetch(TAKE_FOR_TASKS, self._worker, self._length, most, list(avoid))
        )
        return [HeldLease(Lease(row["session"], self._worker, row["epoch"]), deadline) for row in rows]

    async def renew(self, held: Sequence[HeldLease]) -> None:
        """Renew leases; the deadline of a lost one is set to the past."""
        deadline = self._deadline()
        renewed = await self._renewed(_RENEW_FREE, held)
        for one in held:
            until = deadline
            if one.lease.session not in renewed:  # it is lost, or somebody holds its row
                until = self._deadline()
                renewed |= await self._renewed(_RENEW, [one])
            one.deadline = until if one.lease.session in renewed else 0.0

    async def _renewed(self, statement: str, held: Sequence[HeldLease]) -> set[SessionId]:
        rows = await self._engine.query(
            lambda sql: sql.fetch(
                statement,
                self._worker,
                self._length,
                [one.lease.session for one in held],
                [one.lease.epoch for one in held],
            )
        )
        return {row["session"] for row in rows}

    def _deadline(self) -> float:
        return now() + SAFE_PART * self._seconds

    async def release(self, lease: Lease) -> None:
        """Release a lease, so that others can take the session at once; no-op if it was lost."""
        await self._engine.query(
            lambda sql: sql.execute(
                "update pool.seats set until = '-infinity' where session = $1 and worker = $2 and epoch = $3",
                lease.session,
                lease.worker,
                lease.epoch,
            )
        )

    async def leave(self) -> None:
        """Unregister this worker."""
        await self._engine.query(
            lambda sql: sql.execute("delete from pool.workers where worker = $1", self._worker)
        )
