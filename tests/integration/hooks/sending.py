"""Webhooks of one account, and senders that can be killed."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from libs.events.catalogue import published
from libs.events.gateway import HookId, Role
from libs.events.values import AccountId
from libs.eventsourcing import Causes, Engine, UnitOfWork
from libs.eventsourcing.values import new_id, utc_now
from services.gateway.account.commands import Register
from services.gateway.account.domain import ACCOUNT
from services.gateway.account.sealing import Sealer
from services.gateway.api.account.webhook_shapes import WebhookDelivery
from services.gateway.hooks.commands import HookSettings
from services.gateway.hooks.deliveries import DELIVERIES, NewMessage, add_message
from services.gateway.hooks.managing import Hooks
from services.gateway.hooks.network import Resolve, SystemResolver
from services.gateway.hooks.posting import Poster, poster_for
from services.gateway.hooks.sender import Sender
from services.gateway.inbox.listing import NOTIFICATIONS
from services.gateway.inbox.tables import Notification, notification_in
from services.gateway.registry import REGISTRY
from services.gateway.tables.paging import PageRequest, page_of
from tests.deadlines import DEADLINE_SECONDS
from tests.support.waiting import until

CAUSES = Causes.first("service:tests")
EVENT = "adbot.stopped"


def gateway_engine(url: str) -> Engine:
    """Return an engine of the gateway, not started."""
    return Engine(
        "gateway", url, published(), state_tables=REGISTRY.state_tables, read_models=REGISTRY.read_models
    )


async def opened_account(engine: Engine) -> AccountId:
    """Open an account; return its id."""
    account = AccountId(uuid4())

    async def work(unit: UnitOfWork) -> None:
        register = Register(account, Role.CLIENT, "LIC-2026-ABCD-EFGH", unit.at)
        await unit.execute(ACCOUNT, account, register)

    await engine.run(work, CAUSES)
    return account


class Sending:
    """The webhooks of an account, and the senders of a test."""

    def __init__(self, engine: Engine, sealer: Sealer, account: AccountId) -> None:
        self.engine, self.sealer, self.account = engine, sealer, account
        self.resolver = SystemResolver()
        self.poster = poster_for(self.resolver, private_networks=True)
        self.hooks = Hooks(engine, self.poster, sealer, private_networks=True)
        self._senders: list[asyncio.Task[None]] = []

    @staticmethod
    def be_quick(monkeypatch: pytest.MonkeyPatch) -> None:
        """Shorten pauses and polls; no attempt times out, and no claim ends, on a busy machine."""
        monkeypatch.setattr("services.gateway.hooks.posting.TIMEOUT_SECONDS", DEADLINE_SECONDS)
        monkeypatch.setattr("services.gateway.hooks.sender._LEASE", timedelta(seconds=2 * DEADLINE_SECONDS))
        pauses = (timedelta(milliseconds=20),) * 8
        monkeypatch.setattr("services.gateway.hooks.retrying.PAUSES", pauses)
        monkeypatch.setattr("services.gateway.hooks.sender._PACE_SECONDS", 0.02)
        monkeypatch.setattr("services.gateway.hooks.sender._SHORTEST_SLEEP_SECONDS", 0.02)

    async def add(self, url: str) -> tuple[HookId, str]:
        """Add a webhook; return its id and its secret."""
        settings = HookSettings(url, (EVENT,), "")
        new = await self.hooks.add(self.account, HookId(new_id()), settings, CAUSES)
        return new.hook.hook, new.secret

    async def tell(self, hook: HookId, count: int = 1) -> list[UUID]:
        """Add messages of a webhook; return their ids."""
        adbot = str(new_id())
        added = [NewMessage(hook, new_id(), EVENT, "adbot", adbot, utc_now()) for _ in range(count)]

        async def work(unit: UnitOfWork) -> None:
            for one in added:
                await add_message(unit.flushed, one, unit.at)

        await self.engine.run(work, CAUSES)
        self.engine.changed()  # as the reader of reactions does
        return [one.message for one in added]

    def start(self, poster: Poster | None = None) -> asyncio.Task[None]:
        """Start a sender."""
        sender = Sender(self.engine, poster or self.poster, self.sealer)
        self._senders.append(asyncio.create_task(sender.run()))
        return self._senders[-1]

    def poster_with(self, resolve: Resolve) -> Poster:
        """Return a poster that refuses private networks."""
        return poster_for(resolve, private_networks=False)

    async def log(self, hook: HookId) -> list[WebhookDelivery]:
        """Return the log of a webhook, the latest first."""
        wanted = PageRequest("-created_at", 2000, (hook,))
        found = await self.engine.query(lambda sql: page_of(sql, DELIVERIES, wanted))
        return [WebhookDelivery.model_validate_json(row["item"]) for row in found.rows]

    async def notifications(self) -> list[Notification]:
        """Return what the owner was told, the latest first."""
        wanted = PageRequest("-created_at", 10, (self.account,))
        found = await self.engine.query(lambda sql: page_of(sql, NOTIFICATIONS, wanted))
        return [notification_in(row) for row in found.rows]

    async def ended(self, hook: HookId, count: int = 1) -> list[WebhookDelivery]:
        """Return the log once so many messages have ended."""

        async def lines() -> list[WebhookDelivery]:
            return [line for line in await self.log(hook) if line.next_attempt_at is None]

        return await until(lines, lambda found: len(found) >= count)

    async def end(self) -> None:
        """Stop all senders and delete the webhooks."""
        for sender in self._senders:
            await kill(sender)
        for one in await self.hooks.all_of(self.account):
            await self.hooks.delete(self.account, one.hook, CAUSES)
        self.resolver.close()


async def kill(sender: asyncio.Task[None]) -> None:
    """Cancel a sender, whatever it does."""
    sender.cancel()
    with suppress(asyncio.CancelledError):
        await sender
