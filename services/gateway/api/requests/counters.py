"""Counters of calls that all processes of the gateway share, in PostgreSQL."""

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from prometheus_client import Counter
from pydantic import SecretStr

from libs.chassis.sampling import SampledLog
from libs.eventsourcing import Engine
from libs.eventsourcing.errors import StatementRejected, Transient
from libs.eventsourcing.hosting import make_once

lines = SampledLog(__name__)

SWEEP_SECONDS = 60.0
_PATIENCE_SECONDS = 1.0
"""How long a count may take: a request must not wait long for a database that does not answer."""
_REST_SECONDS = 1.0
"""How long nothing is counted in the database after it did not answer."""
_SWEPT_AT_ONCE = 5000
_DIGEST_BYTES = 16
_LONGEST_KEY = 64
"""The longest key of blake2b, in bytes."""

_TABLES = """
create schema if not exists limits;
create unlogged table if not exists limits.counters (
    key bytea primary key,
    calls bigint not null,
    ends_at timestamptz not null
) with (fillfactor = 70);
create index if not exists counters_ends on limits.counters (ends_at);
"""
_ADD = """
insert into limits.counters as counted (key, calls, ends_at)
select key, $2, clock_timestamp() + make_interval(secs => $3)
from unnest($1::bytea[]) as given (key) order by key
on conflict (key) do update set
    calls = excluded.calls + case when counted.ends_at > clock_timestamp() then counted.calls else 0 end,
    ends_at = case when counted.ends_at > clock_timestamp() then counted.ends_at else excluded.ends_at end
returning key, calls, extract(epoch from ends_at - clock_timestamp())::float8 as seconds
"""
_SWEEP = """
delete from limits.counters where key in (
    select key from limits.counters where ends_at < clock_timestamp() limit $1 for update skip locked
)
"""
_UNCOUNTED = Counter(
    "adrelay_gateway_uncounted_calls_total",
    "Calls that only this process counted: the database did not answer.",
)


@dataclass(frozen=True, slots=True)
class Count:
    """The calls of a window, and after how many seconds the window ends."""

    calls: int
    seconds: float


class Counters:
    """Counts calls by key, each in a window that begins with the first call of its key.

    The table stores a keyed digest instead of a key, which may be an e-mail address. It has a row for each
    key of a window that has not ended, or ended since the last sweep. It is not logged: after a crash of
    PostgreSQL all counts begin again.
    """

    def __init__(
        self, engine: Engine, secret: SecretStr, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._engine = engine
        self._secret = secret.get_secret_value().encode()[:_LONGEST_KEY]
        self._clock = clock
        self._rests_until = 0.0

    async def make_tables(self) -> None:
        """Create the table if it is missing."""
        async with self._engine.pool.acquire() as connection:
            await make_once(connection, "limits", _TABLES)

    async def add(self, keys: Sequence[str], calls: int, window_seconds: float) -> list[Count] | None:
        """Count calls of each of these different keys; return the counts, None without the database."""
        if self._clock() < self._rests_until:
            _UNCOUNTED.inc()
            return None
        digests = [self._digest(key) for key in keys]
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                rows = await self._engine.query(lambda sql: sql.fetch(_ADD, digests, calls, window_seconds))
        except (Transient, StatementRejected, OSError, TimeoutError) as error:
            self._rests_until = self._clock() + _REST_SECONDS
            _UNCOUNTED.inc()
            lines.write(logging.WARNING, "limits.uncounted", code=type(error).__name__)
            return None
        found = {row["key"]: Count(row["calls"], max(0.0, row["seconds"])) for row in rows}
        return [found[digest] for digest in digests]

    async def sweep(self) -> float:
        """Delete counts of ended windows, some at once; return after how many seconds to do so again."""
        deleted = await self._engine.query(lambda sql: sql.execute(_SWEEP, _SWEPT_AT_ONCE))
        return SWEEP_SECONDS if deleted < _SWEPT_AT_ONCE else 1.0

    def _digest(self, key: str) -> bytes:
        return hashlib.blake2b(key.encode(), key=self._secret, digest_size=_DIGEST_BYTES).digest()
