"""Where relays and readers stand, as the stores and the stream tell it."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from asyncpg import Record, UndefinedTableError

from adrelay.commands.events.reading.rows import last_cursor
from libs.events.catalogue import published
from libs.eventsourcing import Cursor, Event, EventStream, UnknownEvent, utc_now
from libs.eventsourcing.relaying.last_published import last_published
from libs.eventsourcing.store.connections import Connection
from libs.eventsourcing.stream.stored_messages import pending
from libs.eventsourcing.stream.subscription import Feed, FeedBroken

_FIRST_SECONDS = 3.0
_LOCKED = """
select exists (
    select from pg_locks where locktype = 'advisory' and granted
    and database = (select oid from pg_database where datname = current_database())
    and objsubid = 1 and objid::bigint = hashtext($1)::bigint & x'ffffffff'::bigint
)
"""
_BEHIND = """
select count(*) as behind, min(at) as oldest from engine.events where (xid, position) > ($1::text::xid8, $2)
"""
_TROUBLE = """
select error, since, extract(epoch from now() - since)::float8 as seconds
from engine.relay_troubles where stream = $1
"""
_OLDEST_OPEN = """
select extract(epoch from clock_timestamp() - xact_start)::float8 as seconds, pid, state,
       coalesce(nullif(application_name, ''), 'unnamed') as application, coalesce(datname, '?') as database
from pg_stat_activity
where backend_xid is not null and pid <> pg_backend_pid() order by backend_xid::text::bigint limit 1
"""
_XMIN_AGE = """
select (pg_snapshot_xmax(pg_current_snapshot())::text::bigint
        - pg_snapshot_xmin(pg_current_snapshot())::text::bigint)
"""


@dataclass(frozen=True)
class RelayStanding:
    """How far the stream is behind one service's store."""

    service: str
    active: bool
    stored: int
    """Events in the store."""
    behind: int
    oldest_seconds: float | None
    trouble: str | None = None
    stalled_since: datetime | None = None
    """Since when nothing could be published, for the reason that the relay gave last."""
    stall_seconds: float | None = None
    stall_reason: str | None = None

    def problems(self, patience: float) -> list[str]:
        """Say what is wrong, a line each."""
        found = [f"{self.service}: {self.trouble}"] if self.trouble else []
        if not self.active:
            found.append(f"{self.service}: no relay runs")
        if self.oldest_seconds is not None and self.oldest_seconds > patience:
            oldest = f"the oldest for {self.oldest_seconds:.0f} s"
            found.append(f"{self.service}: {self.behind} events wait to be relayed, {oldest}")
        if self.stalled_since is not None and (self.stall_seconds or 0.0) > patience:
            since = self.stalled_since.isoformat(timespec="seconds")
            found.append(f"{self.service}: its relay has not got through since {since}: {self.stall_reason}")
        return found


@dataclass(frozen=True)
class ReaderStanding:
    """How far one reader is behind the stream."""

    service: str
    name: str
    active: bool
    waiting: int
    oldest_seconds: float | None
    parked: int
    checkpoints: dict[str, str]

    def problems(self, patience: float) -> list[str]:
        """Say what is wrong, a line each."""
        found: list[str] = []
        who = f"{self.service}: reader {self.name}"
        if not self.active:
            found.append(f"{who} does not run")
        if self.oldest_seconds is not None and self.oldest_seconds > patience:
            found.append(f"{who} has {self.waiting} events before it")
        if self.parked:
            found.append(f"{who} has parked {self.parked} events; `adrelay events dead list` shows them")
        return found


@dataclass(frozen=True)
class DatabaseStanding:
    """What holds relays back: the oldest transaction that is still open anywhere in the cluster."""

    service: str
    open_seconds: float | None
    holder: str | None
    xmin_age: int
    """How many transactions have begun since the oldest one that is still open."""

    def problems(self, patience: float) -> list[str]:
        """Say what is wrong, a line each."""
        if self.open_seconds is None or self.open_seconds <= patience:
            return []
        return [f"{self.service}: a transaction of {self.holder} has been open for {self.open_seconds:.0f} s"]


