"""The denials of groups and channels, for the decisions about cycles."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from libs.events.forwarder import AccessDenied, AccessRegained, CycleStarted, RegainReason, SessionDied
from libs.events.values import AdbotId, ErrorName, GroupRef, Party, ResultClass, SessionId
from libs.eventsourcing import Projection, Sql, TableSql
from services.forwarder.access.domain import REMEMBERED
from services.forwarder.cycle.sharing import Denial, Denials

DENIALS = Projection(
    "denials",
    version=4,
    ddl="""
    -- `session` is null if the denial is for every seat of the adbot; `retaken`: the one before was taken
    -- back, as it seemed to be about the account
    create table denials (
        adbot   uuid not null,
        party   text not null,
        session uuid,
        ref     text not null,
        result  text not null,
        error   text not null,
        until   timestamptz not null,
        times   integer not null,
        at      timestamptz not null,
        retaken boolean not null
    );
    create index denials_by_adbot on denials (adbot, ref);
    create index denials_by_session on denials (session);
    """,
)
"""The last denial of each group or channel and seat of an adbot.

Ended by a delivery, a client's word, the seat's leaving, or 60 days after its end with the next denial.
"""


_END = """
delete from denials
where adbot = $1 and ($3::text is null or ref = $3) and ($4::text is null or error = $4)
and ($2::uuid is null or session = $2 or (session is null and $3::text is not null))
"""
_TAKE_BACK = """
update denials set until = at, times = times - 1, retaken = true
where adbot = $1 and ($3::text is null or ref = $3) and ($4::text is null or error = $4)
and ($2::uuid is null or session = $2 or (session is null and $3::text is not null)) and until > at
"""


@DENIALS.on(AccessDenied)
async def denied(event: AccessDenied, sql: TableSql) -> None:
    """Store the denial instead of the last one; delete those that ended long ago."""
    place = "adbot = $1 and ref = $2 and party = $3 and session is not distinct from $4"
    retaken = await sql.fetchval(
        f"select true from denials where {place} and error = $5 and retaken",  # noqa: S608 - a constant
        event.adbot,
        event.ref,
        event.party,
        event.session,
        event.error,
    )
    await sql.execute(
        "delete from denials where adbot = $1 and (until < $2 or (ref = $3 and party = $4 "
        "and session is not distinct from $5))",
        event.adbot,
        event.at - REMEMBERED,
        event.ref,
        event.party,
        event.session,
    )
    await sql.execute(
        "insert into denials (adbot, party, session, ref, result, error, until, times, at, "
        "retaken) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        event.adbot,
        event.party,
        event.session,
        event.ref,
        event.result,
        event.error,
        event.until,
        event.times,
        event.at,
        bool(retaken),
    )


@DENIALS.on(AccessRegained)
async def regained(event: AccessRegained, sql: TableSql) -> None:
    """Delete the denials that ended; those that were due to the account's limit only end."""
    limited = event.why is RegainReason.ACCOUNT_LIMITED
    await sql.execute(
        _TAKE_BACK if limited else _END,
        event.adbot,
        event.session,
        event.ref,
        event.error,
    )


@DENIALS.on(CycleStarted)
async def serves(event: CycleStarted, sql: TableSql) -> None:
    """Delete the denials of these seats for an earlier adbot, which may be another client's."""
    await sql.execute(
        "delete from denials where session = any($1) and adbot <> $2",
        [share.session for share in event.shares],
        event.adbot,
    )


@DENIALS.on(SessionDied)
async def died(event: SessionDied, sql: TableSql) -> None:
    """Delete the session's denials."""
    await sql.execute("delete from denials where session = $1", event.session)


@dataclass(frozen=True)
class Known:
    """The denials by group and seat, those that have ended by their beginning, the seats without a source."""

    denials: Denials = field(default_factory=dict[GroupRef, dict[SessionId, Denial]])
    ended: dict[GroupRef, dict[SessionId, datetime]] = field(
        default_factory=dict[GroupRef, dict[SessionId, datetime]]
    )
    unread: dict[GroupRef, frozenset[SessionId]] = field(default_factory=dict[GroupRef, frozenset[SessionId]])


async def denials_of(
    sql: Sql, adbot: AdbotId, sessions: Sequence[SessionId], longest_wait: timedelta
) -> Known:
    """Return the denials of these sessions; a slow mode only if it outlasts `longest_wait`."""
    rows = await sql.fetch(
        "select *, until > clock_timestamp() as in_force from denials "
        "where adbot = $1 and (session is null or session = any($2)) "
        "and (result <> $3 or until > clock_timestamp() + $4::interval) order by at",
        adbot,
        list(sessions),
        ResultClass.SLOW_MODE,
        longest_wait,
    )
    denials: dict[GroupRef, dict[SessionId, Denial]] = {}
    ended: dict[GroupRef, dict[SessionId, datetime]] = {}
    unread: dict[GroupRef, frozenset[SessionId]] = {}
    for row in rows:
        party = Party(row["party"])
        if not row["in_force"]:
            if party is Party.SEAT_AT_TARGET:
                ended.setdefault(row["ref"], {})[row["session"]] = row["at"]
            continue
        if party is Party.SEAT_AT_SOURCE:
            unread[row["ref"]] = unread.get(row["ref"], frozenset()) | {row["session"]}
            continue
        denial = Denial(ResultClass(row["result"]), row["error"], party)
        seats = list(sessions) if row["session"] is None else [row["session"]]
        denials.setdefault(row["ref"], {}).update(dict.fromkeys(seats, denial))
    return Known(denials, ended, unread)


async def denied_at(sql: Sql, adbot: AdbotId, session: SessionId, refs: Collection[GroupRef]) -> bool:
    """Return whether any denial is stored of this seat, or of every seat, at these groups or channels."""
    found = await sql.fetchval(
        "select true from denials where adbot = $1 and (session is null or session = $2) "
        "and ref = any($3) limit 1",
        adbot,
        session,
        list(refs),
    )
    return bool(found)


async def denied_for(sql: Sql, adbot: AdbotId, session: SessionId, error: ErrorName) -> list[GroupRef]:
    """Return the groups that are denied to a seat with this error."""
    rows = await sql.fetch(
        "select ref from denials where adbot = $1 and session = $2 and error = $3", adbot, session, error
    )
    return [row["ref"] for row in rows]


async def refusals_since(sql: Sql, session: SessionId, error: ErrorName, since: datetime) -> int:
    """Return how many groups refused a session with this error since an instant.

    Groups that do so again after the account has rested for it are at fault themselves, and do not count.
    """
    return int(
        await sql.fetchval(
            "select count(*) from denials where session = $1 and error = $2 and at > $3 and until > at "
            "and not retaken",
            session,
            error,
            since,
        )
    )
