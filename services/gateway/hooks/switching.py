"""Switches webhooks off, and tells their owners."""

from libs.events.gateway import HookId, HookOffReason, NotificationKind
from libs.events.values import AccountId
from libs.eventsourcing import UnitOfWork
from services.gateway.hooks.commands import SwitchOff
from services.gateway.hooks.deliveries import give_up_all
from services.gateway.hooks.domain import HOOK
from services.gateway.inbox.commands import Raise
from services.gateway.inbox.domain import INBOX


async def switch_off(
    unit: UnitOfWork, hook: HookId, account: AccountId, why: HookOffReason, detail: str = ""
) -> None:
    """Switch a webhook off and give its waiting messages up; notify the owner unless they did it.

    Raises `Refused` for an `unknown_webhook`.
    """
    events = await unit.execute(HOOK, hook, SwitchOff(hook, account, why, detail))
    await give_up_all(unit.flushed, hook, unit.at)
    if not events or why is HookOffReason.BY_OWNER:
        return
    if why is HookOffReason.BY_OPERATOR:
        told = f"The operator switched the webhook off: {detail}"
    else:
        told = f"The webhook was switched off: {detail}. Check its receiver, then switch it on again."
    notification = Raise(
        account=account,
        kind=NotificationKind.WEBHOOK_OFF,
        order=None,
        mail=False,
        detail=told,
        hook=hook,
        since=unit.at,
    )
    await unit.execute(INBOX, account, notification)
