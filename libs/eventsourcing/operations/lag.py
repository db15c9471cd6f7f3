"""The lag of relays and readers, from the stores and the stream."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from asyncpg import UndefinedTableError

from libs.eventsourcing.model.catalogue import EventCatalogue
from libs.eventsourcing.model.envelope import utc_now
from libs.eventsourcing.model.errors import UnknownEvent
from libs.eventsourcing.model.event import Event
from libs.eventsourcing.operations.snapshot import checkpoints
from libs.eventsourcing.operations.unrelayed import RelayTrouble, relay_trouble
from libs.eventsourcing.projections.sql import Sql
from libs.eventsourcing.relaying.last_published import last_published
from libs.eventsourcing.store.connections import Connection
from libs.eventsourcing.store.postgres import last_event
from libs.eventsourcing.stream.event_stream import EventStream
from libs.eventsourcing.stream.stored_messages import pending
from libs.eventsourcing.stream.subscription import Consumer, ConsumerLost

_FIRST_SECONDS = 3.0
_LOCKED = """
select exists (
    select from pg_locks where locktype = 'advisory' and granted
    and database = (select oid from pg_database where datname = current_database())
    and objsubid = 1 and objid::bigint = hashtext($1)::bigint & x'ffffffff'::bigint
)
"""
_STORED = "select count(*) from engine.events"
_ESTIMATED = """
select case when reltuples < 100000 then (select count(*) from engine.events) else reltuples::bigint end
from pg_class where oid = 'engine.events'::regclass
"""
_BEHIND = """
select count(*) as behind, min(at) as oldest from engine.events where (xid, position) > ($1::text::xid8, $2)
"""
_READERS = """
select name, events, stream_made, sequence,
       (select count(*) from engine.parked where parked.reader = readers.name) as dead_letters
from engine.readers left join engine.bookmarks on bookmarks.reader = readers.name order by name
"""
_OLDEST_OPEN = """
select extract(epoch from clock_timestamp() - xact_start)::float8 as seconds,
       concat_ws(', ', 'pid ' || pid, state) as session,
       coalesce(nullif(application_name, ''), 'unnamed') as application, coalesce(datname, '?') as database
from pg_stat_activity
where backend_xid is not null and pid <> pg_backend_pid() order by backend_xid::text::bigint limit 1
"""
_XMIN_AGE = """
select (pg_snapshot_xmax(pg_current_snapshot())::text::bigint
        - pg_snapshot_xmin(pg_current_snapshot())::text::bigint)
"""


@dataclass(frozen=True)
class RelayLag:
    """How far the stream is behind one service's store."""

    service: str
    active: bool
    stored: int
    """Events in the store."""
    behind: int
    """Events that are not on the stream yet."""
    oldest_seconds: float | None
    ahead: bool = False
    """The stream holds events that the store does not have."""
    stalled: RelayTrouble | None = None
    """The error that keeps its relay from publishing, as the relay stored it."""


@dataclass(frozen=True)
class ReaderLag:
    """How far one reader is behind the stream."""

    service: str
    name: str
    active: bool
    waiting: int
    oldest_seconds: float | None
    dead_letters: int
    checkpoints: dict[str, str]


@dataclass(frozen=True)
class OldestTransaction:
    """The oldest transaction that is open anywhere in the cluster: relays wait for it."""

    service: str
    open_seconds: float | None
    """None also where the role may not see it: that takes `pg_read_all_stats`, or the same role."""
    holder: str | None
    xmin_age: int
    """How many transactions have begun since the oldest one that is still open."""


async def relay_lag(
    service: str, connection: Connection, stream: EventStream, *, estimated: bool = False
) -> RelayLag:
    """Return how far the stream is behind a store; a large number of events may be `estimated`."""
    active = bool(await connection.fetchval(_LOCKED, f"relay.{stream.name}"))
    stored = await connection.fetchval(_ESTIMATED if estimated else _STORED)
    cursor = (await last_published(connection, stream, service)).cursor
    row = await connection.fetchrow(_BEHIND, str(cursor.xid), cursor.position)
    ahead = cursor > await last_event(connection)
    behind, oldest = (0, None) if row is None else (cast("int", row["behind"]), row["oldest"])
    stalled: RelayTrouble | None = None
    with suppress(UndefinedTableError):  # an older program made this database
        stalled = await relay_trouble(Sql(connection), stream.name)
    return RelayLag(service, active, stored, behind, _age(oldest), ahead, stalled)


async def reader_lags(
    service: str, connection: Connection, stream: EventStream, catalogue: EventCatalogue
) -> list[ReaderLag]:
    """Return the lag of each of a service's readers."""
    made_at = await stream.made_at()
    lags: list[ReaderLag] = []
    for row in await connection.fetch(_READERS):
        after = row["sequence"] if row["stream_made"] == made_at else None
        kinds = None if row["events"] is None else _kinds(row["events"], catalogue)
        waiting, oldest = await _waiting(stream, kinds, after or 0)
        lags.append(
            ReaderLag(
                service=service,
                name=row["name"],
                active=bool(await connection.fetchval(_LOCKED, f"reader.{stream.name}.{row['name']}")),
                waiting=waiting,
                oldest_seconds=_age(oldest),
                dead_letters=row["dead_letters"],
                checkpoints={
                    one.source: str(one.cursor) for one in await checkpoints(connection, row["name"])
                },
            )
        )
    return lags


async def _waiting(
    stream: EventStream, kinds: Sequence[type[Event]] | None, after: int
) -> tuple[int, datetime | None]:
    """Return how many events of these types are behind a sequence, and the timestamp of the first."""
    subjects = stream.subjects(kinds)
    if not subjects:
        return 0, None
    waiting = await pending(stream, subjects, after)
    if not waiting:
        return 0, None
    with suppress(ConsumerLost, TimeoutError):
        async with asyncio.timeout(_FIRST_SECONDS), Consumer(stream, subjects, after) as consumer:
            return waiting, (await consumer.batch(1))[0].envelope.at
    return waiting, None


def _kinds(names: Sequence[str], catalogue: EventCatalogue) -> list[type[Event]]:
    kinds: list[type[Event]] = []
    for name in names:
        with suppress(UnknownEvent):  # a newer program's
            kinds.append(catalogue.type(name))
    return kinds


async def oldest_transaction(service: str, connection: Connection) -> OldestTransaction:
    """Return the oldest open transaction in the cluster of this database."""
    age = await connection.fetchval(_XMIN_AGE)
    row = await connection.fetchrow(_OLDEST_OPEN)
    if row is None:
        return OldestTransaction(service, None, None, age)
    holder = f"{row['application']} in {row['database']} ({row['session']})"
    return OldestTransaction(service, row["seconds"], holder, age)


def _age(moment: datetime | None) -> float | None:
    return None if moment is None else max(0.0, (utc_now() - moment).total_seconds())
