"""How often and from where API keys are used, counted in memory and stored now and then."""

import time
from collections import Counter
from datetime import datetime
from uuid import UUID

from libs.events.gateway import ApiKeyId
from libs.eventsourcing import Engine, Sql
from libs.eventsourcing.hosting import make_once
from libs.eventsourcing.values import utc_now

STORE_SECONDS = 10.0
FORGET_SECONDS = 3600.0
"""How often rows of revoked keys are looked for, which reads all rows."""
_MOST_ADDRESS = 64
_TABLES = """
create schema if not exists api_key_uses;
-- a row for each key that was ever used; deleted within an hour after its revocation
create table if not exists api_key_uses.uses (
    key uuid primary key,
    uses bigint not null,
    last_at timestamptz not null,
    last_address text not null
);
"""
_STORE = """
insert into api_key_uses.uses as u (key, uses, last_at, last_address)
select n.* from unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::text[]) as n (key, uses, at, address)
where exists (select from api_keys k where k.key = n.key)
on conflict (key) do update set uses = u.uses + excluded.uses, last_at = excluded.last_at,
    last_address = excluded.last_address
"""
_FORGET = "delete from api_key_uses.uses u where not exists (select from api_keys k where k.key = u.key)"


class KeyUses:
    """The uses of API keys by this process since they were stored last: one entry for each key that was used.

    What a process counted in the last seconds before it ends is lost.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._counts = Counter[ApiKeyId]()
        self._last: dict[ApiKeyId, tuple[datetime, str]] = {}
        self._forget_at = 0.0

    async def make_tables(self) -> None:
        """Create the table if it is missing."""
        async with self._engine.pool.acquire() as connection:
            await make_once(connection, "api_key_uses", _TABLES)

    def note(self, key: ApiKeyId, address: str) -> None:
        """Count a use."""
        self._counts[key] += 1
        self._last[key] = (utc_now(), address[:_MOST_ADDRESS])

    async def store(self) -> float:
        """Store the counts, and forget revoked keys; return after how many seconds to store again."""
        if time.monotonic() >= self._forget_at:
            await self._engine.query(lambda sql: sql.execute(_FORGET))
            self._forget_at = time.monotonic() + FORGET_SECONDS
        if not self._counts:
            return STORE_SECONDS
        counts, last = self._counts, self._last
        self._counts, self._last = Counter[ApiKeyId](), {}
        try:
            await self._engine.query(lambda sql: _store(sql, counts, last))
        except BaseException:
            self._counts.update(counts)
            self._last = last | self._last
            raise
        return STORE_SECONDS


async def _store(sql: Sql, counts: Counter[ApiKeyId], last: dict[ApiKeyId, tuple[datetime, str]]) -> None:
    keys: list[UUID] = sorted(counts)
    await sql.execute(
        _STORE,
        keys,
        [counts[ApiKeyId(key)] for key in keys],
        [last[ApiKeyId(key)][0] for key in keys],
        [last[ApiKeyId(key)][1] for key in keys],
    )


async def uses_of(sql: Sql, keys: list[ApiKeyId]) -> dict[UUID, tuple[int, datetime, str]]:
    """Return how often keys were used, when and from where last."""
    rows = await sql.fetch("select * from api_key_uses.uses where key = any($1::uuid[])", keys)
    return {row["key"]: (row["uses"], row["last_at"], row["last_address"]) for row in rows}
