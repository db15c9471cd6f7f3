"""State tables: accounts by the digest of their access code, erased ones, and API keys in use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from libs.events.gateway import (
    AccessCodeReset,
    AccountErased,
    AccountRegistered,
    AccountRestored,
    AccountSuspended,
    ApiKeyId,
    ApiKeyIssued,
    ApiKeyRevoked,
    Role,
    RoleChanged,
    Scope,
    SecondFactorEnabled,
    SecondFactorRemoved,
    SignedOutEverywhere,
)
from libs.events.values import AccountId
from libs.eventsourcing import Projection, Row, Sql, TableSql
from services.gateway.mail.addresses import canonical_or_same

ACCOUNTS = Projection(
    "accounts",
    version=4,
    ddl="""
    -- tokens of another epoch are refused, and those that others issued before its beginning
    create table accounts (
        account uuid primary key,
        role text not null,
        code_digest text unique,
        licence text not null,
        registered_at timestamptz not null,
        epoch integer not null default 0,
        epoch_at timestamptz not null,
        suspended_for text,
        second_factor boolean not null default false
    );
    create index on accounts (registered_at, account);
    """,
)
"""One row for each account until it is erased. Without a digest, nobody can sign in to it."""
ERASED_ACCOUNTS = Projection(
    "erased_accounts",
    version=1,
    ddl="""
    create table erased_accounts (
        account uuid primary key,
        erased_at timestamptz not null
    );
    """,
)
"""One row for each erased account, for ever: its id is not given to another account."""


_BY_EMAIL = """
select account from accounts join personal.addresses using (account) where mailbox = $1
order by email = $2 desc, email = mailbox desc, registered_at, account limit 1
"""
"""Accounts that were registered before addresses were made canonical may share a mailbox, in different
spellings."""
_KNOWN = """
select a.*, nullif(p.email, '') as email from accounts a left join personal.addresses p using (account)
"""


@dataclass(frozen=True)
class KnownAccount:
    """A row of the accounts."""

    account: AccountId
    email: str | None
    """None if it is not known, as after an import."""
    role: Role
    licence: str
    registered_at: datetime
    epoch: int
    suspended_for: str | None
    """The reason of its suspension, None unless it is suspended."""
    second_factor: bool


API_KEYS = Projection(
    "api_keys",
    version=1,
    ddl="""
    create table api_keys (
        key uuid primary key,
        account uuid not null,
        name text not null,
        scopes text[] not null,
        digest text not null,
        issued_at timestamptz not null,
        expires_at timestamptz
    );
    create index on api_keys (account, issued_at);
    """,
)
"""One row for each key until it is revoked, at most twenty of an account."""


@ACCOUNTS.on(AccountRegistered)
async def registered(event: AccountRegistered, sql: TableSql) -> None:
    """Add the account."""
    await sql.insert(
        account=event.account,
        role=event.role,
        code_digest=event.code_digest,
        licence=event.licence,
        registered_at=sql.at,
        epoch_at=sql.at,
    )


@ACCOUNTS.on(AccessCodeReset)
async def code_reset(event: AccessCodeReset, sql: TableSql) -> None:
    """Replace the digest of the account's access code."""
    await sql.execute(
        "update accounts set code_digest = $2 where account = $1", event.account, event.code_digest
    )
    await _next_epoch(event.account, sql)


@ACCOUNTS.on(SignedOutEverywhere)
async def signed_out_everywhere(event: SignedOutEverywhere, sql: TableSql) -> None:
    """Begin another epoch."""
    await _next_epoch(event.account, sql)


@ACCOUNTS.on(AccountSuspended)
async def suspended(event: AccountSuspended, sql: TableSql) -> None:
    """Store the reason, and begin another epoch."""
    await sql.execute(
        "update accounts set suspended_for = $2 where account = $1", event.account, event.reason
    )
    await _next_epoch(event.account, sql)


@ACCOUNTS.on(AccountRestored)
async def restored(event: AccountRestored, sql: TableSql) -> None:
    """End the suspension."""
    await sql.execute("update accounts set suspended_for = null where account = $1", event.account)


