"""The idempotency keys of callers, and the answers to the writes that were made under them."""

import hashlib
import hmac
import json
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from libs.eventsourcing import Engine, Row
from libs.eventsourcing.hosting import make_once
from libs.eventsourcing.values import new_id

KEPT = timedelta(hours=24)
"""How long a key and its answer are stored."""
MOST_KEYS = 1000
"""How many keys of one caller are stored; the oldest are deleted."""
MOST_BYTES = 16 * 1024 * 1024
"""How many bytes of answers to one caller are stored; the oldest are deleted."""
_EVERY_SECONDS = 3600.0
_AT_ONCE = 1000
_NONCE_BYTES = 12
_TABLES = """
create schema if not exists requests;
create table if not exists requests.idempotency_keys (
    id bytea primary key,
    caller text not null,
    fingerprint bytea not null,
    seed uuid not null,
    made_at timestamptz not null,
    claimed_until timestamptz not null,
    answer bytea
);
create index if not exists idempotency_keys_age on requests.idempotency_keys (made_at);
create index if not exists idempotency_keys_of_caller on requests.idempotency_keys (caller, made_at desc);
"""
_CLAIM = """
insert into requests.idempotency_keys as known (id, caller, fingerprint, seed, made_at, claimed_until)
values ($1, $2, $3, $4, $5, $6)
on conflict (id) do update set claimed_until = excluded.claimed_until
where known.answer is null and known.claimed_until <= excluded.made_at
  and known.fingerprint = excluded.fingerprint
returning seed
"""
_KNOWN = "select * from requests.idempotency_keys where id = any($1)"
_ANSWER = "update requests.idempotency_keys set answer = $2 where id = $1"
_RELEASE = "update requests.idempotency_keys set claimed_until = $2 where id = $1 and answer is null"
_FORGET = "delete from requests.idempotency_keys where id = $1 and answer is null"
_FORGET_ENDED = "delete from requests.idempotency_keys where id = $1 and made_at < $2"
_FORGET_OLD = """
delete from requests.idempotency_keys where id in (
    select id from requests.idempotency_keys where made_at < $1 limit $2 for update skip locked
)
"""
_FORGET_EXCESS = """
delete from requests.idempotency_keys where id in (
    select id from (
        select id, row_number() over latest as number,
               sum(coalesce(octet_length(answer), 0)) over latest as bytes
        from requests.idempotency_keys where caller = $1
        window latest as (order by made_at desc, id)
    ) as counted where number > $2 or bytes > $3
)
"""


