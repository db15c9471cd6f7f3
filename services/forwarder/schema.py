"""The forwarder's tables that are not projections: secrets, and the pool's state across crashes."""

from libs.eventsourcing import Engine
from libs.eventsourcing.hosting import make_once
from services.forwarder.pool.blocked import SCHEMA as BLOCKED
from services.forwarder.pool.budget import SCHEMA as BUDGET
from services.forwarder.pool.claims import SCHEMA as CLAIMS
from services.forwarder.pool.joining import SCHEMA as JOINING
from services.forwarder.pool.known import SCHEMA as PEERS
from services.forwarder.pool.leases import SCHEMA as LEASES
from services.forwarder.pool.methods import SCHEMA as METHODS
from services.forwarder.pool.own_posts import SCHEMA as OWN_POSTS
from services.forwarder.pool.pausing import SCHEMA as PAUSING
from services.forwarder.pool.queue import SCHEMA as QUEUE
from services.forwarder.pool.switches import SCHEMA as SWITCHES
from services.forwarder.pool.tasks import SCHEMA as TASKS
from services.forwarder.vault.store import SCHEMA as VAULT

SCHEMAS = (
    *(VAULT, LEASES, QUEUE, CLAIMS, PEERS, SWITCHES, TASKS, PAUSING, OWN_POSTS),
    *(BLOCKED, BUDGET, METHODS, JOINING),
)
STATEMENTS = "\n".join(["create schema if not exists pool;", *SCHEMAS])


async def make_tables(engine: Engine) -> None:
    """Create these tables if they are missing; running workers are not blocked."""
    async with engine.pool.acquire() as connection:
        await make_once(connection, "forwarder", STATEMENTS)
