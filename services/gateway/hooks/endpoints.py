"""The secrets of webhooks, and how their receivers do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from libs.events.gateway import HookId
from libs.events.values import AccountId
from libs.eventsourcing import Sql
from services.gateway.account.sealing import Sealer, renew_seals

OLD_SECRET_LASTS = timedelta(days=1)
"""For how long messages are signed with the secret before the last rotation too."""
_ADD = "insert into webhooks.endpoints (hook, account, slot, sealed) values ($1, $2, $3, $4)"
_ROTATE = """
update webhooks.endpoints set old_sealed = sealed, old_until = $3, sealed = $2, rotation = $4
where hook = $1
"""
_ROTATION = "select rotation from webhooks.endpoints where hook = $1 and account = $2"
_TAKEN = "update webhooks.endpoints set given_up = 0, failing_since = null where hook = $1"
_FAILED = """
update webhooks.endpoints
set given_up = given_up + $2, failing_since = coalesce(failing_since, $3)
where hook = $1 returning given_up, failing_since
"""
_FORGET_OLD = "update webhooks.endpoints set old_sealed = null, old_until = null where old_until <= $1"


@dataclass(frozen=True)
class Health:
    """How a webhook's receiver does since the last message that it took."""

    given_up: int
    """How many messages were given up."""
    failing_since: datetime


async def slots_of(sql: Sql, account: AccountId) -> Sequence[int]:
    """Return the slots of an account's webhooks; each webhook has one of its own."""
    rows = await sql.fetch("select slot from webhooks.endpoints where account = $1", account)
    return [row["slot"] for row in rows]


async def add_endpoint(sql: Sql, hook: HookId, account: AccountId, slot: int, sealed: bytes) -> None:
    """Store a webhook's secret; raise `DuplicateRow` if another has the slot."""
    await sql.execute(_ADD, hook, account, slot, sealed)


async def rotate(sql: Sql, hook: HookId, rotation: UUID, sealed: bytes, at: datetime) -> None:
    """Replace the secret; the one before is kept for a day."""
    await sql.execute(_ROTATE, hook, sealed, at + OLD_SECRET_LASTS, rotation)


async def rotation_of(sql: Sql, account: AccountId, hook: HookId) -> UUID | None:
    """Return the last rotation of the secret of an account's webhook, None if there was none."""
    found: UUID | None = await sql.fetchval(_ROTATION, hook, account)
    return found


async def replace_secret(sql: Sql, hook: HookId, sealed: bytes) -> None:
    """Replace a secret that nobody was told: it is not kept."""
    await sql.execute("update webhooks.endpoints set sealed = $2 where hook = $1", hook, sealed)


async def delete_endpoint(sql: Sql, hook: HookId) -> None:
    """Delete a webhook's secrets and messages."""
    await sql.execute("delete from webhooks.endpoints where hook = $1", hook)
    await sql.execute("delete from webhooks.deliveries where hook = $1", hook)


async def count_taken(sql: Sql, hook: HookId) -> None:
    """Note that a receiver takes messages, or begin to count anew."""
    await sql.execute(_TAKEN, hook)


async def count_failed(sql: Sql, hook: HookId, at: datetime, *, given_up: bool) -> Health | None:
    """Note that an attempt failed; return how the receiver does, None if the webhook was deleted."""
    row = await sql.fetchrow(_FAILED, hook, int(given_up), at)
    return None if row is None else Health(row["given_up"], row["failing_since"])


async def secrets_of(sql: Sql, sealer: Sealer, hook: HookId, at: datetime) -> Sequence[bytes]:
    """Return the secrets to sign with, the present one first; none if they can't be opened."""
    row = await sql.fetchrow(
        "select sealed, old_sealed, old_until from webhooks.endpoints where hook = $1", hook
    )
    if row is None:
        return ()
    sealed = [row["sealed"]]
    if row["old_sealed"] is not None and row["old_until"] > at:
        sealed.append(row["old_sealed"])
    return opened(sealer, hook, sealed)


def opened(sealer: Sealer, hook: HookId, sealed: Sequence[bytes]) -> Sequence[bytes]:
    """Return secrets, without those that can't be opened with this pepper."""
    found = (sealer.open(hook, one) for one in sealed)
    return [secret for secret in found if secret is not None]


async def renew_endpoints(sql: Sql, sealer: Sealer) -> int:
    """Seal anew what was sealed with another pepper; return how many secrets that were."""
    columns = ("sealed", "old_sealed")
    return sum([await renew_seals(sql, sealer, "webhooks.endpoints", "hook", column) for column in columns])


async def forget_old_secrets(sql: Sql, at: datetime) -> None:
    """Delete the secrets from before rotations that are not used any more."""
    await sql.execute(_FORGET_OLD, at)
