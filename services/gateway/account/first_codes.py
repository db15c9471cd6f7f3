"""First access codes, sealed, from when they are issued until a mail with them was sent."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from libs.events.gateway import NotificationKind
from libs.events.values import AccountId
from libs.eventsourcing import Engine, Sql
from libs.eventsourcing.hosting import make_once
from services.gateway.account.keyed_hash import KeyedHash
from services.gateway.inbox.domain import MailState

SWEEP_SECONDS = 3600.0
_NONCE_BYTES = 12
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
    """Seals codes with a key derived from the pepper: neither that nor the database alone shows one."""

    def __init__(self, keyed: KeyedHash) -> None:
        self._cipher = AESGCM(keyed.of("first code", "key"))

    async def store(self, sql: Sql, account: AccountId, code: str) -> None:
        """Store an account's first code until it is mailed."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, code.encode(), account.bytes)
        await sql.execute("insert into first_codes.sealed (account, sealed) values ($1, $2)", account, sealed)

    def open(self, account: AccountId, sealed: bytes) -> str | None:
        """Return a sealed code, None if it was sealed with another key or for another account."""
        try:
            opened = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], account.bytes)
        except InvalidTag:
            return None
        return opened.decode()


async def make_tables(engine: Engine) -> None:
    """Create the table if it is missing."""
    async with engine.pool.acquire() as connection:
        await make_once(connection, "first_codes", _TABLES)


async def forget(engine: Engine) -> float:
    """Delete the codes that were sent, or are old; return after how many seconds to look again."""
    await engine.query(lambda sql: sql.execute(_FORGET, NotificationKind.PAYMENT_RECEIVED, MailState.SENT))
    return SWEEP_SECONDS
