"""The e-mail addresses of accounts, in a table that is not a projection: events are for ever."""

from datetime import datetime, timedelta

from libs.events.values import AccountId, EmailAddress
from libs.eventsourcing import Engine, Sql
from libs.eventsourcing.hosting import make_once
from libs.eventsourcing.operations import Connection, texts_in_streams
from libs.eventsourcing.values import utc_now
from services.gateway.mail.addresses import canonical_or_same

UNPLACED_LASTS = timedelta(days=1)
"""How long the address of a checkout is kept whose order was never placed."""
SWEEP_SECONDS = 3600.0
_AT_ONCE = 1000
TABLES = """
create schema if not exists personal;
-- a row for each account, and for each checkout of the last day; an address that is not known is empty
create table if not exists personal.addresses (
    account uuid primary key,
    email text not null,
    mailbox text not null,
    named_at timestamptz not null
);
create index if not exists addresses_by_mailbox on personal.addresses (mailbox);
create index if not exists addresses_by_email on personal.addresses (email, account);
"""
"""`mailbox` is the canonical form of `email`; `named_at` is when a checkout or an operator named it last."""
_NAME = """
insert into personal.addresses as known (account, email, mailbox, named_at) values ($1, $2, $3, $4)
on conflict (account) do update set named_at = excluded.named_at,
    email = case when known.email = '' then excluded.email else known.email end,
    mailbox = case when known.email = '' then excluded.mailbox else known.mailbox end
"""
_UNREGISTERED = """
select p.account from personal.addresses p
where p.mailbox = $1 and not exists (select from erased_accounts e where e.account = p.account)
order by p.named_at, p.account limit 1
"""
_WITHOUT = """
select a.account from accounts a
where not exists (select from personal.addresses p where p.account = a.account) limit $1
"""
_UNPLACED = """
delete from personal.addresses p
where exists (select from erased_accounts e where e.account = p.account) or p.named_at < $1
  and not exists (select from accounts a where a.account = p.account)
  and not exists (select from orders o where o.account = p.account)
"""


async def make_tables(engine: Engine) -> None:
    """Create the table if it is missing, and give each account a row.

    Events of earlier versions have the address of their account. Where they have none, as after an import,
    it is unknown until somebody names it again.
    """
    async with engine.pool.acquire() as connection:
        await make_once(connection, "personal", TABLES)
        while accounts := [row["account"] for row in await connection.fetch(_WITHOUT, _AT_ONCE)]:
            found = await in_events(connection, accounts)
            await connection.executemany(_NAME, [_row(one, found.get(one, "")) for one in accounts])


async def in_events(connection: Connection, accounts: list[AccountId]) -> dict[AccountId, str]:
    """Return the addresses that events of earlier versions have of these accounts."""
    streams = {f"account-{account}": account for account in accounts}
    found = await texts_in_streams(connection, "AccountRegistered", "email", list(streams))
    return {streams[stream]: email for stream, email in found.items()}


async def name_address(sql: Sql, account: AccountId, email: EmailAddress | None) -> None:
    """Store an account's address, unless it has one; None: it is not known.

    Call it before the account is registered, or in the same transaction.
    """
    await sql.execute(_NAME, *_row(account, email or ""))


async def named_account(sql: Sql, email: EmailAddress) -> AccountId | None:
    """Return the account that a checkout named for a mailbox, whether it is registered or not."""
    found = await sql.fetchval(_UNREGISTERED, canonical_or_same(email))
    return None if found is None else AccountId(found)


async def forget_unplaced(engine: Engine) -> float:
    """Delete addresses of checkouts without an order; return after how many seconds to look again.

    A checkout that names an account while it is erased may leave its address: that is deleted too.
    """
    before = utc_now() - UNPLACED_LASTS
    await engine.query(lambda sql: sql.execute(_UNPLACED, before))
    return SWEEP_SECONDS


def _row(account: AccountId, email: str) -> tuple[AccountId, str, str, datetime]:
    return account, email, canonical_or_same(email), utc_now()
