"""A pause of everything: no send begins from its instant on, and running cycles are aborted bit by bit.

Thousands of cycles may run, and each of them ends with an event or more: together they would be one unit of
work that readers have to take whole.
"""

from datetime import datetime

from libs.eventsourcing import Cause, Sql, UnitOfWork
from services.forwarder.pool.recovery import abort

SCHEMA = """
-- one row while everything is paused, and until the cycles are aborted that ran then; `ends`: it is over
create table if not exists pool.paused (
    everything boolean primary key default true check (everything)
);
alter table pool.paused add column if not exists ends boolean not null default false;

-- the running cycles that a pause has yet to abort, and what caused it
create table if not exists pool.paused_cycles (
    cycle          uuid primary key,
    at             timestamptz not null,
    correlation_id uuid not null,
    caused_by      uuid not null
);
"""
ABORTED_TOGETHER = 100
"""How many cycles are aborted in one unit of work."""


async def pause(unit: UnitOfWork) -> None:
    """Let no send begin, and have the running cycles aborted."""
    caused = unit.cause.envelope
    await unit.flushed.execute(
        "insert into pool.paused default values on conflict (everything) do update set ends = false"
    )
    await unit.flushed.execute(
        "insert into pool.paused_cycles select cycle, $1, $2, $3 from cycles where running "
        "on conflict do nothing",
        unit.at,
        caused.correlation_id,
        caused.id,
    )
    await abort_some(unit)


async def resume(sql: Sql) -> None:
    """Let cycles begin again; their sends wait until those that the pause was to abort are."""
    await sql.execute("update pool.paused set ends = true")
    await _end_pause(sql)


async def paused(sql: Sql) -> bool:
    """Return whether no cycle may begin."""
    return bool(await sql.fetchval("select exists (select from pool.paused where not ends)"))


async def next_abort(sql: Sql) -> datetime | None:
    """Return since when cycles wait to be aborted; None if there are none."""
    at: datetime | None = await sql.fetchval("select min(at) from pool.paused_cycles")
    return at


async def abort_some(unit: UnitOfWork) -> int:
    """Abort some of the cycles that ran when everything was paused; return how many."""
    rows = await unit.flushed.fetch(
        "delete from pool.paused_cycles where cycle in "
        "(select cycle from pool.paused_cycles order by cycle limit $1 for update skip locked) returning *",
        ABORTED_TOGETHER,
    )
    for row in rows:
        await abort(unit, row["cycle"], because=Cause(row["correlation_id"], row["caused_by"]))
    await _end_pause(unit.flushed)
    return len(rows)


async def _end_pause(sql: Sql) -> None:
    await sql.execute("delete from pool.paused where ends and not exists (select from pool.paused_cycles)")
