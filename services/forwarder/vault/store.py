"""The vault: session keys and API hashes, encrypted, in tables that are not projections."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from libs.events.values import ApplicationId, SessionId
from libs.eventsourcing import Sql
from libs.sealing import PrivateKeys
from services.forwarder.vault.cipher import TO_ALL, Belonging, Cipher, Sealed
from services.forwarder.vault.sessions import SessionKey

SCHEMA = """
create schema if not exists vault;

create table if not exists vault.sessions (
    session     uuid primary key,
    dc          integer not null,
    key         text not null,
    box         bytea not null,
    fingerprint bytea not null unique
);

create table if not exists vault.pairs (
    pair   uuid primary key,
    api_id integer not null unique,
    key    text not null,
    box    bytea not null
);

-- how a secret is bound to its row: those of earlier versions to the id only, see `cipher.Belonging`
alter table vault.sessions add column if not exists binding smallint not null default 1;
alter table vault.pairs add column if not exists binding smallint not null default 1;

-- the last stored session of each account; serializes two uploads of one account
create table if not exists vault.accounts (
    telegram_user bigint primary key,
    session       uuid not null
);

-- uploads that are being checked: a session must not be connected twice at once
create table if not exists vault.checks (
    fingerprint bytea primary key,
    session     uuid not null,
    until       timestamptz not null
);
"""
_SESSIONS = "select session as owner, dc as number, key, box, binding from vault.sessions"
_APPLICATIONS = "select pair as owner, api_id as number, key, box, binding from vault.pairs"


@dataclass(frozen=True)
class TelegramApplication:
    """The `api_id` and `api_hash` of a Telegram application."""

    api_id: int
    api_hash: str = field(repr=False)


@dataclass(frozen=True)
class Credentials:
    """The credentials of an account: a session's key and its application."""

    session: SessionKey
    application: TelegramApplication


