"""Events that are not relayed: waiting, held back by an open transaction, or blocked by an error."""

from dataclasses import dataclass
from datetime import datetime

from libs.eventsourcing.model.envelope import Cursor
from libs.eventsourcing.projections.sql import Sql

_WAITING = """
select xid::text as xid, position, extract(epoch from clock_timestamp() - at)::float8 as seconds, (
    select count(*) from (
        select from engine.events
        where (xid, position) > ($1::text::xid8, $2) and xid < engine.horizon() limit $3
    ) as counted
) as events
from engine.events where (xid, position) > ($1::text::xid8, $2) and xid < engine.horizon()
order by events.xid, position limit 1
"""
_TROUBLE = """
select error, since, extract(epoch from clock_timestamp() - since)::float8 as seconds
from engine.relay_troubles where stream = $1
"""
_HELD_BACK = """
select pg_snapshot_xmin(now.snapshot)::text::bigint as oldest,
       pg_snapshot_xmax(now.snapshot)::text::bigint as following,
       (select count(*) from (
            select from engine.events where xid >= engine.horizon() limit $1
       ) as held) as events
from (select pg_current_snapshot() as snapshot) as now
"""


@dataclass(frozen=True)
class WaitingEvents:
    """Events that a relay could publish and has not published."""

    first: Cursor
    seconds: float
    """The age of the first one."""
    events: int


@dataclass(frozen=True)
class RelayTrouble:
    """The error that keeps a relay from publishing."""

    error: str
    since: datetime
    seconds: float


@dataclass(frozen=True)
class HeldBack:
    """Committed events that an open transaction keeps from being relayed."""

    oldest: int
    """The xid of the oldest transaction that is still open; `following` where none is."""
    following: int
    """The next xid that will be assigned."""
    events: int


async def waiting_events(sql: Sql, published: Cursor, *, counted: int) -> WaitingEvents | None:
    """Return the events that wait for the relay, None if none do; counts `counted` at most."""
    row = await sql.fetchrow(_WAITING, str(published.xid), published.position, counted)
    if row is None:
        return None
    return WaitingEvents(Cursor(int(row["xid"]), row["position"]), row["seconds"], row["events"])


async def relay_trouble(sql: Sql, stream: str) -> RelayTrouble | None:
    """Return the error of the relay to this stream, None if it publishes."""
    row = await sql.fetchrow(_TROUBLE, stream)
    return None if row is None else RelayTrouble(row["error"], row["since"], row["seconds"])


async def held_back(sql: Sql, *, counted: int) -> HeldBack:
    """Return the events that are held back from the relay; counts `counted` at most."""
    row = await sql.fetchrow(_HELD_BACK, counted)
    if row is None:
        raise LookupError("a query without a table returned no row")
    return HeldBack(row["oldest"], row["following"], row["events"])
