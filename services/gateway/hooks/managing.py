"""The webhooks of accounts, as the routes use them."""

from dataclasses import dataclass
from uuid import UUID

from libs.events.gateway import HookId, HookOffReason
from libs.events.values import AccountId
from libs.eventsourcing import Causes, Engine, Refused, Sql, UnitOfWork
from libs.eventsourcing.values import new_id, utc_now
from services.gateway.account.sealing import Sealer
from services.gateway.hooks.commands import (
    Add,
    Change,
    Command,
    Delete,
    HookSettings,
    RotateSecret,
    SwitchOn,
)
from services.gateway.hooks.deliveries import body_of, send_again
from services.gateway.hooks.domain import HOOK
from services.gateway.hooks.endpoints import (
    add_endpoint,
    count_taken,
    delete_endpoint,
    renew_endpoints,
    replace_secret,
    rotate,
    rotation_of,
    secrets_of,
    slots_of,
)
from services.gateway.hooks.event_names import TEST
from services.gateway.hooks.posting import Answer, Poster, Trouble
from services.gateway.hooks.schema import make_tables
from services.gateway.hooks.signing import another_secret, secret_text, signed_headers
from services.gateway.hooks.switching import switch_off
from services.gateway.hooks.tables import KnownHook, hook_of, hooks_of


@dataclass(frozen=True)
class NewHook:
    """A webhook with its secret, which is shown once."""

    hook: KnownHook
    secret: str


@dataclass(frozen=True)
class Tried:
    """What came back for a test message."""

    message: UUID
    answer: Answer


