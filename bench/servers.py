"""Fresh servers for one run, and databases filled with events."""

import asyncio
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from bench.ledger import ACCOUNTS, CATALOGUE, PAD, SERVICE
from libs.chassis.broker import connect_nats
from libs.eventsourcing.engine import Engine
from libs.eventsourcing.projection import Projection
from libs.eventsourcing.stream import EventStream


@dataclass
class Servers:
    """PostgreSQL and NATS, alone for the benches."""

    postgres: EmbeddedPostgres
    nats: EmbeddedNats

    @asynccontextmanager
    async def engine(
        self, *, read_models: tuple[Projection, ...] = (), size: int = 17
    ) -> AsyncGenerator[Engine]:
        """Give an engine on a fresh database."""
        url = await self.postgres.ensure_database(f"bench_{uuid4().hex[:8]}")
        engine = Engine(SERVICE, url, CATALOGUE, read_models=read_models)
        await engine.start(pool_size=size)
        try:
            yield engine
        finally:
            await engine.stop()

    async def peer(self, *arguments: str) -> float:
        """Return what the peer reaches, on a fresh database of this server."""
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
        """Give a stream of its own."""
        nats = await connect_nats(self.nats.url, "bench")
        stream = EventStream(nats, prefix=f"b{uuid4().hex[:8]}")
        await stream.ensure()
        try:
            yield stream
        finally:
            await nats.close()


@asynccontextmanager
async def servers() -> AsyncGenerator[Servers]:
    """Run both servers in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="adrelay-bench-", ignore_cleanup_errors=True) as folder:
        postgres, nats = EmbeddedPostgres(Path(folder) / "postgres"), EmbeddedNats(Path(folder) / "nats")
        await postgres.start()
        await nats.start()
        try:
            yield Servers(postgres, nats)
        finally:
            await nats.stop()
            await postgres.stop()


async def fill(engine: Engine, events: int) -> None:
    """Put so many events into a store, over a thousand streams, as quickly as Postgres takes them."""
    await engine.pool.execute(
        """
        insert into engine.events
            (id, stream, version, type, schema, at, correlation_id, causation_id, actor, data)
        select gen_random_uuid(), 'account-a' || (n % $2), n / $2 + 1, 'Credited', 1, now(),
               gen_random_uuid(), gen_random_uuid(), 'service:ledger',
               jsonb_build_object('account', 'a' || (n % $2), 'amount', 1, 'pad', $3::text)
        from generate_series(0, $1::integer - 1) as n
        """,
        events,
        ACCOUNTS,
        PAD,
    )
