"""Reactions that add a message for each webhook that wants to be told of an event."""

from datetime import timedelta
from uuid import UUID

import structlog

from libs.events.gateway import HookId
from libs.events.provisioning import AdbotProvisioned
from libs.events.values import AccountId
from libs.eventsourcing import Event, Reactions, UnitOfWork
from services.gateway.context import Context
from services.gateway.hooks.deliveries import NewMessage, add_message
from services.gateway.hooks.event_names import EVENT_NAMES
from services.gateway.inbox.tables import whose_order
from services.gateway.tables.changes import NAMED

STALE = timedelta(days=1)
"""Nobody is told of older events: a reader that starts from the first one must not send what happened long
ago."""
OWNERS_KEPT = timedelta(days=1)
"""For how long the owner of a fresh adbot is kept here: the read model has it after seconds."""
_OWNER = "insert into webhooks.owners (adbot, account, since) values ($1, $2, $3) on conflict do nothing"
_OWNER_OF = """
select coalesce((select account from webhooks.owners where adbot = $1),
                (select account from adbots where adbot = $1))
"""
_WANTING = """
select h.hook from hooks h join accounts a using (account)
where h.account = $1 and h.off_why is null and a.suspended_for is null and $2 = any(h.events)
"""

log = structlog.stdlib.get_logger()


def add_hook_reactions(reactions: Reactions[Context]) -> Reactions[Context]:
    """Register the reactions to all events of which webhooks can be told; return the same reactions."""
    reactions.to(AdbotProvisioned)(_remember_owner)
    for changed, (kind, name) in NAMED.items():
        if f"{kind}.{name}" in EVENT_NAMES:
            _tell(reactions, changed, kind, name)
    return reactions


async def _remember_owner(event: AdbotProvisioned, unit: UnitOfWork) -> None:
    """Remember whose adbot it is: its next events may come before the read model has it."""
    if unit.at - unit.cause.at < OWNERS_KEPT:
        await unit.flushed.execute(_OWNER, event.adbot, event.account, unit.at)


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
    if kind == "order":
        found = await whose_order(unit.unflushed, ref) or await whose_order(unit.flushed, ref)
        return None if found is None else found[0]
    adbot: UUID | None = await unit.unflushed.fetchval(_OWNER_OF, UUID(ref))
    return None if adbot is None else AccountId(adbot)
