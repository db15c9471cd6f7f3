"""What keeps events from the stream: those that wait for the relay, are held back, or can't be published."""

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
select error, since, extract(epoch from now() - since)::float8 as seconds
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
    """Events that a relay could publish and has not."""

    first: Cursor
    seconds: float
    """How old the first one is."""
    events: int


@dataclass(frozen=True)
class RelayTrouble:
    """Why a relay does not publish."""

    error: str
    since: datetime
    seconds: float


@dataclass(frozen=True)
class HeldBack:
    """Committed events that an open transaction keeps from being relayed."""

    oldest: int
    """The xid of the oldest transaction that is still open; `following` where none is."""
    following: int
    """The next xid to be given."""
    events: int


async def waiting_events(sql: Sql, published: Cursor, *, counted: int) -> WaitingEvents | None:
    """Return what waits behind the last published event, None if nothing does; counts `counted` at most."""
    row = await sql.fetchrow(_WAITING, str(published.xid), published.position, counted)
    if row is None:
        return None
    return WaitingEvents(Cursor(int(row["xid"]), row["position"]), row["seconds"], row["events"])


async def relay_trouble(sql: Sql, stream: str) -> RelayTrouble | None:
    """Return why the relay to this stream does not publish, None if it does."""
    row = await sql.fetchrow(_TROUBLE, stream)
    return None if row is None else RelayTrouble(row["error"], row["since"], row["seconds"])


async def held_back(sql: Sql, *, counted: int) -> HeldBack:
    """Return what is held back from the relay; counts `counted` events at most."""
    row = await sql.fetchrow(_HELD_BACK, counted)
    if row is None:
        raise LookupError("a query without a table returned no row")
    return HeldBack(row["oldest"], row["following"], row["events"])
