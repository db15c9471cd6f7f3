"""Stored states of long streams, in the store's database; see `Snapshots`."""

from collections.abc import Sequence
from typing import NamedTuple

from libs.eventsourcing.store.connections import Connection

_LOAD = "select state, at_version from engine.snapshots where stream = $1 and version = $2"
_STORE = """
insert into engine.snapshots (stream, version, at_version, state)
select * from unnest($1::text[], $2::integer[], $3::integer[], $4::text[])
on conflict (stream) do update set
    version = excluded.version, at_version = excluded.at_version, state = excluded.state
"""


class Snapshot(NamedTuple):
    """The state of a stream at one of its versions, as JSON, by a version of the code that folded it."""

    stream: str
    version: int
    at_version: int
    state: str


async def load(connection: Connection, stream: str, version: int) -> Snapshot | None:
    """Return the snapshot of a stream if this version of the code stored it."""
    row = await connection.fetchrow(_LOAD, stream, version)
    return None if row is None else Snapshot(stream, version, row["at_version"], row["state"])


async def store(connection: Connection, snapshots: Sequence[Snapshot]) -> None:
    """Store snapshots of different streams, in the transaction that appended the last event of each."""
    if snapshots:
        await connection.execute(_STORE, *map(list, zip(*snapshots, strict=True)))
