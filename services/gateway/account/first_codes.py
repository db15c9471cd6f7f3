"""First access codes, sealed, from when they are issued until a mail with them was sent."""

from libs.events.gateway import NotificationKind
from libs.events.values import AccountId
from libs.eventsourcing import Engine, Sql
from libs.eventsourcing.hosting import make_once
from services.gateway.account.keyed_hash import KeyedHash
from services.gateway.account.sealing import Sealer
from services.gateway.inbox.domain import MailState

SWEEP_SECONDS = 3600.0
_TABLES = """
create schema if not exists first_codes;
-- a row for each account whose first code was issued and not sent, for a year
create table if not exists first_codes.sealed (
    account uuid primary key,
    sealed bytea not null,
    issued_at timestamptz not null default now()
);
"""
_FORGET = """
delete from first_codes.sealed f where f.issued_at < now() - interval '366 days' or exists (
    select from notifications n where n.account = f.account and n.kind = $1 and n.mail = $2
)
"""


class SealedCodes:
    """Codes that are sealed until they are mailed."""

    def __init__(self, keyed: KeyedHash) -> None:
        self._sealer = Sealer(keyed, "first code")

    async def store(self, sql: Sql, account: AccountId, code: str) -> None:
        """Store an account's first code until it is mailed."""
        sealed = self._sealer.seal(account, code.encode())
        await sql.execute("insert into first_codes.sealed (account, sealed) values ($1, $2)", account, sealed)

    def open(self, account: AccountId, sealed: bytes) -> str | None:
        """Return a sealed code, None if it was sealed with another key or for another account."""
        code = self._sealer.open(account, sealed)
        return None if code is None else code.decode()


async def make_tables(engine: Engine) -> None:
    """Create the table if it is missing."""
    async with engine.pool.acquire() as connection:
        await make_once(connection, "first_codes", _TABLES)


async def forget(engine: Engine) -> float:
    """Delete the codes that were sent, or are old; return after how many seconds to look again."""
    await engine.query(lambda sql: sql.execute(_FORGET, NotificationKind.PAYMENT_RECEIVED, MailState.SENT))
    return SWEEP_SECONDS
