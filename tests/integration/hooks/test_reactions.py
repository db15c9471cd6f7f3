"""Which events become messages of which webhooks."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
from pydantic import SecretStr

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.events.billing import OrderPlaced
from libs.events.catalogue import published
from libs.events.gateway import HookId
from libs.events.provisioning import AdbotProvisioned, SeatsAwaited
from libs.events.scheduler import CycleSkipped, SkipReason
from libs.events.values import AccountId, AdbotId
from libs.eventsourcing import UnitOfWork
from libs.eventsourcing.testing import Service, StreamEvent, service_on
from services.gateway.account.codes import AccessCodes
from services.gateway.account.commands import Suspend
from services.gateway.account.domain import ACCOUNT
from services.gateway.account.keyed_hash import KeyedHash
from services.gateway.context import Context
from services.gateway.hooks.commands import Add, HookSettings
from services.gateway.hooks.deliveries import give_up_unwanted
from services.gateway.hooks.domain import HOOK
from services.gateway.hooks.endpoints import add_endpoint
from services.gateway.hooks.schema import make_tables
from services.gateway.personal import addresses
from services.gateway.registry import REGISTRY
from tests.contracts.examples import PLAN
from tests.integration.hooks.sending import CAUSES, opened_account
from tests.support.databases import fresh_database

ORDER = "HQADZ-M5X2K1-9F3QTB7W"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVENTS = ("adbot.seats_awaited",)
MESSAGES = "select hook, type, state from webhooks.deliveries order by type"


@pytest_asyncio.fixture(loop_scope="session")
async def service(postgres_server: EmbeddedPostgres) -> AsyncIterator[Service[Context]]:
    """Yield the gateway's handlers on a fresh database."""
    context = Context(AccessCodes(KeyedHash([SecretStr("pepper of the tests, long enough")])), mails=False)
    async with (
        fresh_database(postgres_server, "gateway") as url,
        service_on(url, REGISTRY, published(), context, at=NOON) as service,
    ):
        await make_tables(service.engine)
        await addresses.make_tables(service.engine)
        yield service


async def hook_of(service: Service[Context], account: AccountId) -> HookId:
    """Add a webhook; return its id."""
    hook = HookId(uuid4())

    async def work(unit: UnitOfWork) -> None:
        settings = HookSettings("https://example.org/", EVENTS, "")
        await unit.execute(HOOK, hook, Add(hook, account, settings, 0, private_networks=False))
        await add_endpoint(unit.flushed, hook, account, 0, b"sealed")

    await service.engine.run(work, CAUSES)
    return hook


def delivered(account: AccountId) -> tuple[AdbotId, list[StreamEvent]]:
    """Return a new adbot, and the events of its order and its delivery."""
    adbot = AdbotId(uuid4())
    placed = OrderPlaced(
        order=ORDER, account=account, email="client@example.com", plan=PLAN, coin="BTC", pay_by=NOON
    )
    provisioned = AdbotProvisioned(
        adbot=adbot,
        order=ORDER,
        account=account,
        plan=PLAN,
        seats=(),
        valid_from=None,
        valid_until=None,
    )
    return adbot, [StreamEvent(f"order-{ORDER}", placed), StreamEvent(f"adbot-{adbot}", provisioned)]


def awaited(adbot: AdbotId) -> StreamEvent:
    return StreamEvent(f"adbot-{adbot}", SeatsAwaited(adbot=adbot, missing=1))


async def test_an_event_of_a_fresh_adbot_finds_its_owner_before_the_read_model_has_it(
    service: Service[Context],
) -> None:
    account = await opened_account(service.engine)
    hook, (fresh, events) = await hook_of(service, account), delivered(account)
    for event in events:
        await service.act(event)
    await service.engine.query(lambda sql: sql.execute("delete from adbots"))
    await service.act(awaited(fresh))
    assert await service.rows(MESSAGES) == [(hook, "adbot.seats_awaited", "waiting")]


async def test_an_older_adbots_owner_is_read_from_the_read_model(service: Service[Context]) -> None:
    account = await opened_account(service.engine)
    hook, (older, events) = await hook_of(service, account), delivered(account)
    for event in events:
        await service.remember(event)
    skipped = CycleSkipped(adbot=older, due_at=NOON, next_due=NOON, reason=SkipReason.OVERRUN)
    await service.act(StreamEvent(f"schedule-{older}", skipped))
    await service.act(awaited(older))
    assert await service.rows(MESSAGES) == [(hook, "adbot.seats_awaited", "waiting")]


async def test_an_unknown_owner_is_no_error_and_no_message(service: Service[Context]) -> None:
    await hook_of(service, await opened_account(service.engine))
    await service.act(awaited(AdbotId(uuid4())))
    assert await service.rows(MESSAGES) == []


async def test_nobody_is_told_of_old_events(
    service: Service[Context], monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await opened_account(service.engine)
    await hook_of(service, account)
    fresh, events = delivered(account)
    for event in events:
        await service.act(event)
    monkeypatch.setattr("services.gateway.hooks.reactions.STALE", timedelta(0))
    await service.act(awaited(fresh))
    assert await service.rows(MESSAGES) == []


async def test_a_suspended_account_is_told_nothing(service: Service[Context]) -> None:
    account = await opened_account(service.engine)
    hook, (fresh, events) = await hook_of(service, account), delivered(account)
    for event in events:
        await service.act(event)
    await service.act(awaited(fresh))

    async def suspend(unit: UnitOfWork) -> None:
        await unit.execute(ACCOUNT, account, Suspend(account, "spam"))

    await service.engine.run(suspend, CAUSES)
    await service.act(awaited(fresh))
    await service.engine.query(lambda sql: give_up_unwanted(sql, NOON))
    assert await service.rows(MESSAGES) == [(hook, "adbot.seats_awaited", "given_up")]
