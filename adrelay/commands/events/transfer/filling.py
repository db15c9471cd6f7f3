"""Fills empty stores with the events of an export: all of them, or none."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import asyncpg
from asyncpg.transaction import Transaction

from adrelay.commands.events.transfer.dump import Dump
from adrelay.servers.places import with_database
from adrelay.servers.stores import connected
from adrelay.terminal.outcome import Failure, Unusable, complain
from adrelay.terminal.reasons import reason_of
from libs.chassis.names import APPLICATION as SERVICES
from libs.eventsourcing import START, Cursor, Envelope
from libs.eventsourcing.readers.dead_letters import Parking
from libs.eventsourcing.store.connections import Connection
from libs.eventsourcing.store.schema import make_schema

_PAGE = 1000
_LOCK_WAIT = "5s"
_STANDS = "select to_regclass('engine.events') is not null"
_HOLDS_EVENTS = "select exists (select from engine.events)"
_USERS = """
select count(*) from pg_stat_activity
where datname = current_database() and application_name = $1 and pid <> pg_backend_pid()
"""
_KNOWN = (
    "beside_skipped",
    "beside_checkpoints",
    "beside",
    "projections",
    "readers",
    "checkpoints",
    "bookmarks",
    "parked",
    "retries",
    "dropped",
    "commands",
)
"""What a store knows of others' events and of its tables; those that refer to another come first."""
_INSERT = """
insert into engine.events
    (position, id, stream, version, type, schema, at, correlation_id, causation_id, actor, data)
overriding system value
select $2 + number, (line->>'id')::uuid, line->>'stream', (line->>'version')::integer, line->>'type',
       (line->>'schema')::integer, (line->>'at')::timestamptz, (line->>'correlation_id')::uuid,
       (line->>'causation_id')::uuid, line->>'actor', line->'data'
from unnest($1::jsonb[]) with ordinality as lines (line, number) order by number
"""
_SEQUENCE = (
    "select setval(pg_get_serial_sequence('engine.events', 'position'), greatest($1::bigint, 1), $1 > 0)"
)
_READERS = """
insert into engine.readers (name) select distinct reader from engine.checkpoints on conflict do nothing
"""


@dataclass
class _Store:
    """A store that is being filled, in a transaction that is still open."""

    service: str
    url: str
    connection: Connection
    transaction: Transaction
    made: bool
    """Whether its database was made for this, so that it is dropped if anything fails."""
    stood: bool = False
    """Whether the engine's tables were there before."""
    known: dict[str, str] = field(default_factory=dict[str, str])
    """What it held before, besides events, of which it had none."""
    xid: int = 0
    """What its new events are stamped with."""
    written: int = 0


async def _at_once() -> None:
    """Refuse nothing."""


async def fill(dump: Dump, urls: Mapping[str, str], ready: Callable[[], Awaitable[None]] = _at_once) -> None:
    """Have each of these stores hold what an export tells of its service.

    `ready` is called once all of them are held and found empty, and may still refuse. Raises `Unusable`;
    whatever is raised, no store holds anything more than before.
    """
    async with AsyncExitStack() as stack:
        stores = {name: await stack.enter_async_context(_open(name, url)) for name, url in urls.items()}
        for store in stores.values():
            await _prepare(store)
        await ready()
        await _write(dump, stores)
        await _keep(list(stores.values()))


async def _keep(stores: list[_Store]) -> None:
    """Commit everywhere; where that fails, empty again what was committed before."""
    doubtful: list[_Store] = []
    try:
        for store in stores:
            doubtful.append(store)
            await store.transaction.commit()
    except BaseException:
        for store in doubtful:
            await _close(store.connection)
            if not store.made:
                await _undo(store)
        raise


async def _close(connection: Connection) -> None:
    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        await connection.close(timeout=2)


@asynccontextmanager
async def _open(service: str, url: str) -> AsyncGenerator[_Store]:
    """Be in a transaction of a store; a database that is made for it is dropped again if anything fails."""
    made = await _make_database(service, url)
    try:
        async with connected(service, url, writing=True, empty=True) as connection:
            transaction = connection.transaction()
            await transaction.start()
            yield _Store(service, url, connection, transaction, made)
    except BaseException:
        if made:
            await _drop_database(service, url)
        raise


async def _make_database(service: str, url: str) -> bool:
    try:
        async with connected(service, url, empty=True):
            return False
    except Unusable as error:
        if not isinstance(error.__cause__, asyncpg.InvalidCatalogNameError):
            raise
    async with _server(service, url) as server:
        await server.execute(f'create database "{_name(url)}"')
    return True


