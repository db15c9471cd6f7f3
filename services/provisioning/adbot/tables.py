"""Adbots by what is still to happen to them: seats to fill, an end to meet, seats to give up."""

from datetime import datetime, timedelta
from typing import cast

from libs.events.provisioning import (
    AdbotExpired,
    AdbotExtended,
    AdbotProvisioned,
    AdbotRestored,
    AdbotSuspended,
    SeatFilled,
    SeatLost,
    SeatsReleased,
)
from libs.events.values import AdbotId, OrderNumber, Seat
from libs.eventsourcing import Projection, Sql, TableSql

ADBOTS = Projection(
    "adbots",
    version=3,
    ddl="""
    create table adbots (
        adbot       uuid primary key,
        turn        bigint generated always as identity,
        sessions    integer not null,
        missing     integer not null check (missing >= 0),
        valid_until timestamptz,
        expired     boolean not null default false,
        released    boolean not null default false,
        suspended   boolean not null default false
    );
    create index waiting_adbots on adbots (turn) where missing > 0 and not expired and not suspended;
    create index ending_adbots on adbots (valid_until) where not expired;
    create index expired_adbots on adbots (valid_until) where expired and not released;
    create table seats (
        session uuid primary key,
        adbot   uuid not null references adbots
    );
    create index seats_of_adbots on seats (adbot);
    create table delivered (
        order_number text primary key,
        adbot        uuid not null references adbots
    );
    """,
)
"""`turn` is the order in which the present plans were paid. A session's one row in `seats` keeps it off a
second adbot. `delivered` tells which adbot an order made or extended."""

LIMIT = 100
"""How many adbots one transaction expires."""
RELEASED_TOGETHER = 10
"""How many adbots one transaction takes the seats of: each has as many sessions as its plan."""


async def first_waiting(sql: Sql, at: datetime) -> AdbotId | None:
    """Return the adbot that was paid first of those that have a seat to fill."""
    return cast(
        "AdbotId | None",
        await sql.fetchval(
            "select adbot from adbots where missing > 0 and not expired and not suspended "
            "and (valid_until is null or valid_until > $1) order by turn limit 1",
            at,
        ),
    )


async def delivered_by(sql: Sql, order: OrderNumber) -> AdbotId | None:
    """Return the adbot that an order made or extended, None if it did neither."""
    return cast(
        "AdbotId | None",
        await sql.fetchval("select adbot from delivered where order_number = $1", order),
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


async def next_release(sql: Sql, grace: timedelta) -> datetime | None:
    """Return when the grace time of the next expired adbot is over."""
    return cast(
        "datetime | None",
        await sql.fetchval(
            "select min(valid_until) + $1::interval from adbots where expired and not released", grace
        ),
    )


async def take_graceless(sql: Sql, at: datetime, grace: timedelta) -> list[AdbotId]:
    """Return expired adbots whose grace time is over, kept from other replicas as `take_ended` does."""
    rows = await sql.fetch(
        "select adbot from adbots where expired and not released and valid_until <= $1 "
        "order by valid_until limit $2 for update skip locked",
        at - grace,
        RELEASED_TOGETHER,
    )
    return [AdbotId(row["adbot"]) for row in rows]


@ADBOTS.on(AdbotProvisioned)
async def provisioned(event: AdbotProvisioned, sql: TableSql) -> None:
    """Add the adbot and its seats."""
    await sql.insert(
        adbot=event.adbot,
        sessions=event.plan.sessions,
        missing=event.plan.sessions - len(event.seats),
        valid_until=event.valid_until,
    )
    await _delivered(event.order, event.adbot, sql)
    for seat in event.seats:
        await _seat(event.adbot, seat, sql)


@ADBOTS.on(SeatFilled)
async def filled(event: SeatFilled, sql: TableSql) -> None:
    """One seat less waits."""
    await _seat(event.adbot, event.seat, sql)
    await sql.execute(
        "update adbots set missing = missing - 1, valid_until = $2, released = false where adbot = $1",
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


@ADBOTS.on(AdbotExtended)
async def extended(event: AdbotExtended, sql: TableSql) -> None:
    """Its end is another one; if it had expired, its seats wait behind those of all that wait already."""
    await sql.execute("update adbots set turn = default where adbot = $1 and expired", event.adbot)
    await sql.execute(
        "update adbots set valid_until = $2, expired = false, released = false where adbot = $1",
        event.adbot,
        event.valid_until,
    )
    if event.order is not None:
        await _delivered(event.order, event.adbot, sql)


@ADBOTS.on(SeatsReleased)
async def released(event: SeatsReleased, sql: TableSql) -> None:
    """No session is on it any more."""
    await sql.execute("delete from seats where adbot = $1", event.adbot)
    await sql.execute("update adbots set missing = sessions, released = true where adbot = $1", event.adbot)


@ADBOTS.on(AdbotSuspended)
async def suspended(event: AdbotSuspended, sql: TableSql) -> None:
    """Its seats don't wait for stock."""
    await sql.execute("update adbots set suspended = true where adbot = $1", event.adbot)


@ADBOTS.on(AdbotRestored)
async def restored(event: AdbotRestored, sql: TableSql) -> None:
    """Its seats wait for stock as they did before; if it gave them up, behind those of all that wait."""
    await sql.execute("update adbots set turn = default where adbot = $1 and released", event.adbot)
    await sql.execute("update adbots set suspended = false where adbot = $1", event.adbot)


async def _seat(adbot: AdbotId, seat: Seat, sql: TableSql) -> None:
    await sql.execute("insert into seats (session, adbot) values ($1, $2)", seat.session, adbot)


async def _delivered(order: OrderNumber, adbot: AdbotId, sql: TableSql) -> None:
    await sql.execute("insert into delivered (order_number, adbot) values ($1, $2)", order, adbot)
