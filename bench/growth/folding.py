"""Folds what a made history leaves in tables, and puts every reader at its end."""

from collections.abc import Mapping, Sequence
from itertools import islice

from bench.growth.filling import Written
from bench.growth.history import LongHistory
from libs.events.scheduler import AdbotStarted, AdvertisementSet, CycleDue
from libs.eventsourcing import Engine, EventStream, Projection
from libs.eventsourcing.model.envelope import Envelope
from libs.eventsourcing.projections.catch_up import PAGE, fold
from libs.eventsourcing.projections.tables import READ_MODELS
from libs.eventsourcing.store.snapshots import Snapshot, store
from services.scheduler.schedule.domain import SCHEDULE

REACTIONS = "reactions"
_READERS = """
insert into engine.readers (name, complete_at) values ($1, now()) on conflict (name) do update
set complete_at = now()
"""
_CHECKPOINT = """
insert into engine.checkpoints (reader, source, xid, position) values ($1, $2, $3, $4)
on conflict (reader, source) do update set xid = $3, position = $4
"""
_OFFSET = """
insert into engine.bookmarks (reader, stream_made, sequence, sequence_with_partitions) values ($1, $2, $3, $3)
on conflict (reader) do update set stream_made = $2, sequence = $3, sequence_with_partitions = $3
"""


async def fold_all(engines: Mapping[str, Engine], stream: EventStream, written: Written) -> None:
    """Fold what was written into the tables of all services, and put their readers at its end."""
    made_at = await stream.made_at()
    for service, engine in engines.items():
        own = [envelope for source, envelope in written.to_fold if source == service]
        for table in engine.state_tables:
            await fold_events(engine, table, own)
        everyones = [envelope for _, envelope in written.to_fold]
        for table in engine.read_models:
            await fold_events(engine, table, everyones)
        for reader in (READ_MODELS, REACTIONS):
            await engine.pool.execute(_READERS, reader)
            await engine.pool.execute(_OFFSET, reader, made_at, written.sequence)
            for source, cursor in written.cursors.items():
                await engine.pool.execute(_CHECKPOINT, reader, source, *cursor)
        await engine.pool.execute("vacuum analyze", timeout=600)


async def fold_events(engine: Engine, table: Projection, events: Sequence[Envelope]) -> None:
    """Fold a service's table from these events, which may be of any type."""
    kinds = {kind.__name__ for kind in table.events}
    wanted = (envelope for envelope in events if envelope.type in kinds)
    connection = await engine.tables.connect(table.name)
    try:
        while page := list(islice(wanted, PAGE)):
            async with connection.transaction():
                await fold(engine.tables, table, page, connection)
    finally:
        await connection.close(timeout=5)


async def store_snapshots(scheduler: Engine, history: LongHistory) -> None:
    """Store the snapshot of each schedule with a hundred events, as of its last hundredth."""
    assert SCHEDULE.snapshots is not None
    kept, made = SCHEDULE.snapshots, list[Snapshot]()
    async with scheduler.pool.acquire() as connection:
        for order in history.paid:
            version = ((order.cycles or 0) + 2) // kept.every * kept.every
            if not version:
                continue
            stream = SCHEDULE.stream(order.adbot)
            rows = await connection.fetch(
                "select type, schema, data::text as data from engine.events "
                "where stream = $1 and version in (1, 2, $2) order by version",
                stream,
                version,
            )
            events = [scheduler.catalogue.decode(row["type"], row["schema"], row["data"]) for row in rows]
            state = SCHEDULE.fold(
                event for event in events if isinstance(event, AdvertisementSet | AdbotStarted | CycleDue)
            )
            assert state is not None
            assert state.cycles == version - 2
            made.append(Snapshot(stream, kept.version, version, kept.encode(state)))
        await store(connection, made)
