"""The groups that seats joined for their adbots, or asked to join, and where an admin let a session in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from libs.events.forwarder import GroupJoined, JoinRequested, MembershipsForgotten, SessionDied
from libs.events.values import AdbotId, GroupRef, SessionId
from libs.eventsourcing import Projection, Sql, TableSql

UNANSWERED = timedelta(days=7)
"""After this time without an answer another seat may ask to join; this one does not ask again."""

MEMBERSHIPS = Projection(
    "memberships",
    version=1,
    ddl="""
    create table memberships (
        adbot   uuid not null,
        session uuid not null,
        ref     text not null,
        joined  boolean not null,
        at      timestamptz not null,
        primary key (adbot, ref, session)
    );
    create index memberships_by_session on memberships (session);
    """,
)
"""Ended by the seat's leaving."""

APPROVALS = Projection(
    "approvals",
    version=1,
    ddl="""
    -- the account stays a member when its session serves another adbot, which was not let in
    create table approvals (
        session uuid not null,
        chat    bigint not null,
        ref     text not null,
        primary key (session, chat, ref)
    );
    """,
)
"""The chats that a session got into by an admin's approval; deleted with the session."""


@MEMBERSHIPS.on(JoinRequested)
async def requested(event: JoinRequested, sql: TableSql) -> None:
    """Store the request."""
    await _store(sql, event, joined=False)


@MEMBERSHIPS.on(GroupJoined)
async def joined(event: GroupJoined, sql: TableSql) -> None:
    """Store the membership."""
    await _store(sql, event, joined=True)


async def _store(sql: TableSql, event: JoinRequested | GroupJoined, *, joined: bool) -> None:
    await sql.execute(
        "insert into memberships (adbot, session, ref, joined, at) values ($1, $2, $3, $4, $5) "
        "on conflict (adbot, ref, session) do update set joined = excluded.joined, at = excluded.at",
        event.adbot,
        event.session,
        event.group,
        joined,
        event.at,
    )


@MEMBERSHIPS.on(MembershipsForgotten)
async def forgotten(event: MembershipsForgotten, sql: TableSql) -> None:
    """Delete what the seat, or all seats, joined for the adbot."""
    await sql.execute(
        "delete from memberships where adbot = $1 and ($2::uuid is null or session = $2)",
        event.adbot,
        event.session,
    )


@MEMBERSHIPS.on(SessionDied)
async def died(event: SessionDied, sql: TableSql) -> None:
    """Delete the session's memberships."""
    await sql.execute("delete from memberships where session = $1", event.session)


@APPROVALS.on(GroupJoined)
async def approved(event: GroupJoined, sql: TableSql) -> None:
    """Store where an admin let the session in."""
    if event.approved:
        await sql.execute(
            "insert into approvals (session, chat, ref) values ($1, $2, $3) on conflict do nothing",
            event.session,
            event.chat,
            event.group,
        )


@APPROVALS.on(SessionDied)
async def approvals_died(event: SessionDied, sql: TableSql) -> None:
    """Delete the approvals of a session that is never used again."""
    await sql.execute("delete from approvals where session = $1", event.session)


async def members_of(sql: Sql, adbot: AdbotId) -> Mapping[GroupRef, frozenset[SessionId]]:
    """Return the seats that joined each group for an adbot, or asked to lately."""
    rows = await sql.fetch(
        "select ref, session from memberships "
        "where adbot = $1 and (joined or at > clock_timestamp() - $2::interval)",
        adbot,
        UNANSWERED,
    )
    members: dict[GroupRef, frozenset[SessionId]] = {}
    for row in rows:
        members[row["ref"]] = members.get(row["ref"], frozenset()) | {row["session"]}
    return members


@dataclass(frozen=True)
class MembershipState:
    """What the seats of an adbot have done to get into a group."""

    joined: bool
    """This seat has joined it."""
    asked: bool
    """This seat has asked to."""
    other_asked: bool
    """Another seat has asked to, and may still get an answer."""


async def membership_state(sql: Sql, adbot: AdbotId, ref: GroupRef, session: SessionId) -> MembershipState:
    """Return what a seat and the others of its adbot have done to get into a group."""
    rows = await sql.fetch(
        "select session, joined, at > clock_timestamp() - $3::interval as lately from memberships "
        "where adbot = $1 and ref = $2",
        adbot,
        ref,
        UNANSWERED,
    )
    return MembershipState(
        joined=any(row["joined"] for row in rows if row["session"] == session),
        asked=any(not row["joined"] for row in rows if row["session"] == session),
        other_asked=any(row["lately"] and not row["joined"] for row in rows if row["session"] != session),
    )


async def was_approved(sql: Sql, session: SessionId, chat: int, ref: GroupRef) -> bool:
    """Return whether an admin ever let the session into a chat, or in by an invite link."""
    found = await sql.fetchval(
        "select true from approvals where session = $1 and (chat = $2 or ref = $3) limit 1",
        session,
        chat,
        ref,
    )
    return bool(found)