class Hooks:
    """The webhooks of accounts."""

    def __init__(self, engine: Engine, poster: Poster, sealer: Sealer, *, private_networks: bool) -> None:
        self._engine, self._poster, self._sealer = engine, poster, sealer
        self._private_networks = private_networks

    async def make_tables(self) -> None:
        """Create the tables if they are missing."""
        await make_tables(self._engine)

    async def renew_seals(self) -> int:
        """Seal anew what was sealed with another pepper; return how many secrets that were."""
        return await self._engine.query(lambda sql: renew_endpoints(sql, self._sealer))

    async def all_of(self, account: AccountId) -> list[KnownHook]:
        """Return an account's webhooks, the latest first."""
        return await self._engine.query(lambda sql: hooks_of(sql, account))

    async def one_of(self, account: AccountId, hook: UUID) -> KnownHook:
        """Return a webhook; raise `Refused` for an `unknown_webhook`."""
        return await self._engine.query(lambda sql: _known(sql, account, hook))

    async def add(self, account: AccountId, hook: HookId, settings: HookSettings, causes: Causes) -> NewHook:
        """Add a webhook; one that was added before gets another secret instead of its own.

        Raises `Refused` with what forbids it.
        """
        secret = another_secret()
        sealed = self._sealer.seal(hook, secret)

        async def work(unit: UnitOfWork) -> None:
            known = await unit.load(HOOK, hook)
            if known is not None and known.account == account and not known.deleted:
                await replace_secret(unit.flushed, hook, sealed)
                return
            slots = await slots_of(unit.flushed, account)
            command = Add(hook, account, settings, len(slots), self._private_networks)
            await unit.execute(HOOK, hook, command)
            slot = min(set(range(len(slots) + 1)) - set(slots))
            await add_endpoint(unit.flushed, hook, account, slot, sealed)

        await self._engine.run(work, causes)
        return NewHook(await self.one_of(account, hook), secret_text(secret))

    async def change(self, account: AccountId, hook: HookId, settings: HookSettings, causes: Causes) -> None:
        """Replace a webhook's settings; raise `Refused` with what forbids it."""
        await self._act(hook, Change(hook, account, settings, self._private_networks), causes)

    async def delete(self, account: AccountId, hook: HookId, causes: Causes) -> None:
        """Delete a webhook with its secret and its log; raise `Refused` for an `unknown_webhook`."""

        async def work(unit: UnitOfWork) -> None:
            await unit.execute(HOOK, hook, Delete(hook, account))
            await delete_endpoint(unit.flushed, hook)

        await self._engine.run(work, causes)

    async def rotate(self, account: AccountId, hook: HookId, rotation: UUID, causes: Causes) -> str:
        """Give a webhook another secret and return it; for a day the old one signs too.

        The same rotation once more replaces the secret of the first time, which its owner did not get: the
        old one is still that of before the first time.
        """
        secret = another_secret()
        sealed = self._sealer.seal(hook, secret)

        async def work(unit: UnitOfWork) -> None:
            if await rotation_of(unit.flushed, account, hook) == rotation:
                await replace_secret(unit.flushed, hook, sealed)
                return
            await unit.execute(HOOK, hook, RotateSecret(hook, account))
            await rotate(unit.flushed, hook, rotation, sealed, unit.at)

        await self._engine.run(work, causes)
        return secret_text(secret)

    async def switch_on(self, account: AccountId, hook: HookId, causes: Causes) -> None:
        """Send messages again, and count failures anew; raise `Refused` for an `unknown_webhook`."""

        async def work(unit: UnitOfWork) -> None:
            if await unit.execute(HOOK, hook, SwitchOn(hook, account)):
                await count_taken(unit.flushed, hook)

        await self._engine.run(work, causes)

    async def switch_off(self, account: AccountId, hook: HookId, causes: Causes) -> None:
        """Send no more messages; raise `Refused` for an `unknown_webhook`."""
        await self._engine.run(lambda unit: switch_off(unit, hook, account, HookOffReason.BY_OWNER), causes)

    async def switch_off_for(self, account: AccountId, hook: HookId, reason: str, causes: Causes) -> None:
        """Send no more messages, by an operator's wish; raise `Refused` for an `unknown_webhook`."""

        async def work(unit: UnitOfWork) -> None:
            await switch_off(unit, hook, account, HookOffReason.BY_OPERATOR, reason)

        await self._engine.run(work, causes)

    async def test(self, account: AccountId, hook: HookId) -> Tried:
        """Send a test message at once, even if the webhook is off; it is not in the log."""
        known = await self.one_of(account, hook)
        now, message = utc_now(), new_id()
        secrets = await self._engine.query(lambda sql: secrets_of(sql, self._sealer, hook, now))
        if not secrets:
            return Tried(message, Answer(Trouble.UNREADABLE_SECRET))
        body = body_of(TEST, "webhook", str(hook), now).encode()
        headers = signed_headers(str(message), now, body, secrets)
        return Tried(message, await self._poster.post(known.settings.url, body, headers))

    async def send_again(self, account: AccountId, hook: HookId, message: UUID) -> None:
        """Make a message that was not taken due now, and keep trying for another day.

        Raises `Refused` for an `unknown_webhook`, a `webhook_off`, or an `unknown_delivery`.
        """

        async def work(unit: UnitOfWork) -> None:
            if (await _known(unit.flushed, account, hook)).off_why is not None:
                raise Refused("webhook_off", "the webhook is switched off; switch it on first")
            if not await send_again(unit.flushed, hook, message, unit.at):
                raise Refused("unknown_delivery", "the log has no message of this id that was not taken")

        await self._engine.run(work, Causes.first(f"account:{account}"))
        self._engine.changed()  # no event tells of it

    async def _act(self, hook: HookId, command: Command, causes: Causes) -> None:
        async def work(unit: UnitOfWork) -> None:
            await unit.execute(HOOK, hook, command)

        await self._engine.run(work, causes)


async def _known(sql: Sql, account: AccountId, hook: UUID) -> KnownHook:
    found = await hook_of(sql, account, hook)
    if found is None:
        raise Refused("unknown_webhook", "you have no webhook of this id")
    return found
