"""Queries of accounts for operators."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from libs.events.gateway import Role
from libs.events.values import AccountId
from libs.eventsourcing import Sql
from services.gateway.tables.paging import Key, KeyType, PagedList, PageRequest, holds, instant, page_of
from services.gateway.tables.values import View


class AccountStatus(StrEnum):
    """Whether an account can be used."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"


class AccountLine(View):
    """An account, as an operator sees it."""

    id: UUID
    email: str | None
    """Null if it is not known, as after an import."""
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


ACCOUNT_LINES = PagedList(
    name="accounts",
    source="accounts f join personal.addresses p using (account)",
    fields=f"""
        f.account as id, nullif(p.email, '') as email, f.role,
        case when f.suspended_for is null then 'ACTIVE' else 'SUSPENDED' end as status, f.suspended_for,
        f.licence, f.code_digest is not null as has_code, f.second_factor,
        {instant("f.registered_at")} as registered_at,
        (select count(*) from adbots a where a.account = f.account) as adbots,
        (select count(*) from orders o where o.account = f.account) as orders
    """,  # noqa: S608 - constants
    sorts={
        "created_at": (Key("f.registered_at", KeyType.INSTANT), Key("f.account", KeyType.ID)),
        "email": (Key("p.email", KeyType.TEXT), Key("p.account", KeyType.ID)),
    },
    filters={
        "account": "f.account = {}",
        "role": "f.role = {}",
        "status": "(f.suspended_for is null) = ({}::text = 'ACTIVE')",
        "text": holds("p.email", "f.licence"),
    },
)


async def account_line(sql: Sql, account: AccountId) -> AccountLine | None:
    """Return an account."""
    found = await page_of(sql, ACCOUNT_LINES, PageRequest("created_at", 1, filters={"account": account}))
    return AccountLine.model_validate_json(found.rows[0]["item"]) if found.rows else None