@ACCOUNTS.on(RoleChanged)
async def role_changed(event: RoleChanged, sql: TableSql) -> None:
    """Store the role, and begin another epoch."""
    await sql.execute("update accounts set role = $2 where account = $1", event.account, event.role)
    await _next_epoch(event.account, sql)


@ACCOUNTS.on(SecondFactorEnabled)
async def second_factor_enabled(event: SecondFactorEnabled, sql: TableSql) -> None:
    """Store that there is one, and begin another epoch."""
    await sql.execute("update accounts set second_factor = true where account = $1", event.account)
    await _next_epoch(event.account, sql)


@ACCOUNTS.on(SecondFactorRemoved)
async def second_factor_removed(event: SecondFactorRemoved, sql: TableSql) -> None:
    """Store that there is none, and begin another epoch."""
    await sql.execute("update accounts set second_factor = false where account = $1", event.account)
    await _next_epoch(event.account, sql)


async def _next_epoch(account: AccountId, sql: TableSql) -> None:
    await sql.execute(
        "update accounts set epoch = epoch + 1, epoch_at = $2 where account = $1", account, sql.at
    )


@ACCOUNTS.on(AccountErased)
async def erased(event: AccountErased, sql: TableSql) -> None:
    """Delete the account."""
    await sql.execute("delete from accounts where account = $1", event.account)


@ERASED_ACCOUNTS.on(AccountErased)
async def added_to_erased(event: AccountErased, sql: TableSql) -> None:
    """Add the account."""
    await sql.insert(account=event.account, erased_at=sql.at)


@API_KEYS.on(ApiKeyIssued)
async def key_issued(event: ApiKeyIssued, sql: TableSql) -> None:
    """Add the key; one that was issued before has another digest from now on."""
    await sql.execute("delete from api_keys where key = $1", event.key)
    await sql.insert(
        key=event.key,
        account=event.account,
        name=event.name,
        scopes=[str(scope) for scope in event.scopes],
        digest=event.digest,
        issued_at=sql.at,
        expires_at=event.expires_at,
    )


@API_KEYS.on(ApiKeyRevoked)
async def key_revoked(event: ApiKeyRevoked, sql: TableSql) -> None:
    """Delete the key."""
    await sql.execute("delete from api_keys where key = $1", event.key)


@dataclass(frozen=True)
class KnownKey:
    """An API key that is not revoked."""

    key: ApiKeyId
    name: str
    scopes: tuple[Scope, ...]
    issued_at: datetime
    expires_at: datetime | None


async def keys_of(sql: Sql, account: AccountId) -> list[KnownKey]:
    """Return an account's API keys, the latest first."""
    rows = await sql.fetch("select * from api_keys where account = $1 order by issued_at desc, key", account)
    return [
        KnownKey(
            key=ApiKeyId(row["key"]),
            name=row["name"],
            scopes=tuple(Scope(scope) for scope in row["scopes"]),
            issued_at=row["issued_at"],
            expires_at=row["expires_at"],
        )
        for row in rows
    ]


async def account_by_email(sql: Sql, email: str) -> AccountId | None:
    """Return the account of a mailbox, whatever the spelling of its address."""
    found = await sql.fetchval(_BY_EMAIL, canonical_or_same(email), email.lower())
    return None if found is None else AccountId(found)


async def account_by_digest(sql: Sql, digests: Sequence[str]) -> KnownAccount | None:
    """Return the account whose access code has one of these keyed hashes."""
    return _known(await sql.fetchrow(f"{_KNOWN} where code_digest = any($1)", digests))


async def account_by_id(sql: Sql, account: AccountId) -> KnownAccount | None:
    """Return an account."""
    return _known(await sql.fetchrow(f"{_KNOWN} where account = $1", account))


async def erased_at(sql: Sql, account: AccountId) -> datetime | None:
    """Return when an account was erased, None if it was not."""
    query = "select erased_at from erased_accounts where account = $1"
    found: datetime | None = await sql.fetchval(query, account)
    return found


def _known(row: Row | None) -> KnownAccount | None:
    if row is None:
        return None
    return KnownAccount(
        account=AccountId(row["account"]),
        email=row["email"],
        role=Role(row["role"]),
        licence=row["licence"],
        registered_at=row["registered_at"],
        epoch=row["epoch"],
        suspended_for=row["suspended_for"],
        second_factor=row["second_factor"],
    )
