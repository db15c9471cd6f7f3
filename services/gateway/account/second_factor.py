"""One-time codes as a second factor (TOTP, RFC 6238): their secrets, sealed, and the steps that were used."""

import hmac
from datetime import datetime

from pyotp import random_base32
from pyotp.hotp import HOTP
from pyotp.totp import TOTP

from libs.events.values import AccountId
from libs.eventsourcing import Causes, Engine, Sql, UnitOfWork
from libs.eventsourcing.hosting import make_once
from libs.eventsourcing.values import utc_now
from services.gateway.account.commands import EnableSecondFactor, RemoveSecondFactor
from services.gateway.account.domain import ACCOUNT
from services.gateway.account.keyed_hash import KeyedHash
from services.gateway.account.sealing import Sealer, renew_seals

STEP_SECONDS = 30
ISSUER = "Adrelay"
_STEPS = (-1, 0, 1)
"""A code is accepted one step early or late: clocks differ."""
_TABLES = """
create schema if not exists second_factors;
-- a row for each account with a second factor, or that was offered one
create table if not exists second_factors.secrets (
    account uuid primary key,
    sealed bytea not null,
    confirmed boolean not null default false,
    last_step bigint not null default 0
);
"""
_OFFER = """
insert into second_factors.secrets as s (account, sealed) values ($1, $2)
on conflict (account) do update set sealed = excluded.sealed, last_step = 0 where not s.confirmed
returning account
"""
_USE = "update second_factors.secrets set last_step = $2 where account = $1 and last_step < $2 returning true"


class SecondFactors:
    """The second factors of accounts. A secret is never in an event, and is shown once."""

    def __init__(self, engine: Engine, keyed: KeyedHash) -> None:
        self._engine = engine
        self._sealer = Sealer(keyed, "second factor")

    async def make_tables(self) -> None:
        """Create the table if it is missing."""
        async with self._engine.pool.acquire() as connection:
            await make_once(connection, "second_factors", _TABLES)

    async def renew_seals(self) -> int:
        """Seal anew what was sealed with another pepper; return how many secrets that were."""
        return await self._engine.query(
            lambda sql: renew_seals(sql, self._sealer, "second_factors.secrets", "account", "sealed")
        )

    async def offer(self, account: AccountId, name: str) -> tuple[str, str] | None:
        """Return a new secret and its URI for an authenticator app; None if the account has one in use."""
        secret = random_base32()
        sealed = self._sealer.seal(account, secret.encode())
        if await self._engine.query(lambda sql: sql.fetchval(_OFFER, account, sealed)) is None:
            return None
        return secret, TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)

    async def confirm(self, account: AccountId, code: str, causes: Causes) -> bool:
        """Enable the second factor that was offered if the code is right; return whether it is."""
        right = False

        async def work(unit: UnitOfWork) -> None:
            nonlocal right
            right = await self._used(unit.flushed, account, code, utc_now())
            if right:
                await unit.execute(ACCOUNT, account, EnableSecondFactor(account))
                await unit.flushed.execute(
                    "update second_factors.secrets set confirmed = true where account = $1", account
                )

        await self._engine.run(work, causes)
        return right

    async def check(self, account: AccountId, code: str) -> bool:
        """Return whether a code is right; each is right once."""
        return await self._engine.query(lambda sql: self._used(sql, account, code, utc_now()))

    async def remove(self, account: AccountId, causes: Causes) -> None:
        """Remove the second factor."""

        async def work(unit: UnitOfWork) -> None:
            await unit.execute(ACCOUNT, account, RemoveSecondFactor(account))
            await unit.flushed.execute("delete from second_factors.secrets where account = $1", account)

        await self._engine.run(work, causes)

    async def _used(self, sql: Sql, account: AccountId, code: str, at: datetime) -> bool:
        sealed: bytes | None = await sql.fetchval(
            "select sealed from second_factors.secrets where account = $1", account
        )
        step = None if sealed is None else self._step(sealed, account, code, at)
        return step is not None and bool(await sql.fetchval(_USE, account, step))

    def _step(self, sealed: bytes, account: AccountId, code: str, at: datetime) -> int | None:
        """Return the step whose code this is, None if it is none of now."""
        secret = self._sealer.open(account, sealed)
        if secret is None:
            return None
        codes, now = HOTP(secret.decode()), int(at.timestamp()) // STEP_SECONDS
        for step in (now + offset for offset in _STEPS):
            if hmac.compare_digest(codes.at(step).encode(), code.encode()):
                return step
        return None
