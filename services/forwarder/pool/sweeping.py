"""What is done about once a minute with the rows that nobody needs any more."""

from libs.eventsourcing import Engine
from services.forwarder.cycle.tables import delete_ended
from services.forwarder.pool.claims import forget_claims
from services.forwarder.pool.leases import forget_workers
from services.forwarder.pool.own_posts import drop_late_deletions
from services.forwarder.pool.recovery import record_abandoned

AT_ONCE = 5000
"""The most rows that one transaction deletes."""


async def sweep(engine: Engine) -> None:
    """Record what dead workers sent in cycles that have ended; delete what was kept for what is over.

    That is for sends that are no longer pending, ended cycles, late deletions and lost workers.
    """
    await record_abandoned(engine)
    await engine.query(forget_claims)
    await engine.query(drop_late_deletions)
    await engine.query(forget_workers)
    while await engine.query(lambda sql: delete_ended(sql, AT_ONCE)) == AT_ONCE:
        pass
