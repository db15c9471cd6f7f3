"""Read model: groups in which no seat of an adbot may post, and which of them its owner was not told of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.events.forwarder import AbortReason, CycleAborted, CycleFinished, DeliveriesRecorded, Delivery
from libs.events.gateway import NotificationKind, NotificationRaised
from libs.events.provisioning import SeatsReleased
from libs.events.scheduler import GroupConfirmed
from libs.events.values import AdbotId, GroupRef, Party, ResultClass
from libs.eventsourcing import Projection, Row, Sql, TableSql

REFUSALS = frozenset(
    {
        ResultClass.TARGET_DENIED,
        ResultClass.TARGET_GONE,
        ResultClass.PAYMENT_REQUIRED,
        ResultClass.CONTENT_DENIED,
    }
)
"""The final results by which a group counts as dead: no other seat was left to try."""
_OTHERS = frozenset({Party.SOURCE, Party.SEAT_AT_SOURCE, Party.ACCOUNT})
"""Parties that make no group dead."""

DEAD_GROUPS = Projection(
    "dead_groups",
    version=1,
    ddl="""
    -- `ended_at` is the end of the first cycle that found the group dead; null while that cycle runs
    create table dead_groups (
        adbot          uuid not null,
        grp            text not null,
        ended_at       timestamptz,
        told           boolean not null default false,
        correlation_id uuid,
        ended_by       uuid,
        primary key (adbot, grp)
    );
    create index on dead_groups (ended_at) where not told;
    create index on dead_groups (adbot) where ended_at is null;
    """,
)
"""Grows with groups that refuse every seat of an adbot; a row ends with a delivery to the group, the client's
confirmation, or the release of the adbot's seats."""


@dataclass(frozen=True, slots=True)
class NewlyDead:
    """The groups of an adbot that are dead, and that its owner was not told of."""

    adbot: AdbotId
    groups: tuple[GroupRef, ...]
    """The first ones by name."""
    more: int
    as_of: datetime
    """The end of the last cycle that is included."""
    correlation_id: UUID
    ended_by: UUID
    """The id of the event by which that cycle ended."""


def is_dead(delivery: Delivery) -> bool:
    """Return whether this final result says that a group takes posts of no seat."""
    return delivery.result in REFUSALS and delivery.party not in _OTHERS


@DEAD_GROUPS.on(DeliveriesRecorded)
async def recorded(event: DeliveriesRecorded, sql: TableSql) -> None:
    """Add groups that are dead, and delete those that received a post."""
    if dead := [one.group for one in event.deliveries if is_dead(one)]:
        await sql.execute(
            "insert into dead_groups (adbot, grp) select $1, unnest($2::text[]) on conflict do nothing",
            event.adbot,
            dead,
        )
    if alive := [one.group for one in event.deliveries if one.result.delivered]:
        await sql.execute(
            "delete from dead_groups where adbot = $1 and grp = any($2::text[])", event.adbot, alive
        )


async def _ended(event: CycleFinished | CycleAborted, sql: TableSql) -> None:
    """Let the owner be told; what every group refused is at fault itself, and the groups are not."""
    if isinstance(event, CycleAborted) and event.reason is AbortReason.SOURCE_BROKEN:
        await sql.execute("delete from dead_groups where adbot = $1 and ended_at is null", event.adbot)
        return
    envelope = sql.recorded.envelope
    await sql.execute(
        "update dead_groups set ended_at = $2, correlation_id = $3, ended_by = $4 "
        "where adbot = $1 and ended_at is null",
        event.adbot,
        sql.at,
        envelope.correlation_id,
        envelope.id,
    )


DEAD_GROUPS.on(CycleFinished)(_ended)
DEAD_GROUPS.on(CycleAborted)(_ended)


@DEAD_GROUPS.on(GroupConfirmed)
async def confirmed(event: GroupConfirmed, sql: TableSql) -> None:
    """Delete the group: if it is dead nevertheless, its owner is told again."""
    await sql.execute("delete from dead_groups where adbot = $1 and grp = $2", event.adbot, event.group)


@DEAD_GROUPS.on(SeatsReleased)
async def released(event: SeatsReleased, sql: TableSql) -> None:
    """Delete the adbot's groups: other seats may be able to post there."""
    await sql.execute("delete from dead_groups where adbot = $1", event.adbot)


@DEAD_GROUPS.on(NotificationRaised)
async def notified(event: NotificationRaised, sql: TableSql) -> None:
    """Mark the groups that the owner was told of."""
    if event.kind is NotificationKind.GROUPS_DEAD:
        await sql.execute(
            "update dead_groups set told = true where adbot = $1 and not told and ended_at <= $2",
            event.adbot,
            event.as_of,
        )


_TO_NOTIFY = """
from dead_groups d where not told and ended_at is not null and not exists (
    select from notifications n where n.adbot = d.adbot and n.kind = 'groups_dead' and n.as_of >= d.ended_at
) and exists (select from adbots a join accounts using (account) where a.adbot = d.adbot)
"""
"""Groups whose owner was told, and which the read model does not show as told yet, are left out. An adbot
whose account is not known yet has to wait."""


async def next_to_notify(sql: Sql) -> datetime | None:
    """Return the end of the first cycle after which an owner is to be told of dead groups, None without."""
    found: datetime | None = await sql.fetchval(f"select ended_at {_TO_NOTIFY} order by ended_at limit 1")
    return found


async def newly_dead(sql: Sql, named: int, limit: int) -> Sequence[NewlyDead]:
    """Return the adbots with dead groups that their owners were not told of; `named` groups of each."""
    rows = await sql.fetch(
        "select adbot, (array_agg(grp order by grp))[:$1::integer] as groups, count(*) as count, "
        "max(ended_at) as as_of, (array_agg(correlation_id order by ended_at desc))[1] as correlation_id, "
        f"(array_agg(ended_by order by ended_at desc))[1] as ended_by {_TO_NOTIFY} group by adbot limit $2",
        named,
        limit,
    )
    return [_newly_dead(row) for row in rows]


def _newly_dead(row: Row) -> NewlyDead:
    return NewlyDead(
        adbot=AdbotId(row["adbot"]),
        groups=tuple(row["groups"]),
        more=row["count"] - len(row["groups"]),
        as_of=row["as_of"],
        correlation_id=row["correlation_id"],
        ended_by=row["ended_by"],
    )