@dataclass(frozen=True, slots=True)
class KeyedWrite:
    """A write under an idempotency key."""

    caller: str
    """The account and the kind of its credential: the same key of another caller is another key."""
    key: str
    content: bytes
    """What must be the same in a repetition: method, path, query and body."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a write."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class KeyReused(Exception):
    """The key belongs to another request of the caller."""


class InProgress(Exception):
    """The first request under the key has not been answered yet."""


class IdempotencyKeys:
    """The keys of the last 24 hours, in a table that is not a projection.

    A row holds keyed hashes of the key and of the request, and the encrypted answer. What decrypts it is
    derived from the pepper and the key itself, so that nobody without the key can read an answer, not even
    with the database and the pepper. Losing the table costs only that repetitions are carried out anew.
    """

    def __init__(self, engine: Engine, peppers: Sequence[SecretStr], *, lease_seconds: float) -> None:
        self._engine = engine
        self._pepper, *self._others = (pepper.get_secret_value().encode() for pepper in peppers)
        self._lease = timedelta(seconds=lease_seconds)

    async def make_tables(self) -> None:
        """Create the table if it is missing."""
        async with self._engine.pool.acquire() as connection:
            await make_once(connection, "requests", _TABLES)

    async def claim(self, write: KeyedWrite, at: datetime) -> UUID | Answer:
        """Return the stored answer of a repetition, else the seed of the ids that the write is to use.

        The seed is the same when a write is carried out again whose process ended before it was answered. The
        write is claimed until it is answered, released, or the lease ends. Raise `KeyReused`, `InProgress`.
        """
        known_seed = await self._known_by_another_pepper(write, at)
        if isinstance(known_seed, Answer):
            return known_seed
        key_id, fingerprint = self._id(write), self._digest("request", write, write.content)
        await self._engine.query(lambda sql: sql.execute(_FORGET_ENDED, key_id, at - KEPT))
        while True:  # another process may delete the row between two statements
            seed: UUID | None = await self._engine.query(
                lambda sql: sql.fetchval(
                    _CLAIM, key_id, write.caller, fingerprint, known_seed or new_id(), at, at + self._lease
                )
            )
            if seed is not None:
                return seed
            known = await self._engine.query(lambda sql: sql.fetchrow(_KNOWN, [key_id]))
            if known is None:
                continue
            answer = self._answer(write, known, self._pepper)
            if answer is None:
                raise InProgress
            return answer

    async def _known_by_another_pepper(self, write: KeyedWrite, at: datetime) -> UUID | Answer | None:
        """Return the answer of before a change of the pepper, or the seed of a write that has none."""
        peppers = {self._digest("key", write, pepper=pepper): pepper for pepper in self._others}
        known = await self._engine.query(lambda sql: sql.fetchrow(_KNOWN, list(peppers))) if peppers else None
        if known is None or known["made_at"] < at - KEPT:
            return None
        answer = self._answer(write, known, peppers[known["id"]])
        if answer is None and known["claimed_until"] > at:
            raise InProgress
        seed: UUID = known["seed"]
        return seed if answer is None else answer

    def _answer(self, write: KeyedWrite, known: Row, pepper: bytes) -> Answer | None:
        """Return the stored answer, None if there is none yet; raise `KeyReused` for another request's."""
        fingerprint = self._digest("request", write, write.content, pepper=pepper)
        if not hmac.compare_digest(known["fingerprint"], fingerprint):
            raise KeyReused
        return None if known["answer"] is None else self._decrypted(write, known["answer"], pepper)

    async def forget_old(self, at: datetime) -> float:
        """Delete old keys, some at once; return after how many seconds to do so again."""
        deleted = await self._engine.query(lambda sql: sql.execute(_FORGET_OLD, at - KEPT, _AT_ONCE))
        return _EVERY_SECONDS if deleted < _AT_ONCE else 1.0

    async def store(self, write: KeyedWrite, answer: Answer) -> None:
        """Store the answer to a claimed write, and delete what is above the limits of its caller."""
        stored = self._encrypted(write, answer)
        await self._engine.query(lambda sql: sql.execute(_ANSWER, self._id(write), stored))
        await self._engine.query(lambda sql: sql.execute(_FORGET_EXCESS, write.caller, MOST_KEYS, MOST_BYTES))

    async def release(self, write: KeyedWrite, at: datetime, *, refused: bool) -> None:
        """End the claim of a write without an answer; one that was refused had no effect and is deleted."""
        if refused:
            await self._engine.query(lambda sql: sql.execute(_FORGET, self._id(write)))
        else:
            await self._engine.query(lambda sql: sql.execute(_RELEASE, self._id(write), at))

    def _id(self, write: KeyedWrite) -> bytes:
        return self._digest("key", write)

    def _digest(
        self, purpose: str, write: KeyedWrite, content: bytes = b"", *, pepper: bytes | None = None
    ) -> bytes:
        named = json.dumps(["idempotency", purpose, write.caller, write.key]).encode()
        return hmac.new(pepper or self._pepper, named + b"\n" + content, hashlib.sha256).digest()

    def _encrypted(self, write: KeyedWrite, answer: Answer) -> bytes:
        head = json.dumps({"status": answer.status, "headers": answer.headers}).encode()
        nonce = os.urandom(_NONCE_BYTES)
        content = zlib.compress(head + b"\n" + answer.body, 1)
        return nonce + AESGCM(self._digest("answer", write)).encrypt(nonce, content, self._id(write))

    def _decrypted(self, write: KeyedWrite, stored: bytes, pepper: bytes) -> Answer:
        nonce, content = stored[:_NONCE_BYTES], stored[_NONCE_BYTES:]
        cipher = AESGCM(self._digest("answer", write, pepper=pepper))
        plain = cipher.decrypt(nonce, content, self._digest("key", write, pepper=pepper))
        head, _, body = zlib.decompress(plain).partition(b"\n")
        fields = json.loads(head)
        return Answer(fields["status"], tuple((name, value) for name, value in fields["headers"]), body)
