"""The timers of the gateway: owners are warned that an adbot's time ends, and told of dead groups.

Both ask the read models what is to be told, and the notifications what was told: after an outage, or with
several gateways, each is told once.
"""

from libs.events.gateway import NotificationKind
from libs.eventsourcing import Cause, Timers, UnitOfWork
from services.gateway.context import Context
from services.gateway.inbox import wording
from services.gateway.inbox.commands import Raise
from services.gateway.inbox.domain import INBOX
from services.gateway.inbox.telling import owner
from services.gateway.tables.dead_groups import newly_dead, next_to_notify
from services.gateway.tables.expiring import days_left, ending, next_end

NAMED_GROUPS = 10
"""How many dead groups a notification names."""
_MOST = 100
"""How many adbots one unit of work handles."""

timers = Timers[Context]()


@timers.due("expiring", earliest=lambda sql, _: next_end(sql), context=True)
async def warn(unit: UnitOfWork, context: Context) -> int:
    """Warn owners of adbots whose validity ends soon; a late warning is about the days that are left."""
    ends = await ending(unit.flushed, unit.at, _MOST)
    raised = 0
    for end in ends:
        days = days_left(end.valid_until, unit.at)
        if days is None:
            continue  # it has ended meanwhile
        to = await owner(unit, end.adbot)
        warning = Raise(
            account=to.account,
            kind=NotificationKind.EXPIRING,
            order=to.order,
            mail=context.mails,
            detail=wording.expiring(days),
            occasion=f"{end.valid_until.isoformat()} {days}",
            adbot=end.adbot,
            valid_until=end.valid_until,
            days=days,
        )
        cause = Cause(end.correlation_id, end.set_by)
        raised += len(await unit.execute(INBOX, to.account, warning, because=cause))
    return raised


@timers.due("dead groups", earliest=lambda sql, _: next_to_notify(sql), context=True)
async def tell_of_dead_groups(unit: UnitOfWork, _: Context) -> int:
    """Tell owners of groups that turned out to be dead, once a cycle has ended."""
    found = await newly_dead(unit.flushed, NAMED_GROUPS, _MOST)
    raised = 0
    for dead in found:
        to = await owner(unit, dead.adbot)
        notification = Raise(
            account=to.account,
            kind=NotificationKind.GROUPS_DEAD,
            order=to.order,
            mail=False,
            detail=wording.dead(dead.groups, dead.more),
            occasion=dead.as_of.isoformat(),
            adbot=dead.adbot,
            groups=dead.groups,
            more_groups=dead.more,
            as_of=dead.as_of,
        )
        cause = Cause(dead.correlation_id, dead.ended_by)
        raised += len(await unit.execute(INBOX, to.account, notification, because=cause))
    return raised
