"""Read model and queries of the stock: sessions and Telegram applications, with their states."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from libs.events.forwarder import ApiPairImported, SessionImported, SessionReachable, SessionUnreachable
from libs.events.provisioning import (
    ApiPairAdded,
    SessionAssigned,
    SessionLost,
    SessionReleased,
    SessionStocked,
)
from libs.events.values import ApplicationId, SessionId
from libs.eventsourcing import Projection, Sql, TableSql
from services.gateway.tables.paging import Key, KeyType, PagedList, holds, instant, item_of
from services.gateway.tables.values import View

STOCK = Projection(
    "stock",
    version=4,
    ddl="""
    create table stock (
        session uuid primary key,
        phone text not null,
        telegram_user bigint not null,
        state text not null,
        adbot uuid,
        pair uuid,
        imported_at timestamptz not null,
        unreachable_since timestamptz,
        unreachable_error text
    );
    create index on stock (state);
    create index on stock (imported_at, session);
    create index on stock (adbot) where adbot is not null;
    create table stock_pairs (
        pair uuid primary key,
        api_id integer not null,
        imported_at timestamptz not null
    );
    """,
)


class SessionState(StrEnum):
    """The state of a session; `IMPORTED` until provisioning has taken it into stock."""

    IMPORTED = "IMPORTED"
    UNUSED = "UNUSED"
    ASSIGNED = "ASSIGNED"
    BANNED = "BANNED"
    FROZEN = "FROZEN"
    RETIRED = "RETIRED"


class StockedSession(View):
    """A session, with its phone number masked."""

    session: UUID
    phone: str
    telegram_user: int
    state: SessionState
    adbot: UUID | None
    pair: UUID | None
    imported_at: datetime
    unreachable_since: Annotated[
        datetime | None,
        Field(description="Since when the session can't connect, while others can; null if it can."),
    ]
    unreachable_error: str | None


class StockedApplication(View):
    """A Telegram application, with the number of its sessions."""

    pair: UUID
    api_id: int
    sessions: int


class StockOverview(View):
    """The number of sessions by state, and the Telegram applications."""

    counts: dict[SessionState, int]
    pairs: list[StockedApplication]


class Stock(StockOverview):
    """The sessions and Telegram applications in stock."""

    sessions: list[StockedSession]
    next: Annotated[
        str | None,
        Field(description="Send it as `cursor` to get the next sessions; null if these are the last ones."),
    ]


@STOCK.on(SessionImported)
async def imported(event: SessionImported, sql: TableSql) -> None:
    """Add the session, unless provisioning's event of it was handled before."""
    await sql.execute(
        "insert into stock (session, phone, telegram_user, state, pair, imported_at) "
        "values ($1, $2, $3, 'IMPORTED', $4, $5) on conflict (session) "
        "do update set imported_at = least(stock.imported_at, excluded.imported_at)",
        event.session,
        event.phone,
        event.telegram_user,
        event.pair,
        sql.at,
    )


@STOCK.on(SessionStocked)
async def stocked(event: SessionStocked, sql: TableSql) -> None:
    """Mark the session as unused."""
    await sql.execute(
        "insert into stock (session, phone, telegram_user, state, pair, imported_at) "
        "values ($1, $2, $3, 'UNUSED', $4, $5) on conflict (session) "
        "do update set state = 'UNUSED', imported_at = least(stock.imported_at, excluded.imported_at)",
        event.session,
        event.phone,
        event.telegram_user,
        event.pair,
        sql.at,
    )


@STOCK.on(SessionAssigned)
async def assigned(event: SessionAssigned, sql: TableSql) -> None:
    """Store the session's adbot."""
    await sql.execute(
        "update stock set state = 'ASSIGNED', adbot = $2, pair = $3 where session = $1",
        event.session,
        event.adbot,
        event.pair,
    )


