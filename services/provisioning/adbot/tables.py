"""State tables of adbots: empty seats, ends of validity, seats to release."""

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
from libs.events.values import AccountId, AdbotId, OrderNumber, Seat
from libs.eventsourcing import Projection, Sql, TableSql

ADBOTS = Projection(
    "adbots",
    version=4,
    ddl="""
    create table adbots (
        adbot       uuid primary key,
        account     uuid not null,
        turn        bigint generated always as identity,
        sessions    integer not null,
        missing     integer not null check (missing >= 0),
        valid_until timestamptz,
        expired     boolean not null default false,
        released    boolean not null default false,
        suspended   boolean not null default false
    );
    create index waiting_adbots on adbots (turn) where missing > 0 and not expired and not suspended;
    create index adbots_of_accounts on adbots (account);
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
"""Adbots, their seats and the orders delivered on them.

`turn` orders adbots by when their present plans were paid. The primary key of `seats` allows a session on one
adbot only. `delivered` maps an order to the adbot that it created or extended.
"""

LIMIT = 100
"""How many adbots are expired in one transaction."""
RELEASED_TOGETHER = 10
"""How many adbots' seats are released in one transaction: each has as many sessions as its plan."""


async def first_waiting(sql: Sql, at: datetime) -> AdbotId | None:
    """Return the first adbot in the order of payment that has an empty seat."""
    return cast(
        "AdbotId | None",
        await sql.fetchval(
            "select adbot from adbots where missing > 0 and not expired and not suspended "
            "and (valid_until is null or valid_until > $1) order by turn limit 1",
            at,
        ),
    )


async def delivered_by(sql: Sql, order: OrderNumber) -> AdbotId | None:
    """Return the adbot that an order created or extended, None if it did neither."""
    return cast(
        "AdbotId | None",
        await sql.fetchval("select adbot from delivered where order_number = $1", order),
    )


async def adbots_of(sql: Sql, account: AccountId) -> list[AdbotId]:
    """Return the adbots of an account."""
    rows = await sql.fetch("select adbot from adbots where account = $1 order by adbot", account)
    return [AdbotId(row["adbot"]) for row in rows]


async def next_end(sql: Sql) -> datetime | None:
    """Return the instant at which the next adbot expires."""
    return cast(
        "datetime | None", await sql.fetchval("select min(valid_until) from adbots where not expired")
    )


async def take_ended(sql: Sql, at: datetime) -> list[AdbotId]:
    """Return adbots whose validity has ended, and lock them against other replicas until the commit."""
    rows = await sql.fetch(
        "select adbot from adbots where not expired and valid_until <= $1 "
        "order by valid_until limit $2 for update skip locked",
        at,
        LIMIT,
    )
    return [AdbotId(row["adbot"]) for row in rows]


async def next_release(sql: Sql, grace: timedelta) -> datetime | None:
    """Return the instant at which the grace time of the next expired adbot ends."""
    return cast(
        "datetime | None",
        await sql.fetchval(
            "select min(valid_until) + $1::interval from adbots where expired and not released", grace
        ),
    )


async def take_graceless(sql: Sql, at: datetime, grace: timedelta) -> list[AdbotId]:
    """Return expired adbots whose grace time has ended, and lock them as `take_ended` does."""
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
        account=event.account,
        sessions=event.plan.sessions,
        missing=event.plan.sessions - len(event.seats),
        valid_until=event.valid_until,
    )
    await _delivered(event.order, event.adbot, sql)
    for seat in event.seats:
        await _seat(event.adbot, seat, sql)


@ADBOTS.on(SeatFilled)
async def filled(event: SeatFilled, sql: TableSql) -> None:
    """Fill an empty seat."""
    await _seat(event.adbot, event.seat, sql)
    await sql.execute(
        "update adbots set missing = missing - 1, valid_until = $2, released = false where adbot = $1",
        event.adbot,
        event.valid_until,
    )


@ADBOTS.on(SeatLost)
async def lost(event: SeatLost, sql: TableSql) -> None:
    """Empty a seat."""
    await sql.execute("delete from seats where session = $1", event.session)
    await sql.execute("update adbots set missing = missing + 1 where adbot = $1", event.adbot)


@ADBOTS.on(AdbotExpired)
async def expired(event: AdbotExpired, sql: TableSql) -> None:
    """Mark the adbot expired: its seats no longer wait, and its end is past."""
    await sql.execute("update adbots set expired = true where adbot = $1", event.adbot)


@ADBOTS.on(AdbotExtended)
async def extended(event: AdbotExtended, sql: TableSql) -> None:
    """Store the new end; after an expiry, its seats queue behind all that wait."""
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
    """Empty all seats."""
    await sql.execute("delete from seats where adbot = $1", event.adbot)
    await sql.execute("update adbots set missing = sessions, released = true where adbot = $1", event.adbot)


@ADBOTS.on(AdbotSuspended)
async def suspended(event: AdbotSuspended, sql: TableSql) -> None:
    """Mark the adbot suspended: its seats do not wait for stock."""
    await sql.execute("update adbots set suspended = true where adbot = $1", event.adbot)


@ADBOTS.on(AdbotRestored)
async def restored(event: AdbotRestored, sql: TableSql) -> None:
    """Clear the suspension; if its seats were released, they queue behind all that wait."""
    await sql.execute("update adbots set turn = default where adbot = $1 and released", event.adbot)
    await sql.execute("update adbots set suspended = false where adbot = $1", event.adbot)


async def _seat(adbot: AdbotId, seat: Seat, sql: TableSql) -> None:
    await sql.execute("insert into seats (session, adbot) values ($1, $2)", seat.session, adbot)


async def _delivered(order: OrderNumber, adbot: AdbotId, sql: TableSql) -> None:
    await sql.execute("insert into delivered (order_number, adbot) values ($1, $2)", order, adbot)
