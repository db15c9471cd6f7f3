"""A client says that a group is alive, and the scheduler passes it on."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.events.catalogue import published
from libs.events.commands.scheduler import ConfirmGroup
from libs.events.scheduler import GroupConfirmed
from libs.events.values import AccountId, Pacing
from libs.eventsourcing.testing import Service, StreamEvent, service_on
from services.scheduler.context import Context
from services.scheduler.registry import REGISTRY
from tests.integration.scheduler.publishing import ID, OWNER, A, provisioned
from tests.support.databases import fresh_database

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
STRANGER = AccountId(uuid4())
Scheduler = Service[Context]


@pytest_asyncio.fixture(loop_scope="session")
async def scheduler(postgres_server: EmbeddedPostgres) -> AsyncIterator[Scheduler]:
    """The service with an adbot."""
    context = Context(max_groups=2, pacing=Pacing(delay_seconds=1.5), cycle_timeout=timedelta(days=1))
    async with (
        fresh_database(postgres_server, "scheduler") as url,
        service_on(url, REGISTRY, published(), context, at=NOON) as service,
    ):
        await service.remember(StreamEvent(f"adbot-{ID}", provisioned(A, at=NOON)))
        yield service


@pytest.mark.parametrize("account", [OWNER, None])
async def test_a_group_is_confirmed_in_its_canonical_form(
    scheduler: Scheduler, account: AccountId | None
) -> None:
    confirm = ConfirmGroup(adbot=ID, account=account, group="https://t.me/Bakers/4")
    await scheduler.when(confirm).then(GroupConfirmed(adbot=ID, group="@bakers/4"))


@pytest.mark.parametrize(
    ("account", "group", "code"),
    [(STRANGER, "@bakers", "unknown_adbot"), (OWNER, "http://elsewhere", "malformed_groups")],
)
async def test_a_confirmation_is_refused_for_a_reason(
    scheduler: Scheduler, account: AccountId, group: str, code: str
) -> None:
    await scheduler.when(ConfirmGroup(adbot=ID, account=account, group=group)).then(refused=code)
