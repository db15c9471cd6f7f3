"""Read model: groups and channels that are not asked again before an instant, and why."""

from datetime import datetime

from libs.events.forwarder import AccessDenied, AccessRegained, CycleStarted, RegainReason, SessionDied
from libs.events.values import AdbotId, Party, ResultClass
from libs.eventsourcing import Projection, Row, Sql, TableSql
from services.gateway.tables.parties import about
from services.gateway.tables.values import View

DENIALS = Projection(
    "denials",
    version=1,
    ddl="""
    -- `session` is null if the denial is for every seat of the adbot
    create table denials (
        adbot uuid not null,
        party text not null,
        session uuid,
        ref text not null,
        result text not null,
        error text not null,
        until timestamptz not null,
        at timestamptz not null
    );
    create index on denials (adbot, ref);
    create index on denials (session);
    """,
)
"""As the forwarder's table: grows with groups that refused a seat.

A row ends with a delivery, a client's word or the seat's leaving, or with the next denial after its end.
"""
_REGAINED = (
    "where adbot = $1 and ($3::text is null or ref = $3) and ($4::text is null or error = $4) "
    "and ($2::uuid is null or session = $2 or (session is null and $3::text is not null))"
)


class Denial(View):
    """A group that refused a seat or every seat, or a channel that a seat can't read; not asked before."""

    ref: str
    """The group, or the channel of the post."""
    session: str | None
    """The seat's masked phone number; null if it is about every seat."""
    result: ResultClass
    error: str
    party: Party
    about: str
    """Whom it is about, in words."""
    since: datetime
    until: datetime


@DENIALS.on(AccessDenied)
async def denied(event: AccessDenied, sql: TableSql) -> None:
    """Store the denial instead of the last one; delete those that have ended."""
    await sql.execute(
        "delete from denials where adbot = $1 and (until < $2 or (ref = $3 and party = $4 "
        "and session is not distinct from $5))",
        event.adbot,
        event.at,
        event.ref,
        event.party,
        event.session,
    )
    await sql.insert(
        adbot=event.adbot,
        party=event.party,
        session=event.session,
        ref=event.ref,
        result=event.result,
        error=event.error,
        until=event.until,
        at=event.at,
    )


@DENIALS.on(AccessRegained)
async def regained(event: AccessRegained, sql: TableSql) -> None:
    """Delete the denials that ended; a limited account ends only those that still hold."""
    limited = event.why is RegainReason.ACCOUNT_LIMITED
    await sql.execute(
        f"delete from denials {_REGAINED}{' and until > at' if limited else ''}",  # noqa: S608 - constants
        event.adbot,
        event.session,
        event.ref,
        event.error,
    )


@DENIALS.on(CycleStarted)
async def serves(event: CycleStarted, sql: TableSql) -> None:
    """Delete the denials of these seats for an earlier adbot."""
    await sql.execute(
        "delete from denials where session = any($1::uuid[]) and adbot <> $2",
        [share.session for share in event.shares],
        event.adbot,
    )


@DENIALS.on(SessionDied)
async def died(event: SessionDied, sql: TableSql) -> None:
    """Delete the session's denials."""
    await sql.execute("delete from denials where session = $1", event.session)


_DENIALS = """
select d.ref, coalesce(s.phone, '…' || right(d.session::text, 4)) as session, d.result, d.error, d.party,
       d.at as since, d.until
from denials d left join stock s on s.session = d.session
where d.adbot = $1 and d.until > $2 and ($3::text[] is null or d.ref = any($3))
order by d.ref, d.until desc, session limit $4
"""


async def denials_of(
    sql: Sql, adbot: AdbotId, at: datetime, *, groups: list[str] | None = None, limit: int = 1000
) -> list[Denial]:
    """Return the denials in force, of these groups or channels or all."""
    return [_denial(row) for row in await sql.fetch(_DENIALS, adbot, at, groups, limit)]


def _denial(row: Row) -> Denial:
    return Denial.model_validate({**row, "about": about(row["party"], row["session"])})
