"""Erases an account: its address, its credentials, and whatever else says who used it from where."""

from dataclasses import dataclass
from datetime import datetime

from libs.events.gateway import DeviceId, SignOutReason
from libs.events.values import AccountId, NotificationId
from libs.eventsourcing import Cause, Causes, Engine, Refused, Sql, UnitOfWork
from services.gateway.account.commands import Erase
from services.gateway.account.domain import ACCOUNT
from services.gateway.account.tables import erased_at
from services.gateway.device.refresh import end_device
from services.gateway.hooks.commands import Delete
from services.gateway.hooks.domain import HOOK
from services.gateway.hooks.endpoints import delete_endpoint
from services.gateway.hooks.tables import hooks_of
from services.gateway.inbox.commands import GiveUp
from services.gateway.inbox.domain import INBOX
from services.gateway.mail.facts import ERASED
from services.gateway.personal.addresses import in_events
from services.gateway.tables.order_lines import PAYABLE

_ADBOT = "select adbot from adbots where account = $1 and not expired and not suspended limit 1"
_ORDER = f"""
select order_number from orders where account = $1 and (
    status = 'PAID' or payment_status in ('CONFIRMING', 'CONFIRMED', 'SENDING')
    or status = 'PENDING' and (payment_status = 'PARTIALLY_PAID' or {PAYABLE.format(now="$2")})
) limit 1
"""  # noqa: S608 - constants
_KEY_USES = """
delete from api_key_uses.uses where key in (select key from api_keys where account = $1)
"""
_MAILS = "select notification, correlation_id, raised_by from outbox where account = $1"
_ADDRESS = "select email, mailbox from personal.addresses where account = $1"
_DELETIONS = (
    "delete from personal.addresses where account = $1",
    "delete from first_codes.sealed where account = $1",
    "delete from second_factors.secrets where account = $1",
    "delete from live_tickets.tickets where principal::jsonb->>'account' = $1::uuid::text",
    "delete from requests.idempotency_keys where starts_with(caller, $1::uuid::text || ' ')",
    "update activity.acts set address = '' where actor = 'admin:' || $1::uuid::text and address <> ''",
)
"""What is stored of an account outside of events, besides its devices, keys and webhooks."""
_NAMED = """
update activity.acts set path = regexp_replace(path, '/[^/]*@[^/]*', '/' || $1::uuid::text)
where string_to_array(lower(path), '/') && array[$2, $3]::text[]
"""
"""Earlier versions noted paths in which an account was named by its address."""


@dataclass(frozen=True)
class ErasedAccount:
    """An account that was erased."""

    account: AccountId
    erased_at: datetime
    address_in_events: bool
    """Its address is still in events of an earlier version, which have to be stripped of it."""


async def erase(engine: Engine, account: AccountId, causes: Causes) -> ErasedAccount:
    """Erase an account in one transaction; a repetition deletes what was left.

    Raise `Refused` for an `unknown_account`, an `account_in_use`, or if the `account_is_admin`.
    """

    async def work(unit: UnitOfWork) -> None:
        await unit.unflushed.execute(_KEY_USES, account)
        if await unit.execute(ACCOUNT, account, Erase(account)):
            await _check_unused(unit.flushed, account, unit.at)
        for row in await unit.flushed.fetch("select device from devices where account = $1", account):
            await end_device(unit, DeviceId(row["device"]), account, SignOutReason.ENDED)
        for hook in await hooks_of(unit.flushed, account):
            await unit.execute(HOOK, hook.hook, Delete(hook.hook, account))
            await delete_endpoint(unit.flushed, hook.hook)
        for row in await unit.flushed.fetch(_MAILS, account):
            given_up = GiveUp(NotificationId(row["notification"]), ERASED)
            cause = Cause(row["correlation_id"], row["raised_by"])
            await unit.execute(INBOX, account, given_up, because=cause)
        await _delete(unit.flushed, account)

    await engine.run(work, causes)
    async with engine.pool.acquire() as connection:
        held = await in_events(connection, [account])
        at = await erased_at(Sql(connection), account)
    assert at is not None  # noqa: S101 - it is stored in the transaction of the event
    return ErasedAccount(account, at, bool(held))


async def _check_unused(sql: Sql, account: AccountId, at: datetime) -> None:
    """Raise `Refused` while something is delivered to an account, or may be paid for it."""
    adbot = await sql.fetchval(_ADBOT, account)
    if adbot is not None:
        detail = f"the time of its adbot {adbot} runs; wait for the end, or suspend the account first"
        raise Refused("account_in_use", detail)
    order = await sql.fetchval(_ORDER, account, at)
    if order is not None:
        detail = f"its order {order} awaits money or delivery; wait for the end, or cancel or refund it first"
        raise Refused("account_in_use", detail)


async def _delete(sql: Sql, account: AccountId) -> None:
    address = await sql.fetchrow(_ADDRESS, account)
    if address is not None and address["email"]:
        await sql.execute(_NAMED, account, address["email"].lower(), address["mailbox"])
    for statement in _DELETIONS:
        await sql.execute(statement, account)