class Vault:
    """The stored secrets, encrypted and decrypted by one cipher."""

    def __init__(self, cipher: Cipher) -> None:
        self._cipher = cipher

    @property
    def private_keys(self) -> PrivateKeys:
        """The keys to what was sealed on its way here."""
        return self._cipher.private_keys

    # -- sessions

    async def known(self, sql: Sql, secret: SessionKey) -> SessionId | None:
        """Return the id of the stored session with this key, None if there is none."""
        found: SessionId | None = await sql.fetchval(
            "select session from vault.sessions where fingerprint = any($1)",
            self._cipher.fingerprints(secret.key),
        )
        return found

    async def put_session(self, sql: Sql, session: SessionId, secret: SessionKey) -> None:
        """Store a session's key."""
        sealed = self._cipher.seal(secret.key, _of_session(session, secret.dc))
        await sql.execute(
            "insert into vault.sessions (session, dc, key, box, binding, fingerprint) "
            "values ($1, $2, $3, $4, $5, $6)",
            session,
            secret.dc,
            sealed.key,
            sealed.box,
            sealed.binding,
            self._cipher.fingerprints(secret.key)[0],
        )

    async def put_account(self, sql: Sql, telegram_user: int, session: SessionId) -> None:
        """Store the session of a Telegram account; a concurrent transaction for the same account waits."""
        await sql.execute(
            "insert into vault.accounts (telegram_user, session) values ($1, $2) "
            "on conflict (telegram_user) do update set session = $2",
            telegram_user,
            session,
        )

    async def session(self, sql: Sql, session: SessionId) -> SessionKey | None:
        """Return a session's key, None if unknown; raise `Unsealable` if it can't be decrypted."""
        row = await sql.fetchrow(
            "select dc, key, box, binding from vault.sessions where session = $1", session
        )
        if row is None:
            return None
        sealed = Sealed(row["key"], row["box"], row["binding"])
        return SessionKey(row["dc"], self._cipher.open(sealed, _of_session(session, row["dc"])))

    async def claim_check(self, sql: Sql, session: SessionId, secret: SessionKey, lasting: timedelta) -> bool:
        """Claim the check of an upload; return False if another upload of the same session has the claim."""
        taken = await sql.execute(
            "insert into vault.checks as c (fingerprint, session, until) "
            "values ($1, $2, clock_timestamp() + $3) on conflict (fingerprint) do update "
            "set session = $2, until = clock_timestamp() + $3 where c.until < clock_timestamp()",
            self._cipher.fingerprints(secret.key)[0],
            session,
            lasting,
        )
        return taken == 1

    async def release_check(self, sql: Sql, session: SessionId) -> None:
        """Release the claim of an upload's check."""
        await sql.execute("delete from vault.checks where session = $1", session)

    # -- Telegram applications

    async def put_application(
        self, sql: Sql, application: ApplicationId, secret: TelegramApplication
    ) -> bool:
        """Store a Telegram application; return whether it was new."""
        sealed = self._cipher.seal(secret.api_hash.encode(), _of_application(application, secret.api_id))
        added = await sql.execute(
            "insert into vault.pairs (pair, api_id, key, box, binding) values ($1, $2, $3, $4, $5) "
            "on conflict do nothing",
            application,
            secret.api_id,
            sealed.key,
            sealed.box,
            sealed.binding,
        )
        return added == 1

    async def application(self, sql: Sql, application: ApplicationId | None) -> TelegramApplication | None:
        """Return a Telegram application by id, any for None."""
        row = await sql.fetchrow(
            "select pair, api_id, key, box, binding from vault.pairs where $1::uuid is null or pair = $1 "
            "order by api_id limit 1",
            application,
        )
        if row is None:
            return None
        sealed = Sealed(row["key"], row["box"], row["binding"])
        secret = self._cipher.open(sealed, _of_application(row["pair"], row["api_id"]))
        return TelegramApplication(row["api_id"], secret.decode())

    # -- keys

    async def missing_keys(self, sql: Sql) -> list[str]:
        """Return the names of the keys that stored secrets need and that are not configured."""
        rows = await sql.fetch(
            "select key from vault.sessions union select key from vault.pairs order by key"
        )
        return [row["key"] for row in rows if not self._cipher.opens(row["key"])]

    async def reseal(self, sql: Sql, limit: int = 200) -> int:
        """Re-encrypt secrets of older keys or bindings with the first key and today's binding.

        Returns how many there were, at most `limit` per kind.
        """
        done = 0
        for row in await self._older(sql, _SESSIONS, limit):
            belonging = _of_session(row.owner, row.number)
            secret = self._cipher.open(row.sealed, belonging)
            sealed = self._cipher.seal(secret, belonging)
            await sql.execute(
                "update vault.sessions set key = $2, box = $3, binding = $4, fingerprint = $5 "
                "where session = $1",
                row.owner,
                sealed.key,
                sealed.box,
                sealed.binding,
                self._cipher.fingerprints(secret)[0],
            )
            done += 1
        for row in await self._older(sql, _APPLICATIONS, limit):
            belonging = _of_application(row.owner, row.number)
            sealed = self._cipher.seal(self._cipher.open(row.sealed, belonging), belonging)
            await sql.execute(
                "update vault.pairs set key = $2, box = $3, binding = $4 where pair = $1",
                row.owner,
                sealed.key,
                sealed.box,
                sealed.binding,
            )
            done += 1
        return done

    async def _older(self, sql: Sql, query: str, limit: int) -> Sequence["_Row"]:
        rows = await sql.fetch(
            f"{query} where key <> $1 or binding <> $2 limit $3",
            self._cipher.current,
            TO_ALL,
            limit,
        )
        return [
            _Row(row["owner"], row["number"], Sealed(row["key"], row["box"], row["binding"])) for row in rows
        ]


@dataclass(frozen=True)
class _Row:
    owner: UUID
    number: int
    sealed: Sealed


def _of_session(session: UUID, dc: int) -> Belonging:
    return Belonging("session", session, dc)


def _of_application(application: UUID, api_id: int) -> Belonging:
    return Belonging("api_hash", application, api_id)
