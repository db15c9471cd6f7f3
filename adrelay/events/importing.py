"""`adrelay events import`: an export back into stores, which must be empty."""

import asyncio
import json as jsonlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import asyncpg
import typer

from adrelay.events.connections import connected
from adrelay.events.dump import Dump, read_dump
from adrelay.events.outcome import Exit, Unusable, carry_out, first_line, remark, say_json
from adrelay.events.places import (
    ENV_FILE,
    DataOption,
    EnvFileOption,
    JsonOption,
    Places,
    checked,
    scratch_name,
    with_database,
)
from libs.eventsourcing.parking import Parking
from libs.eventsourcing.postgres import Connection, make_schema
from libs.eventsourcing.record import START, Cursor, Envelope

_PAGE = 1000
_USERS = """
select count(*) from pg_stat_activity
where datname = current_database() and application_name = 'adrelay' and pid <> pg_backend_pid()
"""
_INSERT = """
insert into engine.events
    (position, id, stream, version, type, schema, at, correlation_id, causation_id, actor, data)
overriding system value
select $2 + number, (line->>'id')::uuid, line->>'stream', (line->>'version')::integer, line->>'type',
       (line->>'schema')::integer, (line->>'at')::timestamptz, (line->>'correlation_id')::uuid,
       (line->>'causation_id')::uuid, line->>'actor', line->'data'
from unnest($1::jsonb[]) with ordinality as lines (line, number) order by number
"""
_FORGET = """
delete from engine.projections; delete from engine.checkpoints; delete from engine.bookmarks;
delete from engine.parked; delete from engine.retries; delete from engine.dropped; delete from engine.commands
"""
_SEQUENCE = (
    "select setval(pg_get_serial_sequence('engine.events', 'position'), greatest($1::bigint, 1), $1 > 0)"
)


