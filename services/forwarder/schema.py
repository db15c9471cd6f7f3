"""The forwarder's tables that no event fills: secrets, and what the pool must remember across crashes."""

from libs.eventsourcing.engine import Engine
from services.forwarder.pool.leases import SCHEMA as LEASES
from services.forwarder.pool.peers import SCHEMA as PEERS
from services.forwarder.pool.queue import SCHEMA as QUEUE
from services.forwarder.vault.store import SCHEMA as VAULT


async def make_tables(engine: Engine) -> None:
    """Make these tables where they are missing."""
    async with engine.pool.acquire() as connection, connection.transaction():
        await connection.execute("select pg_advisory_xact_lock(hashtext('forwarder.tables'))")
        await connection.execute("create schema if not exists pool")
        for schema in (VAULT, LEASES, QUEUE, PEERS):
            await connection.execute(schema)
