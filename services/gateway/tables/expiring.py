"""Read model: when the owner of each adbot is to be warned that its validity ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from libs.events.gateway import NotificationKind, NotificationRaised
from libs.events.provisioning import (
    AdbotExpired,
    AdbotExtended,
    AdbotProvisioned,
    AdbotRestored,
    AdbotSuspended,
    SeatFilled,
)
from libs.events.values import AdbotId
from libs.eventsourcing import Projection, Row, Sql, TableSql

WARNED_DAYS = (3, 1)
"""How many days before the end the owner is warned, the earliest first."""

EXPIRING = Projection(
    "expiring",
    version=1,
    ddl="""
    create table expiring (
        adbot          uuid primary key,
        valid_until    timestamptz not null,
        warn_at        timestamptz,
        days           integer,
        suspended      boolean not null default false,
        correlation_id uuid not null,
        set_by         uuid not null
    );
    create index on expiring (warn_at);
    """,
)
"""One row for each adbot whose validity runs; ended by its end. `warn_at` is null after the last warning."""


@dataclass(frozen=True, slots=True)
class Ending:
    """An adbot whose owner is to be warned now."""

    adbot: AdbotId
    valid_until: datetime
    days: int
    correlation_id: UUID
    set_by: UUID
    """The id of the event that set the end."""


def next_warning(valid_until: datetime, after: datetime) -> tuple[datetime, int] | tuple[None, None]:
    """Return the instant of the next warning after an instant, and how many days before the end it is.

    A warning whose time was over when the end was set is left out: who just bought two days knows.
    """
    for days in WARNED_DAYS:
        at = valid_until - timedelta(days=days)
        if at > after:
            return at, days
    return None, None


def days_left(valid_until: datetime, at: datetime) -> int | None:
    """Return how many days before the end a warning is about that is raised now; None once it has passed.

    After an outage, a warning whose successor is due too is left out.
    """
    if at >= valid_until:
        return None
    return next((days for days in reversed(WARNED_DAYS) if at >= valid_until - timedelta(days=days)), None)


async def _set(sql: TableSql, adbot: AdbotId, valid_until: datetime | None) -> None:
    """Store an adbot's end; the same end changes no warning."""
    if valid_until is None:
        return
    warn_at, days = next_warning(valid_until, sql.at)
    envelope = sql.recorded.envelope
    await sql.execute(
        "insert into expiring as e (adbot, valid_until, warn_at, days, correlation_id, set_by) "
        "values ($1, $2, $3, $4, $5, $6) on conflict (adbot) do update set "
        "valid_until = excluded.valid_until, warn_at = excluded.warn_at, days = excluded.days, "
        "correlation_id = excluded.correlation_id, set_by = excluded.set_by "
        "where e.valid_until <> excluded.valid_until",
        adbot,
        valid_until,
        warn_at,
        days,
        envelope.correlation_id,
        envelope.id,
    )


async def _begun(event: AdbotProvisioned | SeatFilled | AdbotExtended, sql: TableSql) -> None:
    await _set(sql, event.adbot, event.valid_until)


async def _suspend(event: AdbotSuspended | AdbotRestored, sql: TableSql) -> None:
    await sql.execute(
        "update expiring set suspended = $2 where adbot = $1", event.adbot, isinstance(event, AdbotSuspended)
    )


EXPIRING.on(AdbotProvisioned)(_begun)
EXPIRING.on(SeatFilled)(_begun)
EXPIRING.on(AdbotExtended)(_begun)
EXPIRING.on(AdbotSuspended)(_suspend)
EXPIRING.on(AdbotRestored)(_suspend)


@EXPIRING.on(AdbotExpired)
async def expired(event: AdbotExpired, sql: TableSql) -> None:
    """Delete the adbot's row: there is nothing left to warn of."""
    await sql.execute("delete from expiring where adbot = $1", event.adbot)


@EXPIRING.on(NotificationRaised)
async def warned(event: NotificationRaised, sql: TableSql) -> None:
    """Store when the next warning of the same end is due."""
    if event.kind is not NotificationKind.EXPIRING or event.valid_until is None or event.days is None:
        return
    reached = event.valid_until - timedelta(days=event.days)
    warn_at, days = next_warning(event.valid_until, reached)
    await sql.execute(
        "update expiring set warn_at = $3, days = $4 where adbot = $1 and valid_until = $2",
        event.adbot,
        event.valid_until,
        warn_at,
        days,
    )


_WAITING = """
from expiring e where warn_at is not null and not suspended and valid_until > now() and not exists (
    select from notifications n where n.adbot = e.adbot and n.kind = 'expiring'
    and n.valid_until = e.valid_until and n.days <= e.days
) and exists (select from adbots a join accounts using (account) where a.adbot = e.adbot)
"""
"""A warning that was raised, and that the read model does not show yet, is not raised again. An adbot whose
account is not known yet has to wait."""


async def next_end(sql: Sql) -> datetime | None:
    """Return when the next owner is to be warned; None if nobody is."""
    found: datetime | None = await sql.fetchval(f"select warn_at {_WAITING} order by warn_at limit 1")
    return found


async def ending(sql: Sql, at: datetime, limit: int) -> Sequence[Ending]:
    """Return the adbots whose owners are to be warned by now, the most overdue first."""
    rows = await sql.fetch(
        f"select e.* {_WAITING} and warn_at <= $1 order by warn_at limit $2",
        at,
        limit,
    )
    return [_ending(row) for row in rows]


def _ending(row: Row) -> Ending:
    return Ending(
        adbot=AdbotId(row["adbot"]),
        valid_until=row["valid_until"],
        days=row["days"],
        correlation_id=row["correlation_id"],
        set_by=row["set_by"],
    )
