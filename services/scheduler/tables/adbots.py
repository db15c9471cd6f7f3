"""Read model of adbots: owner, seats and validity from provisioning, ended cycles from the forwarder."""

from collections.abc import Sequence
from uuid import UUID

from libs.events.forwarder import CycleAborted, CycleFinished
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
from libs.events.values import AccountId, AdbotId, ApplicationId, CycleId, Seat, SessionId
from libs.eventsourcing import Projection, Row, Sql, TableSql
from services.scheduler.schedule.adbot import Adbot

ADBOTS = Projection(
    "adbots",
    version=3,
    ddl="""
    create table adbots (
        adbot            uuid primary key,
        account          uuid not null,
        interval_seconds integer not null,
        valid_until      timestamptz,
        expired          boolean not null default false,
        suspended        boolean not null default false,
        max_groups       integer,
        max_posts        integer,
        correlation_id   uuid not null
    );
    create table adbot_seats (
        session uuid primary key,
        adbot   uuid not null references adbots,
        pair    uuid not null,
        turn    bigint generated always as identity
    );
    create index seats_of_adbots on adbot_seats (adbot, turn);
    create table ended_cycles (
        adbot uuid primary key,
        cycle uuid not null
    );
    """,
)
"""`ended_cycles` stores the latest ended cycle; ids of cycles grow with time."""


async def adbot_known(sql: Sql, adbot: AdbotId) -> Adbot | None:
    """Return the known facts about an adbot, None if it is unknown."""
    return (await adbots_known(sql, [adbot])).get(adbot)


async def adbots_known(sql: Sql, adbots: Sequence[AdbotId]) -> dict[AdbotId, Adbot]:
    """Return the known facts about those of these adbots that are known, in two statements."""
    rows = await sql.fetch(
        "select adbot, account, correlation_id, interval_seconds, valid_until, expired, suspended, e.cycle, "
        "max_groups, max_posts, "
        "exists (select from private_ids p where p.account = a.account) as private_ids from adbots a "
        "left join ended_cycles e using (adbot) where adbot = any($1)",
        adbots,
    )
    seats: dict[UUID, list[Seat]] = {row["adbot"]: [] for row in rows}
    for row in await sql.fetch(
        "select adbot, session, pair from adbot_seats where adbot = any($1) order by adbot, turn", list(seats)
    ):
        seats[row["adbot"]].append(Seat(session=SessionId(row["session"]), pair=ApplicationId(row["pair"])))
    found = [_read(row, tuple(seats[row["adbot"]])) for row in rows]
    return {adbot.adbot: adbot for adbot in found}


def _read(row: Row, seats: tuple[Seat, ...]) -> Adbot:
    return Adbot(
        adbot=AdbotId(row["adbot"]),
        account=AccountId(row["account"]),
        correlation_id=row["correlation_id"],
        interval_seconds=row["interval_seconds"],
        seats=seats,
        valid_until=row["valid_until"],
        expired=row["expired"],
        suspended=row["suspended"],
        ended_cycle=None if row["cycle"] is None else CycleId(row["cycle"]),
        private_ids=row["private_ids"],
        max_groups=row["max_groups"],
        max_posts=row["max_posts"],
    )


async def adbots_of(sql: Sql, account: AccountId) -> list[AdbotId]:
    """Return the known adbots of an account."""
    rows = await sql.fetch("select adbot from adbots where account = $1 order by adbot", account)
    return [AdbotId(row["adbot"]) for row in rows]


@ADBOTS.on(AdbotProvisioned)
async def provisioned(event: AdbotProvisioned, sql: TableSql) -> None:
    """Add the adbot and its seats."""
    await sql.insert(
        adbot=event.adbot,
        account=event.account,
        interval_seconds=event.plan.interval_seconds,
        max_groups=event.plan.max_groups,
        max_posts=event.plan.max_posts,
        valid_until=event.valid_until,
        correlation_id=sql.recorded.envelope.correlation_id,
    )
    for seat in event.seats:
        await _seat(event.adbot, seat, sql)


@ADBOTS.on(SeatFilled)
async def filled(event: SeatFilled, sql: TableSql) -> None:
    """Add a seat; validity runs from the first one."""
    await _seat(event.adbot, event.seat, sql)
    await sql.execute("update adbots set valid_until = $2 where adbot = $1", event.adbot, event.valid_until)


@ADBOTS.on(SeatLost)
async def lost(event: SeatLost, sql: TableSql) -> None:
    """Remove a seat."""
    await sql.execute("delete from adbot_seats where session = $1", event.session)


@ADBOTS.on(AdbotExpired)
async def expired(event: AdbotExpired, sql: TableSql) -> None:
    """Mark the adbot expired."""
    await sql.execute("update adbots set expired = true where adbot = $1", event.adbot)


@ADBOTS.on(AdbotExtended)
async def extended(event: AdbotExtended, sql: TableSql) -> None:
    """Store the new end, and clear the expiry."""
    await sql.execute(
        "update adbots set valid_until = $2, expired = false where adbot = $1", event.adbot, event.valid_until
    )


@ADBOTS.on(SeatsReleased)
async def released(event: SeatsReleased, sql: TableSql) -> None:
    """Remove all seats."""
    await sql.execute("delete from adbot_seats where adbot = $1", event.adbot)


@ADBOTS.on(AdbotSuspended)
async def suspended(event: AdbotSuspended, sql: TableSql) -> None:
    """Mark the adbot suspended."""
    await sql.execute("update adbots set suspended = true where adbot = $1", event.adbot)


@ADBOTS.on(AdbotRestored)
async def restored(event: AdbotRestored, sql: TableSql) -> None:
    """Clear the suspension."""
    await sql.execute("update adbots set suspended = false where adbot = $1", event.adbot)


@ADBOTS.on(CycleFinished)
async def finished(event: CycleFinished, sql: TableSql) -> None:
    """Store the ended cycle."""
    await _ended(event.adbot, event.cycle, sql)


@ADBOTS.on(CycleAborted)
async def aborted(event: CycleAborted, sql: TableSql) -> None:
    """Store the ended cycle."""
    await _ended(event.adbot, event.cycle, sql)


async def _seat(adbot: AdbotId, seat: Seat, sql: TableSql) -> None:
    await sql.execute(
        "insert into adbot_seats (session, adbot, pair) values ($1, $2, $3)", seat.session, adbot, seat.pair
    )


async def _ended(adbot: AdbotId, cycle: CycleId, sql: TableSql) -> None:
    await sql.execute(
        "insert into ended_cycles as known (adbot, cycle) values ($1, $2) "
        "on conflict (adbot) do update set cycle = greatest(known.cycle, $2)",
        adbot,
        cycle,
    )
