"""Reactions that add a message for each webhook that wants to be told of an event."""

from datetime import timedelta
from uuid import UUID

import structlog

from libs.events.gateway import HookId
from libs.events.values import AccountId, AdbotId
from libs.eventsourcing import Event, Reactions, UnitOfWork
from services.gateway.context import Context
from services.gateway.hooks.deliveries import NewMessage, add_message
from services.gateway.hooks.event_names import EVENT_NAMES
from services.gateway.inbox.telling import owner, owner_of_order
from services.gateway.tables.changes import NAMED

STALE = timedelta(days=1)
"""Nobody is told of older events: a reader that starts from the first one must not send what happened long
ago."""
_WANTING = """
select h.hook from hooks h join accounts a using (account)
where h.account = $1 and h.off_why is null and a.suspended_for is null and $2 = any(h.events)
"""

log = structlog.stdlib.get_logger()


def react(reactions: Reactions[Context]) -> None:
    """Register the reactions to all events of which webhooks can be told."""
    for changed, (kind, name) in NAMED.items():
        if f"{kind}.{name}" in EVENT_NAMES:
            _tell(reactions, changed, kind, name)


def _tell(reactions: Reactions[Context], changed: type[Event], kind: str, name: str) -> None:
    """Add a message of an event to each webhook that wants it, in the transaction of the checkpoint."""
    type_of_message = f"{kind}.{name}"

    @reactions.to(changed)
    async def tell(event: Event, unit: UnitOfWork) -> None:
        if unit.at - unit.cause.at >= STALE:
            return
        ref = str(getattr(event, kind))
        account = await _owner(unit, event, kind, ref)
        if account is None:
            # a hint that is missing is better than a stream that is blocked
            log.warning("webhook.owner_unknown", type=type_of_message, ref=ref)
            return
        for row in await unit.unflushed.fetch(_WANTING, account, type_of_message):
            hook, cause = HookId(row["hook"]), unit.cause
            new = NewMessage(hook, cause.envelope.id, type_of_message, kind, ref, cause.at)
            await add_message(unit.flushed, new, unit.at)


async def _owner(unit: UnitOfWork, event: Event, kind: str, ref: str) -> AccountId | None:
    """Return whose thing an event is about, None if it is not known."""
    named: AccountId | None = getattr(event, "account", None)
    if named is not None:
        return named
    try:
        if kind == "order":
            return await owner_of_order(unit, ref)
        return (await owner(unit, AdbotId(UUID(ref)))).account
    except LookupError:
        return None
