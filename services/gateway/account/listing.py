"""Queries of accounts for operators."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel

from libs.events.gateway import Role
from libs.events.values import AccountId
from libs.eventsourcing import Row, Sql


class AccountStatus(StrEnum):
    """Whether an account can be used."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"


class AccountLine(BaseModel):
    """An account, as an operator sees it."""

    id: UUID
    email: str
    role: Role
    status: AccountStatus
    suspended_for: str | None
    """The reason of its suspension."""
    licence: str
    has_code: bool
    """An access code was issued."""
    second_factor: bool
    registered_at: datetime
    adbots: int
    orders: int


_ACCOUNTS = """
with found as (
    select * from accounts
    where ($1::uuid is null or account = $1) and ($2::text is null or role = $2)
      and ($3::text is null or (suspended_for is null) = ($3 = 'ACTIVE'))
      and ($4::text is null or position(lower($4) in email) > 0 or position(upper($4) in licence) > 0)
      and ($5::timestamptz is null or (registered_at, account) < ($5, $6::uuid))
    order by registered_at desc, account desc limit $7
)
select f.*, (select count(*) from adbots where account = f.account) as adbots,
       (select count(*) from orders where account = f.account) as orders
from found f order by f.registered_at desc, f.account desc
"""


async def account_lines(
    sql: Sql,
    role: Role | None,
    status: AccountStatus | None,
    text: str | None,
    after: tuple[datetime, AccountId] | None,
    limit: int,
) -> list[AccountLine]:
    """Return accounts, the latest first: those of a role, in a state, with a text; those after a cursor."""
    at, account = after or (None, None)
    return [_line(row) for row in await sql.fetch(_ACCOUNTS, None, role, status, text, at, account, limit)]


async def account_line(sql: Sql, account: AccountId) -> AccountLine | None:
    """Return an account."""
    row = await sql.fetchrow(_ACCOUNTS, account, None, None, None, None, None, 1)
    return None if row is None else _line(row)


def _line(row: Row) -> AccountLine:
    return AccountLine(
        id=row["account"],
        email=row["email"],
        role=Role(row["role"]),
        status=AccountStatus.ACTIVE if row["suspended_for"] is None else AccountStatus.SUSPENDED,
        suspended_for=row["suspended_for"],
        licence=row["licence"],
        has_code=row["code_digest"] is not None,
        second_factor=row["second_factor"],
        registered_at=row["registered_at"],
        adbots=row["adbots"],
        orders=row["orders"],
    )
