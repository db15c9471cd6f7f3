"""Removes a field from stored events: the one exception to the rule that they are never changed.

It is for personal data that earlier versions stored in events. The type's present schema must not need the
field. The stream keeps what was published: fill it anew afterwards.
"""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from libs.eventsourcing.store.connections import Connection

_AT_ONCE = 1000
"""How many events one transaction changes: relays wait for the end of each."""
_HOLDING = "select id, data->>$3 as owner from engine.events where type = any($1) and data ? $2"
_STRIP = "update engine.events set data = data - $1::text where id = any($2::uuid[])"
_DEAD = "envelope->>'type' = any($1) and envelope->'data' ? $2"
_COUNT_DEAD = f"select count(*) from engine.parked where {_DEAD}"  # noqa: S608 - constants
_STRIP_DEAD = f"""
update engine.parked set envelope = envelope #- array['data', $2] where {_DEAD}
"""  # noqa: S608 - constants


class HoldingEvent(NamedTuple):
    """An event that holds the field, and the text of another field, which says whose it is."""

    id: UUID
    owner: str | None


async def events_holding(
    connection: Connection, types: Sequence[str], field: str, owner: str
) -> list[HoldingEvent]:
    """Return the events of these types whose stored data has a field, with the text of the field `owner`.

    Reads all events.
    """
    rows = await connection.fetch(_HOLDING, list(types), field, owner)
    return [HoldingEvent(row["id"], row["owner"]) for row in rows]


async def dead_letters_holding(connection: Connection, types: Sequence[str], field: str) -> int:
    """Return how many dead letters are events of these types whose data has a field."""
    return int(await connection.fetchval(_COUNT_DEAD, list(types), field))


async def strip(connection: Connection, types: Sequence[str], field: str, events: Sequence[UUID]) -> None:
    """Remove a field from events, and from dead letters of these types; services may run.

    An interrupted call leaves some of them: repeat it.
    """
    for start in range(0, len(events), _AT_ONCE):
        await connection.execute(_STRIP, field, list(events[start : start + _AT_ONCE]))
    await connection.execute(_STRIP_DEAD, list(types), field)
    await connection.execute("vacuum engine.events")  # else the old rows stay on the disk for a while
    await connection.execute("vacuum engine.parked")
