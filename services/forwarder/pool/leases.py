"""Who holds which session: leases on the database's clock, and each worker's own, earlier deadline."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from libs.events.values import SessionId
from libs.eventsourcing import Engine, Sql

SCHEMA = """
-- one row per session that was ever used; the epoch grows with every change of hands
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
"""

SAFE_PART = 0.8
"""A worker lets go of a session when so much of the lease has passed, counted from before it asked for it."""

_TAKE = """
with load as (
    select count(distinct session) as sessions,
           count(distinct session) filter (where session = any($4::uuid[])) as busy,
           (select count(*) from pool.workers where until > clock_timestamp()) as workers
    from sends
), room as (
    select least(ceil(sessions::numeric / greatest(workers, 1)) - busy, $3 - cardinality($4::uuid[])) as seats
    from load
), wanted as (
    select distinct s.session
    from sends s left join pool.seats p on p.session = s.session
    where (p.session is null or p.until < clock_timestamp()) and s.session <> all($5::uuid[])
    order by s.session
    limit greatest(0, (select seats from room))
)
insert into pool.seats as p (session, worker, epoch, until)
select session, $1, 1, clock_timestamp() + $2 from wanted
on conflict (session) do update set worker = $1, epoch = p.epoch + 1, until = clock_timestamp() + $2
where p.until < clock_timestamp()
returning session, epoch
"""
_RENEW = """
update pool.seats p set until = clock_timestamp() + $2
from unnest($3::uuid[], $4::bigint[]) as held (session, epoch)
where p.session = held.session and p.epoch = held.epoch and p.worker = $1 and p.until > clock_timestamp()
returning p.session
"""


class LeaseLost(Exception):
    """The session is another worker's by now, or may be at any moment."""


def now() -> float:
    """Return a time in seconds that runs on while the process, or the machine, is frozen."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


@dataclass(frozen=True)
class Lease:
    """A session in a worker's hands."""

    session: SessionId
    worker: str
    epoch: int


class Held:
    """A lease, and until when this worker may rely on it."""

    def __init__(self, lease: Lease, deadline: float) -> None:
        self.lease = lease
        self.deadline = deadline

    @property
    def remaining(self) -> float:
        """Seconds until this worker must have let go."""
        return self.deadline - now()

    def check(self) -> None:
        """Raise `LeaseLost` unless the lease can still be relied on."""
        if self.remaining <= 0:
            message = f"the lease of {self.lease.session} was not renewed in time"
            raise LeaseLost(message)


async def require(sql: Sql, lease: Lease) -> None:
    """Raise `LeaseLost` unless the lease is held; nobody else can take it before the transaction ends."""
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

    async def show(self) -> None:
        """Let the other workers know that this one is there to share the work."""
        await self._engine.query(
            lambda sql: sql.execute(
                "insert into pool.workers (worker, until) values ($1, clock_timestamp() + $2) "
                "on conflict (worker) do update set until = clock_timestamp() + $2",
                self._worker,
                self._length,
            )
        )

    async def take(self, held: Collection[SessionId], avoid: Collection[SessionId]) -> list[Held]:
        """Take sessions that have work and are nobody's: this worker's share of them all.

        What it holds counts towards the share only while it has work; what is to be avoided is not taken.
        """
        deadline = self._deadline()
        rows = await self._engine.query(
            lambda sql: sql.fetch(_TAKE, self._worker, self._length, self._most, list(held), [*held, *avoid])
        )
        return [Held(Lease(row["session"], self._worker, row["epoch"]), deadline) for row in rows]

    async def renew(self, held: Sequence[Held]) -> None:
        """Hold what is held for another while; what was lost is over at once."""
        deadline = self._deadline()
        rows = await self._engine.query(
            lambda sql: sql.fetch(
                _RENEW,
                self._worker,
                self._length,
                [one.lease.session for one in held],
                [one.lease.epoch for one in held],
            )
        )
        kept = {row["session"] for row in rows}
        for one in held:
            one.deadline = deadline if one.lease.session in kept else 0.0

    def _deadline(self) -> float:
        return now() + SAFE_PART * self._seconds

    async def release(self, lease: Lease) -> None:
        """Let others take a session at once, if it is still held."""
        await self._engine.query(
            lambda sql: sql.execute(
                "update pool.seats set until = '-infinity' where session = $1 and worker = $2 and epoch = $3",
                lease.session,
                lease.worker,
                lease.epoch,
            )
        )

    async def leave(self) -> None:
        """Let the other workers know that this one is gone."""
        await self._engine.query(
            lambda sql: sql.execute("delete from pool.workers where worker = $1", self._worker)
        )