@STOCK.on(SessionReleased)
async def released(event: SessionReleased, sql: TableSql) -> None:
    """Mark the session as unused again."""
    await sql.execute("update stock set state = 'UNUSED', adbot = null where session = $1", event.session)


@STOCK.on(SessionLost)
async def lost(event: SessionLost, sql: TableSql) -> None:
    """Store how the session was lost."""
    await sql.execute(
        "update stock set state = $2, adbot = null where session = $1", event.session, event.loss
    )


@STOCK.on(SessionUnreachable)
async def unreachable(event: SessionUnreachable, sql: TableSql) -> None:
    """Store since when the session can't connect."""
    await sql.execute(
        "update stock set unreachable_since = $2, unreachable_error = $3 where session = $1",
        event.session,
        event.since,
        event.error,
    )


@STOCK.on(SessionReachable)
async def reachable(event: SessionReachable, sql: TableSql) -> None:
    """Store that the session can connect again."""
    await sql.execute(
        "update stock set unreachable_since = null, unreachable_error = null where session = $1",
        event.session,
    )


@STOCK.on(ApiPairImported)
async def application_imported(event: ApiPairImported, sql: TableSql) -> None:
    """Add the Telegram application."""
    await _show_application(sql, event.pair, event.api_id)


@STOCK.on(ApiPairAdded)
async def application_added(event: ApiPairAdded, sql: TableSql) -> None:
    """Add the Telegram application, if it is missing."""
    await _show_application(sql, event.pair, event.api_id)


async def _show_application(sql: TableSql, application: ApplicationId, api_id: int) -> None:
    await sql.execute(
        "insert into stock_pairs as known values ($1, $2, $3) on conflict (pair) "
        "do update set imported_at = least(known.imported_at, excluded.imported_at)",
        application,
        api_id,
        sql.at,
    )


_FIELDS = f"""
session, phone, telegram_user, state, adbot, pair, {instant("imported_at")} as imported_at,
{instant("unreachable_since")} as unreachable_since, unreachable_error
"""
_COUNTS = """
select coalesce(json_object_agg(state, count), '{}')::text from (
    select state, count(*) as count from stock group by state order by state
) one
"""
_APPLICATIONS = """
select coalesce(json_agg(one), '[]')::text from (
    select p.pair, p.api_id, count(s.session) as sessions from stock_pairs p
    left join stock s on s.pair = p.pair and s.state in ('IMPORTED', 'UNUSED', 'ASSIGNED')
    group by p.pair, p.api_id, p.imported_at order by p.imported_at, p.pair
) one
"""
SESSIONS = PagedList(
    name="stock",
    fields=_FIELDS,
    source="stock",
    sorts={"created_at": (Key("imported_at", KeyType.INSTANT), Key("session", KeyType.ID))},
    filters={
        "state": "state = {}",
        "adbot": "adbot = {}",
        "application": "pair = {}",
        "text": holds("phone", "telegram_user", "session", "unreachable_error"),
    },
)
"""The sessions in stock."""


async def overview_of(sql: Sql) -> str:
    """Return the number of sessions by state and the applications as JSON, a `StockOverview`."""
    counts, applications = await sql.fetchval(_COUNTS), await sql.fetchval(_APPLICATIONS)
    return f'{{"counts":{counts},"pairs":{applications}}}'


async def application_of(sql: Sql, api_id: int) -> ApplicationId | None:
    """Return the Telegram application with this `api_id`."""
    found = await sql.fetchval(
        "select pair from stock_pairs where api_id = $1 order by imported_at, pair limit 1", api_id
    )
    return None if found is None else ApplicationId(found)


async def stocked_session(sql: Sql, session: SessionId) -> StockedSession | None:
    """Return one session."""
    query = f"select {item_of(_FIELDS)} from stock where session = $1"  # noqa: S608 - constants
    item = await sql.fetchval(query, session)
    return None if item is None else StockedSession.model_validate_json(item)
