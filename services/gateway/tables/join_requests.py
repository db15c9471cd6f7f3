"""Read model: groups that seats asked to join and whose admins have not approved yet."""

from datetime import datetime

from libs.events.forwarder import GroupJoined, JoinRequested, MembershipsForgotten, SessionDied
from libs.events.values import AdbotId, GroupRef
from libs.eventsourcing import Projection, Sql, TableSql
from services.gateway.tables.values import View

JOIN_REQUESTS = Projection(
    "join_requests",
    version=1,
    ddl="""
    create table join_requests (
        adbot uuid not null,
        grp text not null,
        session uuid not null,
        at timestamptz not null,
        primary key (adbot, grp, session)
    );
    create index on join_requests (session);
    """,
)
"""Grows with groups that need an approval; a row ends with it, and with the seat's leaving."""


class JoinRequest(View):
    """A seat that asked to join a group and waits for an admin of the group."""

    session: str
    """The seat's masked phone number."""
    since: datetime


@JOIN_REQUESTS.on(JoinRequested)
async def requested(event: JoinRequested, sql: TableSql) -> None:
    """Store the request."""
    await sql.execute(
        "insert into join_requests (adbot, grp, session, at) values ($1, $2, $3, $4) "
        "on conflict (adbot, grp, session) do update set at = excluded.at",
        event.adbot,
        event.group,
        event.session,
        event.at,
    )


@JOIN_REQUESTS.on(GroupJoined)
async def joined(event: GroupJoined, sql: TableSql) -> None:
    """Delete the request, which was approved."""
    await sql.execute(
        "delete from join_requests where adbot = $1 and grp = $2 and session = $3",
        event.adbot,
        event.group,
        event.session,
    )


@JOIN_REQUESTS.on(MembershipsForgotten)
async def forgotten(event: MembershipsForgotten, sql: TableSql) -> None:
    """Delete what the seat, or all seats, asked for the adbot."""
    await sql.execute(
        "delete from join_requests where adbot = $1 and ($2::uuid is null or session = $2)",
        event.adbot,
        event.session,
    )


@JOIN_REQUESTS.on(SessionDied)
async def died(event: SessionDied, sql: TableSql) -> None:
    """Delete the session's requests."""
    await sql.execute("delete from join_requests where session = $1", event.session)


async def join_requests_of(
    sql: Sql, adbot: AdbotId, groups: list[GroupRef]
) -> dict[GroupRef, list[JoinRequest]]:
    """Return the requests that wait for an admin, of these groups, the oldest first."""
    rows = await sql.fetch(
        "select r.grp, coalesce(s.phone, '…' || right(r.session::text, 4)) as session, r.at "
        "from join_requests r left join stock s on s.session = r.session "
        "where r.adbot = $1 and r.grp = any($2) order by r.at, session",
        adbot,
        groups,
    )
    found: dict[GroupRef, list[JoinRequest]] = {}
    for row in rows:
        found.setdefault(row["grp"], []).append(JoinRequest(session=row["session"], since=row["at"]))
    return found
