"""`adrelay events strip-addresses`: nothing is lost that only events have, and nothing is left behind."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import asyncpg
import nats
import pytest_asyncio

from adrelay.commands.events.tables.folded import tables_of
from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from adrelay.system import SERVICES
from libs.chassis.broker import event_stream
from libs.events.billing import OrderPlaced
from libs.events.catalogue import published
from libs.events.gateway import MailGivenUp
from libs.events.values import AccountId, NotificationId
from libs.eventsourcing import Causes, Engine, Event
from libs.eventsourcing.values import utc_now
from services.gateway.personal.addresses import TABLES
from tests.integration.events_cli.conftest import EventsHarness
from tests.integration.events_cli.program import ran
from tests.integration.gateway.fake_services import append
from tests.support.databases import fresh_database
from tests.support.everywhere import tables_with
from tests.support.plans import BRONZE

EMAIL = "earlier@example.org"
_DEAD_LETTER = """
insert into engine.parked (reader, source, xid, position, stream, envelope, error)
values ('reactions', 'billing', 1, 1, 'order-1', jsonb_build_object(
    'type', 'OrderPlaced', 'data', jsonb_build_object('email', $1::text)), 'a test')
"""


@dataclass
class Updated:
    """Stores of all services with this version's tables, and an order's event of an earlier version."""

    settings: dict[str, str]
    databases: dict[str, str]
    account: AccountId

    async def execute(self, service: str, statement: str, *arguments: object) -> None:
        connection = await asyncpg.connect(self.databases[service])
        await connection.execute(statement, *arguments)
        await connection.close()


@pytest_asyncio.fixture(loop_scope="session")
async def updated(postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats) -> AsyncIterator[Updated]:
    prefix, account = f"t{uuid4().hex[:8]}", AccountId(uuid4())
    placed = OrderPlaced(
        order="HQADZ-STRIP1-AAAA",
        account=account,
        email=EMAIL,
        plan=BRONZE,
        coin="BTC",
        pay_by=utc_now() + timedelta(days=1),
    )
    async with AsyncExitStack() as stack:
        databases = {
            service: await stack.enter_async_context(fresh_database(postgres_server, service))
            for service in SERVICES
        }
        given_up = MailGivenUp(
            notification=NotificationId(uuid4()), account=account, reason=f"550 <{EMAIL}>: unknown"
        )
        later = placed.model_copy(update={"order": "HQADZ-STRIP2-AAAA", "email": None})
        for order in (placed, later):
            await happened("billing", databases["billing"], f"order-{order.order}", order)
        await happened("gateway", databases["gateway"], f"inbox-{account}", given_up)
        settings = {f"ADRELAY_{name.upper()}_POSTGRES_URL": url for name, url in databases.items()}
        settings |= {"ADRELAY_NATS_URL": nats_server.url, "ADRELAY_NATS_PREFIX": prefix}
        yield Updated(settings, databases, account)
        client = await nats.connect(nats_server.url)
        await client.jetstream().delete_stream(event_stream(client, prefix=prefix).name)
        await client.close()


async def happened(service: str, database: str, stream: str, event: Event) -> None:
    engine = Engine(service, database, published(), state_tables=tables_of(service, database).state_tables)
    await engine.start(pool_size=1, read_models=False)
    await engine.run(lambda unit: append(unit, stream, event), Causes.first("a test"))
    await engine.stop()


async def test_no_address_is_removed_that_the_gateway_does_not_know_yet(updated: Updated) -> None:
    await updated.execute("gateway", TABLES)
    name = "insert into personal.addresses values ($1, $2, $2, now())"
    for known in ("", EMAIL):
        refused = await ran(updated.settings, "strip-addresses", "--yes")
        assert refused.code == 2
        assert str(updated.account) in refused.err
        assert await tables_with(updated.databases["billing"], EMAIL) == ["engine.events"]
        await updated.execute("gateway", "delete from personal.addresses")
        await updated.execute("gateway", name, updated.account, known)
    await updated.execute("gateway", _DEAD_LETTER, EMAIL)
    stripped = await ran(updated.settings, "strip-addresses", "--yes", "--json")
    assert stripped.code == 0, stripped.err
    counts = {one["service"]: (one["events"], one["dead_letters"]) for one in stripped.document}
    assert (counts["billing"], counts["gateway"]) == ((1, 0), (1, 1))
    assert await tables_with(updated.databases["billing"], EMAIL) == []
    assert await tables_with(updated.databases["gateway"], EMAIL) == ["personal.addresses"]


async def test_nothing_is_removed_before_the_services_have_migrated_their_tables(
    harness: EventsHarness,
) -> None:
    refused = await ran(harness.settings, "strip-addresses", "--yes")
    assert refused.code == 2
    assert "start billing with this version first" in refused.err
