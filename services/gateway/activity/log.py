"""The activity log: each request by which an operator changes something.

What came of it is in the events, which have its correlation id. Network addresses are here and not in events,
which are for ever. E-mail addresses are not here either.
"""

from datetime import datetime, timedelta
from uuid import UUID

from libs.eventsourcing import Engine
from libs.eventsourcing.hosting import make_once
from libs.eventsourcing.values import utc_now
from services.gateway.tables.paging import Key, KeyType, PagedList, holds, instant
from services.gateway.tables.values import View

DONE = "done"
_LONGEST_PATH = 300
_LONGEST_DETAIL = 2_000
_FORGET_SECONDS = 3600.0
_FORGOTTEN_AT_ONCE = 10_000
TABLES = """
create schema if not exists activity;
-- a row for each request of an operator that is no mere look
create table if not exists activity.acts (
    id uuid primary key,
    at timestamptz not null,
    actor text not null,
    address text not null,
    operation text not null,
    path text not null,
    outcome text
);
alter table activity.acts add column if not exists detail text;
create index if not exists acts_by_time on activity.acts (at, id);
"""
_NOTE = """
insert into activity.acts (id, at, actor, address, operation, path) values ($1, $2, $3, $4, $5, $6)
on conflict (id) do nothing
"""
_FORGET = """
delete from activity.acts where id in (select id from activity.acts where at < $1 order by at limit $2)
"""
ACTS = PagedList(
    name="activity",
    source="activity.acts a",
    fields=f"""
        a.id as correlation_id, {instant("a.at")} as at, a.actor, a.address, a.operation, a.path, a.outcome,
        a.detail
    """,
    sorts={"created_at": (Key("a.at", KeyType.INSTANT), Key("a.id", KeyType.ID))},
    filters={
        "actor": "a.actor = {}",
        "operation": "a.operation = {}",
        "from": "a.at >= {}",
        "to": "a.at < {}",
        "text": holds("a.path"),
    },
)


class Act(View):
    """A request by which an operator wanted to change something."""

    correlation_id: UUID
    """Of the events that came of it: `adrelay events trace` shows them."""
    at: datetime
    actor: str
    """`admin` for the operator's token, `admin:<account>` for an admin's account."""
    address: str
    """The network address."""
    operation: str
    """The operation's id in the OpenAPI description, such as `suspend_account`."""
    path: str
    outcome: str | None
    """`done`, or the code of the problem; null if it was interrupted."""
    detail: str | None
    """What exactly was done and why, where neither the path nor an event says it."""


class ActivityLog:
    """The acts of operators, for so many days."""

    def __init__(self, engine: Engine, *, days: int) -> None:
        self._engine = engine
        self._kept = timedelta(days=days)

    async def make_tables(self) -> None:
        """Create the table if it is missing."""
        async with self._engine.pool.acquire() as connection:
            await make_once(connection, "activity", TABLES)

    async def note(self, act: UUID, *, actor: str, address: str, operation: str, path: str) -> None:
        """Store an act before it is carried out."""
        values = (act, utc_now(), actor, address, operation, path[:_LONGEST_PATH])
        await self._engine.query(lambda sql: sql.execute(_NOTE, *values))

    async def describe(self, act: UUID, detail: str) -> None:
        """Store what exactly an act does and why, of which its path says too little."""
        statement = "update activity.acts set detail = $2 where id = $1"
        await self._engine.query(lambda sql: sql.execute(statement, act, detail[:_LONGEST_DETAIL]))

    async def conclude(self, act: UUID, outcome: str) -> None:
        """Store what came of an act."""
        statement = "update activity.acts set outcome = $2 where id = $1"
        await self._engine.query(lambda sql: sql.execute(statement, act, outcome))

    async def forget(self) -> float:
        """Delete acts that are older than the log; return after how many seconds to look again."""
        before = utc_now() - self._kept
        await self._engine.query(lambda sql: sql.execute(_FORGET, before, _FORGOTTEN_AT_ONCE))
        return _FORGET_SECONDS
