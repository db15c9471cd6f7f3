"""Fills empty stores with the events of an export: all of them, or none."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
from asyncpg.transaction import Transaction

from adrelay.commands.events.transfer.dump import Dump
from adrelay.servers.new_databases import DatabaseCreator
from adrelay.servers.stores import connected
from adrelay.terminal.outcome import Failure, Unusable, complain
from adrelay.terminal.reasons import reason_of
from libs.chassis.database_urls import database_in
from libs.chassis.names import APPLICATION
from libs.eventsourcing.operations import Filling, HoldsEvents, StoreInUse, StoreLocked, close
from libs.eventsourcing.values import Cursor, Envelope

_PAGE = 1000


@dataclass
class _Store:
    """A store that is filled in an open transaction."""

    service: str
    url: str
    filling: Filling
    transaction: Transaction
    made: bool
    """Its database was created for this import, and is dropped if anything fails."""

    @property
    def database(self) -> str:
        """The name of the store's database."""
        return database_in(self.url)


async def _at_once() -> None:
    """Accept all stores."""


async def fill(
    dump: Dump,
    urls: Mapping[str, str],
    creator: DatabaseCreator,
    ready: Callable[[], Awaitable[None]] = _at_once,
) -> None:
    """Fill these stores with the events of an export, in all of them or in none.

    Missing databases are created. `ready` is called once all are locked and known to be empty, and may still
    refuse. Raises `Unusable`; after any error no store contains more than before.
    """
    async with AsyncExitStack() as stack:
        stores = {
            name: await stack.enter_async_context(_open(name, url, creator)) for name, url in urls.items()
        }
        for store in stores.values():
            await _prepare(store)
        await ready()
        await _write(dump, stores)
        await _keep(list(stores.values()))


async def _keep(stores: list[_Store]) -> None:
    """Commit in all stores; if one fails, undo those that were committed before."""
    doubtful: list[_Store] = []
    try:
        for store in stores:
            doubtful.append(store)
            await store.transaction.commit()
    except BaseException:
        for store in doubtful:
            await close(store.filling.connection)
            if not store.made:
                await _undo(store)
        raise


@asynccontextmanager
async def _open(service: str, url: str, creator: DatabaseCreator) -> AsyncGenerator[_Store]:
    """Open a transaction in a store; a database created for it is dropped if anything fails."""
    made = await creator.create_missing(service, url)
    try:
        async with connected(service, url, writing=True, empty=True) as connection:
            transaction = connection.transaction()
            await transaction.start()
            yield _Store(service, url, Filling(connection, APPLICATION), transaction, made)
    except BaseException:
        if made:
            await creator.drop(service, url)
        raise


async def _prepare(store: _Store) -> None:
    """Lock a store exclusively; raise `Unusable` unless it is empty and nobody uses it."""
    try:
        await store.filling.prepare()
    except HoldsEvents as error:
        raise Unusable(f"{store.database} holds events already: import only into an empty store") from error
    except (StoreInUse, StoreLocked) as error:
        raise Unusable(_why_busy(store, error)) from error


def _why_busy(store: _Store, error: StoreInUse | StoreLocked) -> str:
    if isinstance(error, StoreInUse):
        return f"{store.service} is running: stop it first, or import --into a scratch database"
    return f"someone holds the store of {store.service} just now; try again later"


async def _undo(store: _Store) -> None:
    """Undo the import of a store, which was committed here and failed in another store."""
    try:
        async with (
            connected(store.service, store.url, writing=True, empty=True) as connection,
            connection.transaction(),
        ):
            await store.filling.undo(connection)
    except (StoreInUse, StoreLocked) as error:
        complain(f"{store.database} was filled, and could not be emptied again: {_why_busy(store, error)}")
    except (Failure, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        complain(f"{store.database} was filled, and could not be emptied again: {reason_of(error)}")


async def _write(dump: Dump, stores: Mapping[str, _Store]) -> None:
    page: list[str] = []
    owner: _Store | None = None
    for service, other, line in dump.lines():
        store = stores.get(service)
        if owner is not None and (store is not owner or other is not None or len(page) == _PAGE):
            await owner.filling.add_events(page)
            page = []
        owner = store if other is None else None
        if store is None:
            continue
        if other is None:
            page.append(line)
        elif "parked" in other:
            await _add_dead_letter(store, dump, stores, other)
        else:
            await _insert(store, dump, stores, other)
    if owner is not None:
        await owner.filling.add_events(page)
    for store in stores.values():
        await store.filling.finish()


def _moved(dump: Dump, stores: Mapping[str, _Store], source: str, cursor: Cursor) -> Cursor:
    """Return the cursor in the new store of the event at a cursor of the old one."""
    if source not in stores:
        return cursor  # a store that is not imported keeps its cursors
    return stores[source].filling.cursor_of(dump.number_of(source, cursor))


async def _insert(store: _Store, dump: Dump, stores: Mapping[str, _Store], fields: dict[str, Any]) -> None:
    """Store a reader's checkpoint, or an event that it has dropped."""
    cursor = _moved(dump, stores, fields["source"], Cursor(fields["xid"], fields["position"]))
    note = store.filling.add_dropped if "dropped" in fields else store.filling.add_checkpoint
    await note(fields["reader"], fields["source"], cursor)


async def _add_dead_letter(
    store: _Store, dump: Dump, stores: Mapping[str, _Store], fields: dict[str, Any]
) -> None:
    envelope = Envelope.from_json(json.dumps(fields["parked"]))
    moved = replace(envelope, cursor=_moved(dump, stores, fields["source"], envelope.cursor))
    await store.filling.add_dead_letter(fields["reader"], fields["source"], moved, fields["error"])