async def _drop_database(service: str, url: str) -> None:
    try:
        async with _server(service, url) as server:
            await server.execute(f'drop database if exists "{_name(url)}"')
    except (Unusable, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        complain(f"{_name(url)} was made for this, and could not be dropped again: {reason_of(error)}")


def _server(service: str, url: str) -> AbstractAsyncContextManager[Connection]:
    return connected(service, with_database(url, "postgres"), writing=True, empty=True)


def _name(url: str) -> str:
    return urlsplit(url).path.removeprefix("/").replace('"', "")


async def _prepare(store: _Store) -> None:
    """Hold a store against everyone else; raise `Unusable` unless nothing is in it and nobody uses it.

    A service that starts now waits where it looks for its tables, and then finds that it has to fold them.
    """
    connection = store.connection
    store.stood = await connection.fetchval(_STANDS)
    await make_schema(connection)
    await _hold(connection, store.service)
    if await connection.fetchval(_HOLDS_EVENTS):
        raise Unusable(f"{_name(store.url)} holds events already: import only into an empty store")
    store.known = {
        table: await connection.fetchval(f"select coalesce(json_agg(t), '[]')::text from engine.{table} t")  # noqa: S608 - one of ours
        for table in _KNOWN
    }
    for table in _KNOWN:
        await connection.execute(f"delete from engine.{table}")  # noqa: S608 - one of ours
    store.xid = int(await connection.fetchval("select engine.stamp()::text"))


async def _hold(connection: Connection, service: str) -> None:
    """Keep everyone from writing to a store and from looking for its tables, in this transaction."""
    await _refuse_users(connection, service)
    await connection.execute(f"set local lock_timeout = '{_LOCK_WAIT}'")
    try:
        await connection.execute("lock table engine.projections in access exclusive mode")
        await connection.execute("lock table engine.events in exclusive mode")
    except asyncpg.LockNotAvailableError as error:
        raise Unusable(f"someone holds the store of {service} just now; try again later") from error
    await _refuse_users(connection, service)


async def _refuse_users(connection: Connection, service: str) -> None:
    await connection.execute("select pg_stat_clear_snapshot()")  # else a transaction sees who was there first
    if await connection.fetchval(_USERS, SERVICES):
        raise Unusable(f"{service} is running: stop it first, or import --into a scratch database")


async def _undo(store: _Store) -> None:
    """Have a store hold what it did before the import, which was committed here and failed elsewhere."""
    try:
        async with (
            connected(store.service, store.url, writing=True, empty=True) as connection,
            connection.transaction(),
        ):
            if await connection.fetchval(_STANDS):
                await _hold(connection, store.service)
                await _put_back(connection, store)
    except (Failure, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        complain(f"{_name(store.url)} was filled, and could not be emptied again: {reason_of(error)}")


async def _put_back(connection: Connection, store: _Store) -> None:
    if not store.stood:
        await connection.execute("drop schema engine cascade")
        return
    for table in _KNOWN:
        await connection.execute(f"delete from engine.{table}")  # noqa: S608 - one of ours
    await connection.execute("delete from engine.events")
    await connection.execute(_SEQUENCE, 0)
    for table in reversed(_KNOWN):
        rows = f"json_populate_recordset(null::engine.{table}, $1::text::json)"
        await connection.execute(f"insert into engine.{table} select * from {rows}", store.known[table])  # noqa: S608 - one of ours


async def _write(dump: Dump, stores: Mapping[str, _Store]) -> None:
    page: list[str] = []
    owner: _Store | None = None
    for service, other, line in dump.lines():
        store = stores.get(service)
        if owner is not None and (store is not owner or other is not None or len(page) == _PAGE):
            await _write_page(owner, page)
            page = []
        owner = store if other is None else None
        if store is None:
            continue
        if other is None:
            page.append(line)
        elif "parked" in other:
            await _park(store, dump, stores, other)
        else:
            await _place(store, dump, stores, other)
    if owner is not None:
        await _write_page(owner, page)
    for store in stores.values():
        await store.connection.execute(_SEQUENCE, store.written)
        await store.connection.execute(_READERS)


async def _write_page(store: _Store, page: list[str]) -> None:
    await store.connection.execute(_INSERT, page, store.written)
    store.written += len(page)


def _moved(dump: Dump, stores: Mapping[str, _Store], source: str, cursor: Cursor) -> Cursor:
    """Return where the event at a cursor of the old store stands in the new one."""
    if source not in stores:
        return cursor  # that store stays what it is
    number = dump.number_of(source, cursor)
    return Cursor(stores[source].xid, number) if number else START


async def _place(store: _Store, dump: Dump, stores: Mapping[str, _Store], fields: dict[str, Any]) -> None:
    """Note up to where a reader has come, or what it never handles."""
    cursor = _moved(dump, stores, fields["source"], Cursor(fields["xid"], fields["position"]))
    table = "dropped" if "dropped" in fields else "checkpoints"
    if cursor > START:
        await store.connection.execute(
            f"insert into engine.{table} (reader, source, xid, position) values ($1, $2, $3, $4)",  # noqa: S608 - one of two
            fields["reader"],
            fields["source"],
            *cursor,
        )


async def _park(store: _Store, dump: Dump, stores: Mapping[str, _Store], fields: dict[str, Any]) -> None:
    envelope = Envelope.from_json(json.dumps(fields["parked"]))
    moved = replace(envelope, cursor=_moved(dump, stores, fields["source"], envelope.cursor))
    await Parking(fields["reader"]).add(store.connection, fields["source"], moved, fields["error"])
