"""A seat's queue of sends, and the attempts that are stored before a send is made."""

import math
import random
from collections.abc import Collection, Sequence
from datetime import timedelta

from libs.events.values import CycleId, GroupRef, ResultClass
from libs.eventsourcing import Engine, Row, Sql
from services.forwarder.pool.budget import DAILY_BUDGET, DailyBudget
from services.forwarder.pool.claims import Rival, place, rival
from services.forwarder.pool.leases import Lease, LeaseLost
from services.forwarder.pool.own_posts import array_of
from services.forwarder.pool.sends import Delivered, Key, Send, Turn, send_of
from services.forwarder.ports import Target
from services.forwarder.settings import ForwarderSettings

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
-- where the send goes, what caused it, and what the messenger has answered if it arrived
alter table pool.attempts
    add column if not exists channel        bigint,
    add column if not exists topic          bigint,
    add column if not exists correlation_id uuid,
    add column if not exists started_by     uuid,
    add column if not exists messages       bigint[],
    add column if not exists sent_at        timestamptz;
"""

_NEXT = """
select greatest(0, coalesce(extract(epoch from p.next_send_at - clock_timestamp()), 0))::float8 as pause,
       greatest(0, coalesce(extract(epoch from k.rests_until - clock_timestamp()), 0))::float8 as rest,
       k.rest_result, k.rest_error,
       least($7, coalesce((
           select b.sends from unnest($8::integer[], $9::integer[]) as b (age, sends)
           where k.imported_at <= clock_timestamp() - b.age * interval '1 day' order by b.age desc limit 1
       ), $7)) - coalesce(u.sends, 0) as budget,
       s.*
from pool.seats p
left join clients k on k.session = p.session
left join pool.days u on u.session = p.session and u.day = (clock_timestamp() at time zone 'UTC')::date
left join lateral (
    select s.cycle, s.grp, s.pair, c.adbot, c.post::text as post, c.options::text as options,
           c.delay_seconds, c.jitter_seconds, c.correlation_id, c.started_by,
           coalesce(a.attempts, 0) as attempts, coalesce(a.doubtful, false) as doubtful,
           extract(epoch from greatest(a.not_before, d.until, clock_timestamp()) - clock_timestamp())::float8
               as wait
    from sends s
    join cycles c on c.cycle = s.cycle
    left join pool.attempts a on a.cycle = s.cycle and a.grp = s.grp and a.session = s.session
    -- slow modes that began in an earlier cycle
    left join denials d on d.adbot = c.adbot and d.ref = s.grp and d.session = s.session
        and d.result = 'SLOW_MODE'
    where s.session = p.session and not exists (select from pool.paused)
      and (s.cycle, s.grp) not in (select * from unnest($4::uuid[], $5::text[]))
    order by greatest(a.not_before, d.until, statement_timestamp()),
             c.started_at, s.ordinal, s.grp
    limit $6
) s on true
where p.session = $1 and p.worker = $2 and p.epoch = $3 and p.until > clock_timestamp()
"""
# Claims are made in one order, so that two seats never wait for each other. The claim's update changes
# nothing, but makes a concurrent release wait. Without the first target no attempt is stored.
_BEGIN = """
with lease as materialized (
    select session from pool.seats
    where session = $1 and worker = $2 and epoch = $3 and until > clock_timestamp()
    for no key update
), claimed as (
    insert into pool.claims as c (cycle, channel, topic, grp)
    select $5, w.channel, w.topic, w.grp
    from lease, unnest($11::bigint[], $12::bigint[], $6::text[]) as w (channel, topic, grp)
    where not exists (select from pool.paused)
    order by w.channel, w.topic
    on conflict (cycle, channel, topic) do update set grp = c.grp
    returning grp
), own as materialized (
    select array(select grp from claimed) as groups
), paced as (
    update pool.seats set next_send_at = clock_timestamp() + $4
    where session = $1 and ($6::text[])[1] = any((select groups from own)::text[])
), begun as (
    insert into pool.attempts as a
        (cycle, grp, session, attempts, doubtful, channel, topic, correlation_id, started_by)
    select s.cycle, s.grp, s.session, 1, true, w.channel, w.topic, c.correlation_id, c.started_by
    from own, unnest($11::bigint[], $12::bigint[], $6::text[]) as w (channel, topic, grp)
    join sends s on s.cycle = $5 and s.grp = w.grp and s.session = $1
    join cycles c on c.cycle = s.cycle
    where s.grp = any(own.groups) and ($6::text[])[1] = any(own.groups)
    on conflict (cycle, grp) do update set
        attempts = case when a.session = $1 then a.attempts + 1 else 1 end,
        session = $1, doubtful = true, not_before = null,
        channel = excluded.channel, topic = excluded.topic,
        correlation_id = excluded.correlation_id, started_by = excluded.started_by,
        messages = null, sent_at = null
    returning grp
), arrived as (
    update pool.attempts a set messages = w.messages::bigint[], sent_at = w.at
    from lease, unnest($7::uuid[], $8::text[], $9::text[], $10::timestamptz[]) as w (cycle, grp, messages, at)
    where a.cycle = w.cycle and a.grp = w.grp and a.session = lease.session and a.sent_at is null
), repeated as (
    select grp from pool.attempts where session = $1 and cycle = $5 and grp = any($6) and doubtful
), counted as (
    insert into pool.days as d (session, day, sends)
    select $1, (clock_timestamp() at time zone 'UTC')::date, count(*) from begun
    where grp not in (select grp from repeated) having count(*) > 0
    on conflict (session, day) do update set sends = d.sends + excluded.sends
)
select exists (select from lease) as held, own.groups as own, array(select grp from begun) as begun
from own
"""
_GIVE_BACK = """
with lease as (
    update pool.seats set next_send_at = clock_timestamp() + $4
    where session = $1 and worker = $2 and epoch = $3 and until > clock_timestamp()
    returning session
), unclaimed as (
    delete from pool.claims where cycle = $5 and grp = any($6) and exists (select from lease)
), uncounted as (
    update pool.days set sends = greatest(0, sends - cardinality($6::text[]))
    where session = (select session from lease) and day = (clock_timestamp() at time zone 'UTC')::date
)
delete from pool.attempts where cycle = $5 and grp = any($6) and session = (select session from lease)
"""
_WANTED = """
with lease as (
    select session from pool.seats
    where session = $1 and worker = $2 and epoch = $3 and until > clock_timestamp()
), arrived as (
    update pool.attempts a set messages = w.messages::bigint[], sent_at = w.at
    from lease, unnest($7::uuid[], $8::text[], $9::text[], $10::timestamptz[]) as w (cycle, grp, messages, at)
    where a.cycle = w.cycle and a.grp = w.grp and a.session = lease.session and a.sent_at is null
), paced as (
    update pool.seats set next_send_at = clock_timestamp() + $4
    where session = $1 and worker = $2 and epoch = $3 and until > clock_timestamp()
      and next_send_at < clock_timestamp() + $4 - interval '50 milliseconds'
)
select array(select grp from sends where session = p.session and cycle = $5 and grp = any($6)) as groups,
       coalesce(k.rests_until > clock_timestamp(), false) or exists (select from pool.paused) as rests
