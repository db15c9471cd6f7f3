"""State tables of the stock: all sessions, and the number that uses each Telegram application."""

from libs.events.provisioning import (
    ApiPairAdded,
    SessionAssigned,
    SessionLost,
    SessionReleased,
    SessionStocked,
)
from libs.events.values import ApplicationId, Seat, SessionId
from libs.eventsourcing import Projection, Sql, TableSql

STOCK = Projection(
    "stock",
    version=1,
    ddl="""
    create table stock (
        session  uuid primary key,
        turn     bigint generated always as identity,
        status   text not null check (status in ('UNUSED', 'ASSIGNED', 'BANNED', 'FROZEN', 'RETIRED')),
        own_pair uuid,
        pair     uuid,
        adbot    uuid,
        check ((status = 'ASSIGNED') = (adbot is not null))
    );
    create index unused_sessions on stock (turn) where status = 'UNUSED';
    create table pairs (
        pair     uuid primary key,
        turn     bigint generated always as identity,
        known    boolean not null default false,
        assigned integer not null default 0 check (assigned >= 0),
        kept     integer not null default 0 check (kept >= 0)
    );
    """,
)
"""Sessions and Telegram applications; `turn` orders both by arrival.

`kept` counts the unused sessions that were uploaded with an application.
"""

_NEXT_SEAT = """
select s.session, coalesce(s.own_pair, free.pair) as pair
from stock s
left join pairs own on own.pair = s.own_pair and own.known
left join (
    select pair from pairs where known and assigned + kept < $1 order by assigned + kept, turn limit 1
) free on s.own_pair is null
where s.status = 'UNUSED' and (free.pair is not null or own.assigned < $1)
order by s.turn limit 1
"""


async def next_seat(sql: Sql, *, max_sessions_per_pair: int) -> Seat | None:
    """Return the oldest session that can be assigned, with its own application or the least used one."""
    row = await sql.fetchrow(_NEXT_SEAT, max_sessions_per_pair)
    return Seat(session=SessionId(row["session"]), pair=ApplicationId(row["pair"])) if row else None


@STOCK.on(ApiPairAdded)
async def added(event: ApiPairAdded, sql: TableSql) -> None:
    """Allow sessions to be assigned with the application."""
    await sql.execute(
        "insert into pairs (pair, known) values ($1, true) on conflict (pair) do update set known = true",
        event.pair,
    )


@STOCK.on(SessionStocked)
async def stocked(event: SessionStocked, sql: TableSql) -> None:
    """Add an unused session, for which its own application, if any, reserves capacity."""
    await sql.insert(session=event.session, status="UNUSED", own_pair=event.pair)
    if event.pair is not None:
        await sql.execute(
            "insert into pairs as p (pair, kept) values ($1, 1) "
            "on conflict (pair) do update set kept = p.kept + 1",
            event.pair,
        )


@STOCK.on(SessionAssigned)
async def assigned(event: SessionAssigned, sql: TableSql) -> None:
    """Count the session on its Telegram application.

    Transactions that use the same application conflict on its row, so that it never exceeds its limit.
    """
    await sql.execute(
        "update stock set status = 'ASSIGNED', adbot = $2, pair = $3 where session = $1",
        event.session,
        event.adbot,
        event.pair,
    )
    await sql.execute(
        "update pairs set assigned = assigned + 1, "
        "kept = kept - (select count(own_pair) from stock where session = $2) where pair = $1",
        event.pair,
        event.session,
    )


@STOCK.on(SessionReleased)
async def released(event: SessionReleased, sql: TableSql) -> None:
    """Return the session to its old place in the order of the stock."""
    await _leave(event.session, "UNUSED", sql)
    await sql.execute(
        "update pairs set kept = kept + 1 where pair = (select own_pair from stock where session = $1)",
        event.session,
    )


@STOCK.on(SessionLost)
async def lost(event: SessionLost, sql: TableSql) -> None:
    """Remove the session from the stock and from its application."""
    if event.adbot is None:
        await sql.execute(
            "update pairs set kept = kept - 1 where pair = (select own_pair from stock where session = $1)",
            event.session,
        )
    await _leave(event.session, event.loss.value, sql)


async def _leave(session: SessionId, status: str, sql: TableSql) -> None:
    await sql.execute(
        "update pairs set assigned = assigned - 1 where pair = (select pair from stock where session = $1)",
        session,
    )
    await sql.execute(
        "update stock set status = $2, adbot = null, pair = null where session = $1", session, status
    )
