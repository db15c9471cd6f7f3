"""Fresh servers for one run, and databases with events."""

import asyncio
import sys
import tempfile
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from bench.history import History
from bench.ledger import ACCOUNTS, CATALOGUE, PAD, SERVICE
from bench.orders import COLUMNS
from bench.profiling import profiled
from libs.chassis.broker import connect_nats, event_stream
from libs.eventsourcing import Engine, EventCatalogue, EventStream, Projection


@dataclass
class Servers:
    """PostgreSQL and NATS for benchmarks only."""

    postgres: EmbeddedPostgres
    nats: EmbeddedNats
    watching: bool = False
    """Profiles are printed."""

    def profiled(self, what: str) -> AbstractContextManager[None]:
        """Print the functions with the most time inside, if requested."""
        return profiled(what, wanted=self.watching)

    @asynccontextmanager
    async def engine(
        self,
        *,
        service: str = SERVICE,
        catalogue: EventCatalogue = CATALOGUE,
        state_tables: tuple[Projection, ...] = (),
        read_models: tuple[Projection, ...] = (),
        size: int = 17,
    ) -> AsyncGenerator[Engine]:
        """Yield an engine on a fresh database."""
        url = await self.postgres.ensure_database(f"bench_{uuid4().hex[:8]}")
        engine = Engine(service, url, catalogue, state_tables=state_tables, read_models=read_models)
        await engine.start(pool_size=size)
        try:
            yield engine
        finally:
            await engine.stop()

    async def peer(self, *arguments: str) -> float:
        """Return the peer's environment for a fresh database of this server."""
        url = urlsplit(await self.postgres.ensure_database(f"peer_{uuid4().hex[:8]}"))
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bench.peer",
            *arguments,
            env={
                "PERSISTENCE_MODULE": "eventsourcing.postgres",
                "POSTGRES_DBNAME": url.path.removeprefix("/"),
                "POSTGRES_HOST": url.hostname or "",
                "POSTGRES_PORT": str(url.port),
                "POSTGRES_USER": url.username or "",
                "POSTGRES_PASSWORD": url.password or "",
                "POSTGRES_POOL_SIZE": "16",
                "POSTGRES_MAX_OVERFLOW": "8",
            },
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
        return float(output.split()[-1])

    @asynccontextmanager
    async def stream(self) -> AsyncGenerator[EventStream]:
        """Yield a new stream."""
        nats = await connect_nats(self.nats.url, "bench")
        stream = event_stream(nats, prefix=f"b{uuid4().hex[:8]}")
        await stream.ensure()
        try:
            yield stream
        finally:
            await nats.close()


@asynccontextmanager
async def servers(*, watching: bool = False) -> AsyncGenerator[Servers]:
    """Run both servers in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="adrelay-bench-", ignore_cleanup_errors=True) as folder:
        postgres, nats = EmbeddedPostgres(Path(folder) / "postgres"), EmbeddedNats(Path(folder) / "nats")
        await postgres.start()
        await nats.start()
        try:
            yield Servers(postgres, nats, watching)
        finally:
            await nats.stop()
            await postgres.stop()


async def fill(engine: Engine, events: int) -> None:
    """Insert this many events into a store, in a thousand streams, as fast as PostgreSQL can."""
    await engine.pool.execute(
        """
        insert into engine.events
            (id, stream, version, type, schema, at, correlation_id, causation_id, actor, data)
        select gen_random_uuid(), 'account-a' || (n % $2), n / $2 + 1, 'Credited', 1,
               now() + n * interval '1 microsecond',  -- each its own unit of work
               gen_random_uuid(), gen_random_uuid(), 'service:ledger',
               jsonb_build_object('account', 'a' || (n % $2), 'amount', 1, 'pad', $3::text)
        from generate_series(0, $1::integer - 1) as n
        """,
        events,
        ACCOUNTS,
        PAD,
    )


async def copy(engine: Engine, history: History) -> None:
    """Insert a service's events of a history into its empty store; see `load`."""
    await load(engine, _chunks(history.rows(engine.service)), COLUMNS, seconds=300)


async def load(
    engine: Engine, chunks: AsyncGenerator[bytes], columns: Sequence[str], *, seconds: float
) -> None:
    """Copy lines into a service's empty store, each step within some seconds.

    The indexes are created afterwards, and all is vacuumed and analysed, as autovacuum would do.
    """
    async with engine.pool.acquire() as connection:
        indexes = await connection.fetch(_INDEXES)
        constraints = await connection.fetch(_CONSTRAINTS)
        async with connection.transaction():
            await connection.execute("set local maintenance_work_mem = '256MB'")
            await connection.execute("truncate engine.events")
            for row in constraints:
                await connection.execute(f"alter table engine.events drop constraint {row['name']}")
            for row in indexes:
                await connection.execute(f"drop index engine.{row['name']}")
            await connection.copy_to_table(
                "events",
                schema_name="engine",
                columns=columns,
                source=chunks,
                freeze=True,
                timeout=seconds,
            )
            for row in indexes:
                await connection.execute(row["made"], timeout=seconds)
            for row in constraints:
                await connection.execute(
                    f"alter table engine.events add constraint {row['name']} {row['made']}", timeout=seconds
                )
        await connection.execute("vacuum analyze engine.events", timeout=seconds)


_CONSTRAINTS = """
select conname as name, pg_get_constraintdef(oid) as made from pg_constraint
where conrelid = 'engine.events'::regclass and contype in ('p', 'u')
"""
_INDEXES = """
select relname as name, pg_get_indexdef(indexrelid) as made from pg_index join pg_class on oid = indexrelid
where indrelid = 'engine.events'::regclass
  and not exists (select from pg_constraint where conindid = indexrelid)
"""
_LINES = 2000


async def _chunks(lines: Iterator[str]) -> AsyncGenerator[bytes]:
    while chunk := "".join(islice(lines, _LINES)):
        yield chunk.encode()