async def relay_standing(service: str, connection: Connection, stream: EventStream) -> RelayStanding:
    """Compare a store with what the stream holds of it."""
    active = bool(await connection.fetchval(_LOCKED, f"relay.{stream.name}"))
    stored = await connection.fetchval("select count(*) from engine.events")
    cursor = (await last_published(connection, published(), stream, service)).cursor
    row = await connection.fetchrow(_BEHIND, str(cursor.xid), cursor.position)
    ahead = None
    if cursor > await last_cursor(connection):
        ahead = "the stream holds events that the store does not have"
    behind, oldest = (0, None) if row is None else (cast("int", row["behind"]), row["oldest"])
    stall: Record | None = None
    with suppress(UndefinedTableError):  # an older program made this database
        stall = await connection.fetchrow(_TROUBLE, stream.name)
    standing = RelayStanding(service, active, stored, behind, _age(oldest), ahead)
    if stall is None:
        return standing
    return replace(
        standing,
        stalled_since=stall["since"],
        stall_seconds=stall["seconds"],
        stall_reason=stall["error"],
    )


async def reader_standings(service: str, connection: Connection, stream: EventStream) -> list[ReaderStanding]:
    """Return where each reader of a service stands."""
    rows = await connection.fetch(
        "select name, events, stream_made, sequence, "
        "(select count(*) from engine.parked where parked.reader = readers.name) as parked "
        "from engine.readers left join engine.bookmarks on bookmarks.reader = readers.name order by name"
    )
    made_at = await stream.made_at()
    standings: list[ReaderStanding] = []
    for row in rows:
        after = row["sequence"] if row["stream_made"] == made_at else None
        waiting, oldest = await _waiting(stream, row["events"], after or 0)
        standings.append(
            ReaderStanding(
                service=service,
                name=row["name"],
                active=bool(await connection.fetchval(_LOCKED, f"reader.{stream.name}.{row['name']}")),
                waiting=waiting,
                oldest_seconds=_age(oldest),
                parked=row["parked"],
                checkpoints=await _checkpoints(connection, row["name"]),
            )
        )
    return standings


async def _checkpoints(connection: Connection, reader: str) -> dict[str, str]:
    rows = await connection.fetch(
        "select source, xid, position from engine.checkpoints where reader = $1 order by source", reader
    )
    return {row["source"]: str(Cursor(row["xid"], row["position"])) for row in rows}


async def _waiting(
    stream: EventStream, names: Sequence[str] | None, after: int
) -> tuple[int, datetime | None]:
    """Return how many events of these types the stream holds behind a sequence, and the time of the first."""
    subjects = stream.subjects(None if names is None else _kinds(names))
    if not subjects:
        return 0, None
    waiting = await pending(stream, subjects, after)
    if not waiting:
        return 0, None
    with suppress(FeedBroken, TimeoutError):
        async with asyncio.timeout(_FIRST_SECONDS), Feed(stream, subjects, after) as feed:
            return waiting, (await feed.batch(1))[0].envelope.at
    return waiting, None


def _kinds(names: Sequence[str]) -> list[type[Event]]:
    kinds: list[type[Event]] = []
    for name in names:
        with suppress(UnknownEvent):  # a newer program's
            kinds.append(published().type(name))
    return kinds


async def database_standing(service: str, connection: Connection) -> DatabaseStanding:
    """Return what holds the relay of this database back."""
    age = await connection.fetchval(_XMIN_AGE)
    row = await connection.fetchrow(_OLDEST_OPEN)
    if row is None:
        return DatabaseStanding(service, None, None, age)
    holder = f"{row['application']} in {row['database']} (pid {row['pid']}, {row['state']})"
    return DatabaseStanding(service, row["seconds"], holder, age)


def _age(moment: datetime | None) -> float | None:
    return None if moment is None else max(0.0, (utc_now() - moment).total_seconds())
