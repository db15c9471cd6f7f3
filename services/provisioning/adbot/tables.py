"""Adbots by what is still to happen to them: seats to fill, an end to meet."""

from datetime import datetime
from typing import cast

from libs.events.provisioning import AdbotExpired, AdbotProvisioned, SeatFilled, SeatLost
from libs.events.values import AdbotId, Seat
from libs.eventsourcing.projection import Projection, Sql, TableSql

ADBOTS = Projection(
    "adbots",
    version=1,
    ddl="""
    create table adbots (
        adbot       uuid primary key,
        turn        bigint generated always as identity,
        missing     integer not null check (missing >= 0),
        valid_until timestamptz,
        expired     boolean not null default false
    );
    create index waiting_adbots on adbots (turn) where missing > 0 and not expired;
    create index ending_adbots on adbots (valid_until) where not expired;
    create table seats (
        session uuid primary key,
        adbot   uuid not null references adbots
    );
    create index seats_of_adbots on seats (adbot);
    """,
)
"""`turn` is the order of payment. A session's one row in `seats` keeps it off a second adbot."""

LIMIT = 100
"""How many adbots one transaction expires."""


async def first_waiting(sql: Sql, at: datetime) -> AdbotId | None:
    """Return the adbot that was paid first of those that have a seat to fill."""
    return cast(
        "AdbotId | None",
        await sql.fetchval(
            "select adbot from adbots where missing > 0 and not expired "
            "and (valid_until is null or valid_until > $1) order by turn limit 1",
            at,
        ),
    )


async def next_end(sql: Sql) -> datetime | None:
    """Return when the next adbot expires."""
    return cast(
        "datetime | None", await sql.fetchval("select min(valid_until) from adbots where not expired")
    )


async def take_ended(sql: Sql, at: datetime) -> list[AdbotId]:
    """Return adbots whose time is over, kept from other replicas for the length of the transaction."""
    rows = await sql.fetch(
        "select adbot from adbots where not expired and valid_until <= $1 "
        "order by valid_until limit $2 for update skip locked",
        at,
        LIMIT,
    )
    return [AdbotId(row["adbot"]) for row in rows]


@ADBOTS.on(AdbotProvisioned)
async def provisioned(event: AdbotProvisioned, sql: TableSql) -> None:
    """Add the adbot and its seats."""
    await sql.insert(
        adbot=event.adbot, missing=event.plan.sessions - len(event.seats), valid_until=event.valid_until
    )
    for seat in event.seats:
        await _seat(event.adbot, seat, sql)


@ADBOTS.on(SeatFilled)
async def filled(event: SeatFilled, sql: TableSql) -> None:
    """One seat less waits."""
    await _seat(event.adbot, event.seat, sql)
    await sql.execute(
        "update adbots set missing = missing - 1, valid_until = $2 where adbot = $1",
        event.adbot,
        event.valid_until,
    )


@ADBOTS.on(SeatLost)
async def lost(event: SeatLost, sql: TableSql) -> None:
    """One seat more waits."""
    await sql.execute("delete from seats where session = $1", event.session)
    await sql.execute("update adbots set missing = missing + 1 where adbot = $1", event.adbot)


@ADBOTS.on(AdbotExpired)
async def expired(event: AdbotExpired, sql: TableSql) -> None:
    """Nothing waits and nothing ends any more."""
    await sql.execute("update adbots set expired = true where adbot = $1", event.adbot)


async def _seat(adbot: AdbotId, seat: Seat, sql: TableSql) -> None:
    await sql.execute("insert into seats (session, adbot) values ($1, $2)", seat.session, adbot)