def import_(
    file: Annotated[Path, typer.Argument(help="What `export` wrote.")],
    into: Annotated[
        str | None,
        typer.Option(help="Import into scratch databases, made for it, that are called NAME_<service>."),
    ] = None,
    service: Annotated[list[str] | None, typer.Option(help="Only this service; can be repeated.")] = None,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Put exported events into empty stores, in the same order, and the readers to where they had come.

    The file is read to its end before anything is touched; each store is filled in one transaction, and all
    or none are kept. Tables are folded from the events when the services start; nothing that was done outside
    is done again. Exit codes: 0 imported, 2 the file is not whole, a store is not empty or its service runs,
    wrong usage or a server that does not answer; nothing was changed then.
    """
    carry_out(lambda: _import(Places(data, env_file), file, into, service, json=json))


async def _import(
    places: Places, file: Path, into: str | None, services: list[str] | None, *, json: bool
) -> Exit:
    dump = await asyncio.to_thread(read_dump, file)
    chosen = checked(services) if services else dump.services
    for service in chosen:
        if service not in dump.services:
            raise Unusable(f"{file} holds no events of {service}")
    urls = places.databases(chosen)
    if into is not None:
        name = scratch_name(into)
        urls = {service: with_database(url, f"{name}_{service}") for service, url in urls.items()}
    try:
        await _fill_all(dump, urls)
    except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
        raise Unusable(f"{file}: the database refuses it: {first_line(error)}") from error
    counts = {service: dump.count(service) for service in chosen}
    if json:
        say_json({"file": str(file), "events": counts})
    else:
        for service, count in counts.items():
            remark(f"{service}: {count} events" + (f" in {into}_{service}" if into else ""))
    return Exit.OK


async def _fill_all(dump: Dump, urls: Mapping[str, str]) -> None:
    """Fill every store in a transaction of its own, and keep them only when all are full."""
    async with AsyncExitStack() as stack:
        connections: dict[str, Connection] = {}
        for service, url in urls.items():
            connections[service] = await stack.enter_async_context(_store(service, url))
        xids: dict[str, int] = {}
        transactions = [connection.transaction() for connection in connections.values()]
        for transaction in transactions:
            await transaction.start()
        for service, connection in connections.items():
            await _prepare(service, connection)
            xids[service] = int(await connection.fetchval("select pg_current_xact_id()::text"))
        await _fill(dump, connections, xids)
        for transaction in transactions:
            await transaction.commit()


@asynccontextmanager
async def _store(service: str, url: str) -> AsyncGenerator[Connection]:
    """Be connected to a store; a database that is made for it is dropped again if anything fails."""
    made = await _make_database(service, url)
    try:
        async with connected(service, url, writing=True, empty=True) as connection:
            yield connection
    except BaseException:
        if made:
            async with _server(service, url) as server:
                await server.execute(f'drop database if exists "{_name(url)}"')
        raise


async def _make_database(service: str, url: str) -> bool:
    async with _server(service, url) as server:
        if await server.fetchval("select exists (select from pg_database where datname = $1)", _name(url)):
            return False
        await server.execute(f'create database "{_name(url)}"')
        return True


def _server(service: str, url: str) -> AbstractAsyncContextManager[Connection]:
    return connected(service, with_database(url, "postgres"), writing=True, empty=True)


def _name(url: str) -> str:
    return urlsplit(url).path.removeprefix("/").replace('"', "")


async def _prepare(service: str, connection: Connection) -> None:
    """Hold the store against everyone else; raise `Unusable` unless nothing is in it and nobody uses it."""
    if await connection.fetchval(_USERS):
        raise Unusable(f"{service} is running: stop it first, or import --into a scratch database")
    await make_schema(connection)
    await connection.execute("lock table engine.events in exclusive mode")
    if await connection.fetchval("select exists (select from engine.events)"):
        database = await connection.fetchval("select current_database()")
        raise Unusable(f"{database} holds events already: import only into an empty store")
    await connection.execute(_FORGET)


async def _fill(dump: Dump, connections: Mapping[str, Connection], xids: Mapping[str, int]) -> None:
    written = dict.fromkeys(connections, 0)
    waiting: list[str] = []
    owner = ""
    for service, other, line in dump.lines():
        if waiting and (service != owner or other is not None or len(waiting) == _PAGE):
            await connections[owner].execute(_INSERT, waiting, written[owner])
            written[owner] += len(waiting)
            waiting = []
        if service not in connections:
            continue
        if other is None:
            owner = service
            waiting.append(line)
        elif "parked" in other:
            await _park(connections[service], dump, xids, other)
        else:
            await _place(connections[service], dump, xids, other)
    if waiting:
        await connections[owner].execute(_INSERT, waiting, written[owner])
        written[owner] += len(waiting)
    for service, connection in connections.items():
        await connection.execute(_SEQUENCE, written[service])


def _moved(dump: Dump, xids: Mapping[str, int], source: str, cursor: Cursor) -> Cursor:
    """Return where the event at a cursor of the old store stands in the new one."""
    if source not in xids:
        return cursor  # that store stays what it is
    number = dump.number_of(source, cursor)
    return Cursor(xids[source], number) if number else START


async def _place(connection: Connection, dump: Dump, xids: Mapping[str, int], fields: dict[str, Any]) -> None:
    """Note up to where a reader has come, or what it never handles."""
    cursor = _moved(dump, xids, fields["source"], Cursor(fields["xid"], fields["position"]))
    table = "dropped" if "dropped" in fields else "checkpoints"
    if cursor > START:
        await connection.execute(
            f"insert into engine.{table} (reader, source, xid, position) values ($1, $2, $3, $4)",  # noqa: S608 - one of two
            fields["reader"],
            fields["source"],
            *cursor,
        )


async def _park(connection: Connection, dump: Dump, xids: Mapping[str, int], fields: dict[str, Any]) -> None:
    envelope = Envelope.from_json(jsonlib.dumps(fields["parked"]))
    moved = replace(envelope, cursor=_moved(dump, xids, fields["source"], envelope.cursor))
    await Parking(fields["reader"]).add(connection, fields["source"], moved, fields["error"])
