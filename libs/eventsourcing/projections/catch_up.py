"""Brings shadow tables up to date: from the store, in short transactions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import asyncpg

from libs.eventsourcing.model.envelope import Envelope, Recorded
from libs.eventsourcing.model.errors import Poison, Transient
from libs.eventsourcing.projections import shadow
from libs.eventsourcing.projections.projection import Projection
from libs.eventsourcing.projections.shadow import ShadowTables
from libs.eventsourcing.projections.sql import Writes
from libs.eventsourcing.projections.tables import ServiceTables
from libs.eventsourcing.store.connections import ISOLATION, Connection
from libs.eventsourcing.store.errors import family_of
from libs.eventsourcing.store.postgres import PostgresStore, last_event

PAGE = 2000


class FoldFailed(Poison):
    """An event can't be folded into the new tables; the running ones are as they were."""


class StreamIncomplete(Transient):
    """The stream is being republished and does not hold yet what the reader has read before."""


class Fold(Protocol):
    """Brings one schema's tables up to date."""

    async def step(self) -> int:
        """Fold a batch of missing events, and return how many were read; 0: none is missing."""
        ...

    async def finish(self) -> None:
        """Fold all missing events, under the exclusive lock; afterwards both tables are equal."""
        ...

    async def remaining(self) -> int:
        """Return how many events are still to be read."""
        ...


ReadModelSource = Callable[
    [ServiceTables, Projection, ShadowTables, "asyncpg.Connection[asyncpg.Record]"], Fold
]
"""Returns what folds a read model's shadow tables, from wherever its reader gets events."""


@dataclass
class StoreFold:
    """Folds a state table from its service's own store."""

    tables: ServiceTables
    table: Projection
    into: ShadowTables
    connection: Connection
    """Its search path is this schema."""

    async def step(self) -> int:
        """See `Fold.step`."""
        return await self._pages(hidden=False, once=True)

    async def finish(self) -> None:
        """See `Fold.finish`."""
        await self._pages(hidden=True, once=False)

    async def _pages(self, *, hidden: bool, once: bool) -> int:
        passed = 0
        store = PostgresStore(self.connection, self.tables.catalogue)
        kinds = sorted(kind.__name__ for kind in self.table.events)
        while True:
            async with self.connection.transaction(isolation=ISOLATION):
                self.into = await shadow.found(self.connection, self.into.schema)
                last = await last_event(self.connection, hidden=hidden)
                after = self.into.reached(self.tables.service)
                page = await store.between(after, last, kinds, PAGE) if last > after else []
                if page:
                    await fold(self.tables, self.table, page, self.connection)
                reached = page[-1].cursor if len(page) == PAGE else max(after, last)
                if reached > after:
                    await shadow.advance(
                        self.connection, self.into.schema, {self.tables.service: reached}, len(page)
                    )
            passed += len(page)
            if once or len(page) < PAGE:
                self.into = await shadow.found(self.connection, self.into.schema)
                return passed

    async def remaining(self) -> int:
        """See `Fold.remaining`."""
        after = self.into.reached(self.tables.service)
        return int(
            await self.connection.fetchval(
                "select count(*) from engine.events "
                "where (xid, position) > ($1::text::xid8, $2) and type = any($3)",
                str(after.xid),
                after.position,
                [kind.__name__ for kind in self.table.events],
            )
        )


async def fold(
    tables: ServiceTables, table: Projection, page: Sequence[Envelope], connection: Connection
) -> None:
    """Fold events into the tables in this connection's search path; raise `FoldFailed` where one can't be."""
    writes = Writes(connection)
    envelope: Envelope | None = None
    try:
        for envelope in page:
            event = tables.catalogue.decode(envelope.type, envelope.schema, envelope.data)
            await table.apply(Recorded(envelope, event), writes)
        await writes.flush()
    except Exception as error:
        if issubclass(family_of(error) or Poison, Transient):
            raise
        where = f"{envelope.stream} v{envelope.version} ({envelope.type})" if envelope else "an event"
        about = "at or before " if writes.delayed else ""
        message = f"{table.name} v{table.version} can't be folded {about}{where}: {error!r}"
        raise FoldFailed(message) from error
