"""Refresh tokens: each is used once, and using one twice signs the device out."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from libs.events.gateway import DeviceId, SignOutReason
from libs.events.values import AccountId
from libs.eventsourcing import Causes, Engine, Row, Sql, UnitOfWork
from libs.eventsourcing.hosting import make_once
from libs.eventsourcing.values import new_id, utc_now
from services.gateway.account.keyed_hash import KeyedHash
from services.gateway.account.tables import KnownAccount, account_by_id
from services.gateway.device.commands import SignIn, SignOut
from services.gateway.device.domain import DEVICE

MOST_DEVICES = 20
"""An account is signed in on at most so many devices; the oldest is signed out for another one."""
REPEAT_SECONDS = 10.0
"""How long the last refresh token gives the present one again: an answer may be lost, and tabs race."""
SWEEP_SECONDS = 3600.0
"""How often ended devices are looked for, of which none can be used meanwhile: it reads all devices."""
ACTOR = "service:gateway"
_MOST_AGENT = 200
_MOST_SWEPT = 100
_TABLES = """
create schema if not exists refreshing;
-- one row for each device that is signed in; the token of a generation is a keyed hash of it and the salt
create table if not exists refreshing.tokens (
    device uuid primary key,
    salt bytea not null,
    generation integer not null,
    refreshed_at timestamptz not null,
    expires_at timestamptz not null,
    agent text not null,
    address text not null
);
create index if not exists tokens_by_end on refreshing.tokens (expires_at);
"""
_ADD = """
insert into refreshing.tokens (device, salt, generation, refreshed_at, expires_at, agent, address)
values ($1, $2, 0, $3, $4, $5, $6)
"""
_SHOWN = """
select t.*, d.account, d.epoch from refreshing.tokens t join devices d using (device) where t.device = $1
"""
_HELD = f"{_SHOWN} for update of t"
_NEXT = """
update refreshing.tokens
set generation = generation + 1, refreshed_at = $2, expires_at = $3, agent = $4, address = $5
where device = $1
"""
_OLDEST = """
select device from devices where account = $1 order by signed_in_at desc, device desc offset $2
"""
_ENDED = """
select d.device, d.account from devices d left join accounts a using (account)
left join refreshing.tokens t using (device)
where d.epoch is distinct from a.epoch or t.device is null or t.expires_at < $1 limit $2
"""
_DEVICES = """
select d.device, d.signed_in_at, t.refreshed_at, t.expires_at, t.agent, t.address
from devices d join accounts a on a.account = d.account and a.epoch = d.epoch
join refreshing.tokens t using (device)
where d.account = $1 and t.expires_at > $2 order by t.refreshed_at desc
"""


class RefreshProblem(StrEnum):
    """Why a refresh token is refused."""

    INVALID = "invalid_refresh_token"
    REUSED = "refresh_token_reused"


@dataclass(frozen=True)
class SignedInDevice:
    """A device with an account as it is now, and the token by which it is refreshed."""

    device: DeviceId
    account: KnownAccount
    refresh_token: str
    expires_at: datetime


@dataclass(frozen=True)
class DeviceLine:
    """A device that is signed in."""

    device: DeviceId
    signed_in_at: datetime
    last_seen_at: datetime
    """When its token was refreshed last."""
    expires_at: datetime
    agent: str
    """What its program says of itself."""
    address: str


class Devices:
    """The devices of accounts."""

    def __init__(self, engine: Engine, keyed: KeyedHash, *, seconds: int) -> None:
        self._engine = engine
        self._keyed = keyed
        self._lasts = timedelta(seconds=seconds)

    async def make_tables(self) -> None:
        """Create the table if it is missing."""
        async with self._engine.pool.acquire() as connection:
            await make_once(connection, "refreshing", _TABLES)

    async def sign_in(
        self, account: KnownAccount, *, agent: str, address: str, causes: Causes
    ) -> SignedInDevice:
        """Sign a new device in; the oldest one is signed out if there are too many."""
        device, salt, now = DeviceId(new_id()), secrets.token_bytes(32), utc_now()
        expires_at = now + self._lasts

        async def work(unit: UnitOfWork) -> None:
            await unit.execute(DEVICE, device, SignIn(device, account.account, account.epoch))
            await unit.flushed.execute(_ADD, device, salt, now, expires_at, agent[:_MOST_AGENT], address)
            for row in await unit.flushed.fetch(_OLDEST, account.account, MOST_DEVICES):
                await end_device(unit, DeviceId(row["device"]), account.account, SignOutReason.TOO_MANY)

        await self._engine.run(work, causes)
        return SignedInDevice(device, account, self._token(device, salt, 0), expires_at)

    async def refresh(
        self, token: str, *, agent: str, address: str, causes: Causes
    ) -> SignedInDevice | RefreshProblem:
        """Return the device with its next token. A token that was used before signs the device out."""
        presented = _parts(token)
        if presented is None:
            return RefreshProblem.INVALID
        device, generation, _ = presented
        found: SignedInDevice | RefreshProblem = RefreshProblem.INVALID

        async def work(unit: UnitOfWork) -> None:
            nonlocal found
            found = RefreshProblem.INVALID
            row, now = await unit.flushed.fetchrow(_HELD, device), utc_now()
            if row is None or not self._is_of(row, token, generation):
                return
            account = await account_by_id(unit.flushed, AccountId(row["account"]))
            if account is None or not _holds(row, account, now):
                return
            expires_at, present = now + self._lasts, row["generation"]
            if generation == present:
                await unit.flushed.execute(_NEXT, device, now, expires_at, agent[:_MOST_AGENT], address)
                present += 1
            elif generation != present - 1 or _age(row, now) > REPEAT_SECONDS:
                await end_device(unit, device, account.account, SignOutReason.REUSED)
                found = RefreshProblem.REUSED
                return
            found = SignedInDevice(device, account, self._token(device, row["salt"], present), expires_at)

        await self._engine.run(work, causes)
        return found

    async def owner_of(self, token: str) -> tuple[AccountId, DeviceId] | None:
        """Return the account and the device of a refresh token, also of one that was used before.

        None unless the device is signed in.
        """
        presented = _parts(token)
        if presented is None:
            return None
        device, generation, _ = presented
        row = await self._engine.query(lambda sql: sql.fetchrow(_SHOWN, device))
        if row is None or not self._is_of(row, token, generation):
            return None
        return AccountId(row["account"]), device

    async def sign_out(self, account: AccountId, device: DeviceId, causes: Causes) -> None:
        """Sign a device of an account out; raise `Refused` for an `unknown_device`."""

        async def work(unit: UnitOfWork) -> None:
            await end_device(unit, device, account, SignOutReason.BY_OWNER)

        await self._engine.run(work, causes)

    async def sweep(self) -> float:
        """Sign out what has expired; return after how many seconds to look again."""
        ended = await self._engine.query(lambda sql: sql.fetch(_ENDED, utc_now(), _MOST_SWEPT))
        for row in ended:

            async def work(unit: UnitOfWork, row: Row = row) -> None:
                await end_device(
                    unit, DeviceId(row["device"]), AccountId(row["account"]), SignOutReason.ENDED
                )

            await self._engine.run(work, Causes.first(ACTOR))
        return 0.0 if len(ended) == _MOST_SWEPT else SWEEP_SECONDS

    def _is_of(self, row: Row, token: str, generation: int) -> bool:
        made = (_token(keyed, DeviceId(row["device"]), row["salt"], generation) for keyed in self._keyed.each)
        return any(hmac.compare_digest(token.encode(), one.encode()) for one in made)

    def _token(self, device: DeviceId, salt: bytes, generation: int) -> str:
        return _token(self._keyed, device, salt, generation)


def _token(keyed: KeyedHash, device: DeviceId, salt: bytes, generation: int) -> str:
    secret = keyed.of("refresh token", f"{device} {generation} {salt.hex()}").hex()
    return f"adr_{device.hex}_{generation}_{secret}"


def device_in(token: str) -> DeviceId | None:
    """Return the device that a refresh token names, None if it has another form; it may be made up."""
    presented = _parts(token)
    return None if presented is None else presented[0]


async def devices_of(sql: Sql, account: AccountId) -> list[DeviceLine]:
    """Return the devices that are signed in, the last seen first."""
    return [
        DeviceLine(
            device=DeviceId(row["device"]),
            signed_in_at=row["signed_in_at"],
            last_seen_at=row["refreshed_at"],
            expires_at=row["expires_at"],
            agent=row["agent"],
            address=row["address"],
        )
        for row in await sql.fetch(_DEVICES, account, utc_now())
    ]


async def end_device(unit: UnitOfWork, device: DeviceId, account: AccountId, why: SignOutReason) -> None:
    """Sign a device out and forget its token, its program and its network address."""
    await unit.execute(DEVICE, device, SignOut(device, account, why))
    await unit.flushed.execute("delete from refreshing.tokens where device = $1", device)


def _holds(row: Row, account: KnownAccount, now: datetime) -> bool:
    return row["epoch"] == account.epoch and account.suspended_for is None and row["expires_at"] > now


def _age(row: Row, now: datetime) -> float:
    refreshed_at: datetime = row["refreshed_at"]
    return (now - refreshed_at).total_seconds()


def _parts(token: str) -> tuple[DeviceId, int, str] | None:
    """Return device, generation and secret of a token's text, None if it has another form."""
    kind, _, rest = token.partition("_")
    parts = rest.split("_")
    if kind != "adr" or len(parts) != 3 or not (parts[1].isascii() and parts[1].isdigit()):  # noqa: PLR2004
        return None
    try:
        return DeviceId(UUID(hex=parts[0])), int(parts[1][:10]), parts[2]
    except ValueError:
        return None
