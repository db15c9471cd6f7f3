"""Removes what must not be kept from stored events: the one exception to the rule that they never change.

It is for personal data that earlier versions stored in events. The type's present schema must not need a
field that is removed, and no table may show a text that is masked. The stream keeps what was published: fill
it anew afterwards.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from libs.eventsourcing.store.connections import Connection

_AT_ONCE = 1000
"""How many events one transaction changes: relays wait for the end of each."""
_HOLDING = """
select id, data->>$3 as owner from engine.events where type = any($1) and data->>$2 is not null
"""
_STRIP = "update engine.events set data = data - $1::text where id = any($2::uuid[])"
_DEAD = "envelope->>'type' = any($1) and envelope->'data'->>$2 is not null"
_COUNT_DEAD = f"select count(*) from engine.parked where {_DEAD}"  # noqa: S608 - constants
_STRIP_DEAD = f"""
update engine.parked set envelope = envelope #- array['data', $2] where {_DEAD}
"""  # noqa: S608 - constants
_MATCHING = "select id from engine.events where type = $1 and data->>$2 ~ $3"
_MASK = """
update engine.events
set data = jsonb_set(data, array[$1], to_jsonb(regexp_replace(data->>$1, $2, '***', 'g')))
where id = any($3::uuid[])
"""
_MASK_DEAD = """
update engine.parked set envelope = jsonb_set(envelope, array['data', $2],
    to_jsonb(regexp_replace(envelope->'data'->>$2, $3, '***', 'g')))
where envelope->>'type' = $1 and envelope->'data'->>$2 ~ $3
"""


class HoldingEvent(NamedTuple):
    """An event that holds the field, and the text of another field, which says whose it is."""

    id: UUID
    owner: str | None


async def events_holding(
    connection: Connection, types: Sequence[str], field: str, owner: str
) -> list[HoldingEvent]:
    """Return the events of these types with a value in a field, and the text of their field `owner`.

    Reads all events, as they are stored.
    """
    rows = await connection.fetch(_HOLDING, list(types), field, owner)
    return [HoldingEvent(row["id"], row["owner"]) for row in rows]


async def dead_letters_holding(connection: Connection, types: Sequence[str], field: str) -> int:
    """Return how many dead letters are events of these types with a value in a field."""
    return int(await connection.fetchval(_COUNT_DEAD, list(types), field))


async def strip(connection: Connection, types: Sequence[str], field: str, events: Sequence[UUID]) -> None:
    """Remove a field from events, and from dead letters of these types; services may run.

    An interrupted call leaves some of them: repeat it.
    """
    for page in _pages(events):
        await connection.execute(_STRIP, field, page)
    await connection.execute(_STRIP_DEAD, list(types), field)


async def events_matching(connection: Connection, kind: str, field: str, pattern: str) -> list[UUID]:
    """Return the events of a type in whose field a regular expression of PostgreSQL is found."""
    return [row["id"] for row in await connection.fetch(_MATCHING, kind, field, pattern)]


async def mask(connection: Connection, kind: str, field: str, pattern: str, events: Sequence[UUID]) -> None:
    """Replace what matches in a text of events, and of dead letters of their type; see `strip`."""
    for page in _pages(events):
        await connection.execute(_MASK, field, pattern, page)
    await connection.execute(_MASK_DEAD, kind, field, pattern)


async def free_rows(connection: Connection) -> None:
    """Remove the rows as they were before from the disk, where they would stay for a while."""
    for table in ("events", "parked"):
        await connection.execute(f"vacuum engine.{table}")


def _pages(events: Sequence[UUID]) -> Iterator[list[UUID]]:
    return (list(events[start : start + _AT_ONCE]) for start in range(0, len(events), _AT_ONCE))