from pool.seats p left join clients k on k.session = p.session
where p.session = $1 and p.worker = $2 and p.epoch = $3 and p.until > clock_timestamp()
"""
_PUT_OFF = """
with lease as (
    select session from pool.seats
    where session = $1 and worker = $2 and epoch = $3 and until > clock_timestamp()
    for no key update
)
insert into pool.attempts as a (cycle, grp, session, attempts, doubtful, not_before)
select $5, $6, session, $7, $8, clock_timestamp() + $4 from lease
on conflict (cycle, grp) do update set
    session = excluded.session, attempts = $7, doubtful = $8, not_before = excluded.not_before
"""


class Queue:
    """The pending sends of one seat, for the worker that has leased it."""

    def __init__(self, engine: Engine, lease: Lease, settings: ForwarderSettings | None = None) -> None:
        self._engine = engine
        self._lease = lease
        budget = DailyBudget() if settings is None else DailyBudget.of(settings)
        self._budget = budget.most, list(budget.ages), list(budget.sends)

    @property
    def _seat(self) -> tuple[object, str, int]:
        return self._lease.session, self._lease.worker, self._lease.epoch

    async def next(self, done: Collection[Key], most: int = 1) -> Turn:
        """Return the next action, ignoring the sends in `done`, which are not recorded yet.

        At most `most` sends are read.
        """
        cycles, groups = [key[0] for key in done], [key[1] for key in done]
        rows = await self._engine.query(
            lambda sql: sql.fetch(_NEXT, *self._seat, cycles, groups, most, *self._budget)
        )
        if not rows:
            raise LeaseLost(str(self._lease.session))
        row = rows[0]
        if row["cycle"] is None:
            return Turn(None)
        send = send_of(row)
        # a repeat of a send that may have arrived was counted before
        if row["budget"] < 1 and not send.doubtful and not row["rest"]:
            return Turn(send, rest=math.inf, rest_result=ResultClass.LEFT_OUT, rest_error=DAILY_BUDGET)
        behind = [
            send_of(other, send)
            for other in rows[1:]
            if (other["cycle"], other["pair"]) == (send.cycle, send.pair)
            and not (other["wait"] > 0 or other["attempts"] or other["doubtful"])
        ]
        return Turn(
            send,
            tuple(behind[: max(0, row["budget"] - 1)]),
            pause=max(row["pause"], row["rest"]),
            wait=row["wait"],
            rest=row["rest"],
            rest_result=ResultClass(row["rest_result"] or ResultClass.RATE_LIMITED),
            rest_error=row["rest_error"] or "",
        )

    async def begin(
        self, send: Send, target: Target, *behind: tuple[Send, Target], arrived: Sequence[Delivered] = ()
    ) -> list[tuple[Send, float]] | Rival:
        """Store that sends of one cycle are being made, and when the next may be after all of them.

        Return those that are still pending, each with the seconds from its start to the next one. From now
        on they are doubtful until Telegram has answered. If another reference has claimed the first one's
        target, return that one and store no attempt; later sends of which that is true are left out. Stores
        also which sends have arrived since, in case that this worker can't record it.
        """
        wanted: dict[tuple[int, int], Send] = {}
        for one, its in [(send, target), *behind]:
            wanted.setdefault(place(its), one)
        pauses = {
            one.group: one.delay_seconds + random.uniform(0, one.jitter_seconds) for one in wanted.values()
        }
        row = await self._engine.query(
            lambda sql: sql.fetchrow(
                _BEGIN,
                *self._seat,
                timedelta(seconds=sum(pauses.values())),
                send.cycle,
                list(pauses),
                *_columns(arrived),
                [channel for channel, _ in wanted],
                [topic for _, topic in wanted],
            )
        )
        if row is None or not row["held"]:
            raise LeaseLost(str(self._lease.session))
        if send.group not in row["own"]:
            return await self._engine.query(lambda sql: self._rival(sql, send, target)) or []
        return [(one, pauses[one.group]) for one in wanted.values() if one.group in row["begun"]]

    async def give_back(self, sends: Sequence[Send], seconds: float) -> None:
        """Undo the beginning of sends of one cycle that were not made; the next may be in so many seconds."""
        cycle = sends[0].cycle
        await self._engine.query(lambda sql: self._in_cycle(sql, _GIVE_BACK, cycle, sends, seconds))

    async def still_wanted(
        self, sends: Sequence[Send], seconds: float, arrived: Sequence[Delivered] = ()
    ) -> set[GroupRef] | None:
        """Return the groups of begun sends of one cycle that are still pending; None while it is paused.

        The seat, or everything, may be paused. The seat makes no other send within `seconds`, the time that
        these take. Stores also which sends have
        arrived since they began.
        """
        cycle = sends[0].cycle
        known = _columns(arrived)
        row = await self._engine.query(
            lambda sql: self._in_cycle(sql, _WANTED, cycle, sends, seconds, *known)
        )
        if row is None:
            raise LeaseLost(str(self._lease.session))
        return None if row["rests"] else set(row["groups"])

    async def _in_cycle(
        self, sql: Sql, statement: str, cycle: CycleId, sends: Sequence[Send], seconds: float, *more: object
    ) -> Row | None:
        groups = [send.group for send in sends]
        return await sql.fetchrow(statement, *self._seat, timedelta(seconds=seconds), cycle, groups, *more)

    async def _rival(self, sql: Sql, send: Send, target: Target) -> Rival | None:
        other = await rival(sql, send.cycle, send.group, target)
        # asked last: if the cycle ends in between, the other send is not pending, but was not made either
        pending = await sql.fetchval(
            "select true from sends where cycle = $1 and grp = $2 and session = $3",
            send.cycle,
            send.group,
            self._lease.session,
        )
        return other if pending else None

    async def put_off(self, send: Send, seconds: float, *, attempts: int, doubtful: bool) -> None:
        """Store when a group is to be retried, in seconds from now."""
        time = timedelta(seconds=seconds)
        stored = await self._engine.query(
            lambda sql: sql.execute(_PUT_OFF, *self._seat, time, send.cycle, send.group, attempts, doubtful)
        )
        if not stored:
            raise LeaseLost(str(self._lease.session))

    async def left(self, done: Collection[Key]) -> list[Send]:
        """Return all pending sends of the seat, except those in `done`."""
        rows = await self._engine.query(
            lambda sql: sql.fetch(
                "select s.cycle, s.grp, s.pair, c.adbot, c.post::text as post, c.options::text as options, "
                "c.delay_seconds, c.jitter_seconds, c.correlation_id, c.started_by, "
                "coalesce(a.attempts, 0) as attempts, coalesce(a.doubtful, false) as doubtful "
                "from sends s join cycles c on c.cycle = s.cycle left join pool.attempts a "
                "on a.cycle = s.cycle and a.grp = s.grp and a.session = s.session "
                "where s.session = $1 order by s.cycle, s.ordinal",
                self._lease.session,
            )
        )
        return [send for send in map(send_of, rows) if send.key not in done]


def _columns(arrived: Sequence[Delivered]) -> tuple[list[object], ...]:
    return (
        [send.cycle for send, _ in arrived],
        [send.group for send, _ in arrived],
        [array_of(delivery.messages) for _, delivery in arrived],
        [delivery.at for _, delivery in arrived],
    )
