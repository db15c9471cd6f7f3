"""State table: accounts by mailbox and by the digest of their access code."""

from dataclasses import dataclass
from datetime import datetime

from libs.events.gateway import AccessCodeReset, AccountRegistered, Role
from libs.events.values import AccountId
from libs.eventsourcing import Projection, Row, Sql, TableSql
from services.gateway.mail.addresses import canonical_or_same

ACCOUNTS = Projection(
    "accounts",
    version=2,
    ddl="""
    create table accounts (
        account uuid primary key,
        email text not null,
        mailbox text not null,
        role text not null,
        code_digest text unique,
        licence text not null,
        registered_at timestamptz not null
    );
    create index on accounts (mailbox);
    """,
)
"""Without a digest, nobody can sign in to the account.

Accounts that were registered before addresses were made canonical may share a mailbox, in different
spellings.
"""


_BY_EMAIL = """
select account from accounts where mailbox = $1
order by email = $2 desc, email = mailbox desc, registered_at, account limit 1
"""


@dataclass(frozen=True)
class KnownAccount:
    """A row of the accounts."""

    account: AccountId
    email: str
    role: Role
    licence: str
    registered_at: datetime


@ACCOUNTS.on(AccountRegistered)
async def registered(event: AccountRegistered, sql: TableSql) -> None:
    """Add the account."""
    await sql.insert(
        account=event.account,
        email=event.email,
        mailbox=canonical_or_same(event.email),
        role=event.role,
        code_digest=event.code_digest,
        licence=event.licence,
        registered_at=sql.at,
    )


@ACCOUNTS.on(AccessCodeReset)
async def code_reset(event: AccessCodeReset, sql: TableSql) -> None:
    """Replace the digest of the account's access code."""
    await sql.execute(
        "update accounts set code_digest = $2 where account = $1", event.account, event.code_digest
    )


async def account_by_email(sql: Sql, email: str) -> AccountId | None:
    """Return the account of a mailbox, whatever the spelling of its address."""
    found = await sql.fetchval(_BY_EMAIL, canonical_or_same(email), email.lower())
    return None if found is None else AccountId(found)


async def account_by_digest(sql: Sql, digest: str) -> KnownAccount | None:
    """Return the account whose access code has this keyed hash."""
    return _known(await sql.fetchrow("select * from accounts where code_digest = $1", digest))


async def account_by_id(sql: Sql, account: AccountId) -> KnownAccount | None:
    """Return an account."""
    return _known(await sql.fetchrow("select * from accounts where account = $1", account))


def _known(row: Row | None) -> KnownAccount | None:
    if row is None:
        return None
    return KnownAccount(
        account=AccountId(row["account"]),
        email=row["email"],
        role=Role(row["role"]),
        licence=row["licence"],
        registered_at=row["registered_at"],
    )
