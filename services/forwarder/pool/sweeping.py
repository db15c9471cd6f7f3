"""What is done about once a minute with the rows that nobody needs any more."""

from libs.eventsourcing import Engine
from services.forwarder.cycle.tables import delete_ended
from services.forwarder.pool.blocked import forget_names
from services.forwarder.pool.budget import forget_days
from services.forwarder.pool.claims import forget_claims
from services.forwarder.pool.leases import forget_workers
from services.forwarder.pool.methods import forget_calls
from services.forwarder.pool.own_posts import drop_late_deletions
from services.forwarder.pool.recovery import record_abandoned

AT_ONCE = 5000
"""The most rows that one transaction deletes."""


async def sweep(engine: Engine) -> None:
    """Record what dead workers sent in cycles that have ended; delete what was kept for what is over.

    That is for sends that are no longer pending, ended cycles, late deletions, lost workers, counts of calls
    and of sends of earlier days, and names of chats.
    """
    await record_abandoned(engine)
    for forget in (
        *(forget_claims, drop_late_deletions, forget_workers),
        *(forget_calls, forget_days, forget_names),
    ):
        await engine.query(forget)
    while await engine.query(lambda sql: delete_ended(sql, AT_ONCE)) == AT_ONCE:
        pass
