"""Records what is known of the sends of a worker that could not record them itself.

A seat stores which of its posts Telegram has confirmed when it begins its next sends, or looks whether the
present ones are still wanted. If it dies before it has recorded them, others do that here.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

from libs.events.forwarder import AbortReason, Delivery
from libs.events.values import CycleId, ResultClass, SessionId
from libs.eventsourcing import Cause, Causes, Engine, Row, Sql, UnitOfWork
from services.forwarder.cycle.commands import MAY_HAVE_ARRIVED, Abort, Outcome, RecordOutcomes
from services.forwarder.cycle.domain import CYCLE
from services.forwarder.cycle.sharing import Seating
from services.forwarder.pool.own_posts import remember

ACTOR = "service:forwarder"
AT_ONCE = 500
"""How many sends are recorded in one transaction at most."""
_KNOWN = "select * from pool.attempts where sent_at is not null and {} order by cycle, grp"
# a worker with a valid lease records such sends itself
_ABANDONED = """
select a.* from pool.attempts a
where (a.doubtful or a.sent_at is not null)
  and not exists (select from sends s where s.cycle = a.cycle and s.grp = a.grp)
  and not exists (select from pool.seats p where p.session = a.session and p.until > clock_timestamp())
order by a.cycle, a.grp
limit $1
"""
_FORGET_OTHERS = """
delete from pool.attempts a
where not (a.doubtful or a.sent_at is not null)
  and not exists (select from sends s where s.cycle = a.cycle and s.grp = a.grp)
"""


async def record_known_of_cycle(unit: UnitOfWork, cycle: CycleId) -> None:
    """Record the confirmed sends of a cycle that is about to end."""
    await _record(unit, await unit.flushed.fetch(_KNOWN.format("cycle = $1"), cycle))


async def record_known_of_seat(unit: UnitOfWork, session: SessionId) -> None:
    """Record the confirmed sends of a session's last worker."""
    await _record(unit, await unit.flushed.fetch(_KNOWN.format("session = $1"), session))


async def abort(unit: UnitOfWork, cycle: CycleId, *, because: Cause | None = None) -> None:
    """Abort a cycle that is not wanted any more; what is known to have arrived counts as sent."""
    await record_known_of_cycle(unit, cycle)
    await unit.execute(CYCLE, cycle, Abort(AbortReason.STOPPED, unit.at), because=because)


async def any_known(sql: Sql, session: SessionId) -> bool:
    """Return whether confirmed sends of a session's last worker are stored."""
    query = "select exists (select from pool.attempts where session = $1 and sent_at is not null)"
    return bool(await sql.fetchval(query, session))


async def forget(unit: UnitOfWork, cycle: CycleId, groups: Sequence[str]) -> None:
    """Delete the attempts of groups that are done with, or another seat's now."""
    await unit.flushed.execute(
        "delete from pool.attempts where cycle = $1 and grp = any($2)", cycle, list(groups)
    )


async def record_abandoned(engine: Engine) -> None:
    """Record the sends that a dead worker had begun in cycles that have ended since, and forget all others.

    Those that were not confirmed are recorded as what they are: nobody knows whether they arrived.
    """

    async def work(unit: UnitOfWork) -> int:
        rows = await unit.flushed.fetch(_ABANDONED, AT_ONCE)
        await _record(unit, rows)
        return len(rows)

    while (await engine.run(work, Causes.unprompted(ACTOR))).value == AT_ONCE:
        pass
    await engine.query(lambda sql: sql.execute(_FORGET_OTHERS))


async def _record(unit: UnitOfWork, rows: Sequence[Row]) -> None:
    for cycle, found in groupby(rows, key=lambda row: CycleId(row["cycle"])):
        some = list(found)
        if (cause := _cause(some[-1])) is not None and await unit.load(CYCLE, cycle) is not None:
            outcomes = tuple(_outcome(row, unit.at) for row in some)
            record = RecordOutcomes(outcomes, Seating(), unit.at)
            events = await unit.execute(CYCLE, cycle, record, because=cause)
            await remember(unit, cycle, events)
        await forget(unit, cycle, [row["grp"] for row in some])


def _outcome(row: Row, at: datetime) -> Outcome:
    known, messages = row["sent_at"] is not None, tuple(row["messages"] or ())
    arrived = ResultClass.SENT if messages else ResultClass.ALREADY_SENT
    delivery = Delivery(
        group=row["grp"],
        session=row["session"],
        result=arrived if known else ResultClass.UNKNOWN,
        error="" if known else MAY_HAVE_ARRIVED,
        messages=messages,
        at=row["sent_at"] or at,
    )
    return Outcome(delivery, doubtful=not known)


def _cause(row: Row) -> Cause | None:
    """Return the `CycleStarted`; None for an attempt of an earlier version."""
    correlation: UUID | None = row["correlation_id"]
    return None if correlation is None else Cause(correlation, row["started_by"])
