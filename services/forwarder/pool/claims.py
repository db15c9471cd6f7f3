"""Claims of targets: several references may name one group, which gets the post once per cycle."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from libs.events.values import CycleId, ErrorName, GroupRef, SessionId
from libs.eventsourcing import Sql
from services.forwarder.ports import Target

SCHEMA = """
-- the chats that a cycle's post was or is being sent to; a group keeps its claim while sends are retried
create table if not exists pool.claims (
    cycle   uuid not null,
    channel bigint not null,
    topic   bigint not null,
    grp     text not null,
    primary key (cycle, channel, topic)
);
create index if not exists claims_by_group on pool.claims (cycle, grp);
"""

GENERAL_TOPIC = 1
"""The topic of a forum to which messages without a topic go."""

_OWNER = """
select c.grp, exists (select from sends s where s.cycle = c.cycle and s.grp = c.grp) as waiting
from pool.claims c where c.cycle = $1 and c.channel = $2 and c.topic = $3
"""
_RELEASE_SEAT = """
delete from pool.claims c using sends s
where s.session = $1 and s.cycle = c.cycle and s.grp = c.grp
  and (c.cycle, c.grp) not in (select * from unnest($2::uuid[], $3::text[]))
"""


@dataclass(frozen=True)
class Rival:
    """Another reference that has claimed the same target. `waiting`: its send is still pending."""

    group: GroupRef
    waiting: bool


def same_as(group: GroupRef) -> ErrorName:
    """Return the error of a reference whose target received the post under another reference."""
    return f"SAME_AS {group}"


def place(target: Target) -> tuple[int, int]:
    """Return a target's chat and topic."""
    return target.peer.chat, target.topic or GENERAL_TOPIC


async def rival(sql: Sql, cycle: CycleId, group: GroupRef, target: Target) -> Rival | None:
    """Return another reference that has claimed a target in this cycle."""
    row = await sql.fetchrow(_OWNER, cycle, *place(target))
    return None if row is None or row["grp"] == group else Rival(row["grp"], waiting=row["waiting"])


async def release(sql: Sql, cycle: CycleId, groups: Sequence[GroupRef]) -> None:
    """Release the claims of references whose target certainly did not receive the post."""
    await sql.execute("delete from pool.claims where cycle = $1 and grp = any($2)", cycle, list(groups))


async def release_seat(sql: Sql, session: SessionId, doubtful: Collection[tuple[CycleId, GroupRef]]) -> None:
    """Release the claims of a seat's pending sends, except the doubtful ones."""
    cycles, groups = [key[0] for key in doubtful], [key[1] for key in doubtful]
    await sql.execute(_RELEASE_SEAT, session, cycles, groups)


async def forget_claims(sql: Sql) -> None:
    """Delete the claims of cycles without pending sends."""
    await sql.execute(
        "delete from pool.claims c where not exists (select from sends s where s.cycle = c.cycle)"
    )
