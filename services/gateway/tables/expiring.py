"""Read model: when owners of adbots are to be warned that the validity ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from libs.events.gateway import NotificationKind, NotificationRaised
from libs.events.provisioning import (
    AdbotExpired,
    AdbotExtended,
    AdbotProvisioned,
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
        adbot          uuid not null,
        days           integer not null,
        valid_until    timestamptz not null,
        warn_at        timestamptz not null,
        correlation_id uuid not null,
        set_by         uuid not null,
        primary key (adbot, days)
    );
    create index on expiring (warn_at);
    """,
)
"""One row for each warning that is to come; ended by the warning, or by the end of the validity."""


@dataclass(frozen=True, slots=True)
class Ending:
    """An adbot whose owner is to be warned now."""

    adbot: AdbotId
    valid_until: datetime
    days: int
    correlation_id: UUID
    set_by: UUID
    """The id of the event that set the end."""


def warnings(valid_until: datetime, after: datetime) -> list[tuple[datetime, int]]:
    """Return the instants of the warnings after an instant, and how many days before the end each is.

    A warning whose time was over when the end was set is left out: who just bought two days knows.
    """
    found = [(valid_until - timedelta(days=days), days) for days in WARNED_DAYS]
    return [(at, days) for at, days in found if at > after]


def days_left(valid_until: datetime, at: datetime) -> int | None:
    """Return how many days before the end a warning is about that is raised now; None once it has passed.

    After an outage, a warning whose successor is due too is left out.
    """
    if at >= valid_until:
        return None
    return next((days for days in reversed(WARNED_DAYS) if at >= valid_until - timedelta(days=days)), None)


async def _begun(event: AdbotProvisioned | SeatFilled | AdbotExtended, sql: TableSql) -> None:
    """Store the warnings of an adbot's end in place of those of another end."""
    if event.valid_until is None:
        return
    await sql.execute(
        "delete from expiring where adbot = $1 and valid_until <> $2", event.adbot, event.valid_until
    )
    envelope = sql.recorded.envelope
    for warn_at, days in warnings(event.valid_until, sql.at):
        await sql.execute(
            "insert into expiring (adbot, days, valid_until, warn_at, correlation_id, set_by) "
            "values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
            event.adbot,
            days,
            event.valid_until,
            warn_at,
            envelope.correlation_id,
            envelope.id,
        )


EXPIRING.on(AdbotProvisioned)(_begun)
EXPIRING.on(SeatFilled)(_begun)
EXPIRING.on(AdbotExtended)(_begun)


@EXPIRING.on(AdbotExpired)
async def expired(event: AdbotExpired, sql: TableSql) -> None:
    """Delete the adbot's warnings: there is nothing left to warn of."""
    await sql.execute("delete from expiring where adbot = $1", event.adbot)


@EXPIRING.on(NotificationRaised)
async def warned(event: NotificationRaised, sql: TableSql) -> None:
    """Delete the warning, and earlier ones of the same end that it makes superfluous."""
    if event.kind is NotificationKind.EXPIRING:
        await sql.execute(
            "delete from expiring where adbot = $1 and valid_until = $2 and days >= $3",
            event.adbot,
            event.valid_until,
            event.days,
        )


_WAITING = """
from expiring e where valid_until > now() and not exists (
    select from notifications n where n.adbot = e.adbot and n.kind = 'expiring'
    and n.valid_until = e.valid_until and n.days <= e.days
) and exists (
    select from adbots a join accounts using (account) where a.adbot = e.adbot and not a.suspended
)
"""
"""A warning that was raised, and that the read model does not show yet, is not raised again. Owners of
suspended adbots are not asked to renew them; an adbot whose account is not known yet has to wait."""


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
