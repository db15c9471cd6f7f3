"""A reader's checkpoints and its resume offset, moved in the transaction that handled the events."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from libs.eventsourcing.model.envelope import START, Cursor
from libs.eventsourcing.model.errors import Transient

_ADVANCE = """
with marked as (
    insert into engine.bookmarks (reader, stream_made, sequence, sequence_with_partitions)
    values ($1, $2, $3, $3)
    on conflict (reader) do update set stream_made = excluded.stream_made, sequence = excluded.sequence,
        sequence_with_partitions = excluded.sequence_with_partitions
), reached as (
    select * from unnest($4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
        as reached (source, xid, position, left_xid, left_position)
), begun as (
    insert into engine.checkpoints (reader, source, xid, position)
    select $1, source, xid, position from reached where left_xid = 0 and left_position = 0
    on conflict (reader, source) do nothing
    returning source
), moved as (
    update engine.checkpoints as known set xid = reached.xid, position = reached.position
    from reached
    where known.reader = $1 and known.source = reached.source
      and known.xid = reached.left_xid and known.position = reached.left_position
    returning known.source
)
select source from begun union all select source from moved
"""


class LostCheckpoint(Transient):
    """Another reader of the same name has moved the checkpoint."""


@dataclass(frozen=True)
class ResumeOffset:
    """Where a reader resumes: a sequence number of the stream that was created at this time."""

    made_at: datetime
    sequence: int


async def advance(
    connection: "asyncpg.Connection[asyncpg.Record]",
    reader: str,
    checkpoints: Mapping[str, Cursor],
    reached: Mapping[str, Cursor],
    offset: ResumeOffset,
) -> None:
    """Move a reader's checkpoints to the cursors reached in each source; raise `LostCheckpoint`."""
    before = [checkpoints.get(source, START) for source in reached]
    rows = await connection.fetch(
        _ADVANCE,
        reader,
        offset.made_at,
        offset.sequence,
        list(reached),
        [cursor.xid for cursor in reached.values()],
        [cursor.position for cursor in reached.values()],
        [cursor.xid for cursor in before],
        [cursor.position for cursor in before],
    )
    if lost := reached.keys() - {row["source"] for row in rows}:
        message = f"the checkpoint of {reader} for {sorted(lost)} is not where this reader left it"
        raise LostCheckpoint(message)
