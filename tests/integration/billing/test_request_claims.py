"""Claims on the request of an order's payment: each request may create a payment at the provider."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest_asyncio

from libs.events.catalogue import published
from libs.events.values import OrderNumber
from libs.eventsourcing import Causes, Engine
from libs.eventsourcing.values import utc_now
from services.billing.order.commands import Place
from services.billing.order.domain import ORDER
from services.billing.order.tables import claim_next_request
from services.billing.registry import REGISTRY
from tests.integration.billing.harness import ACCOUNT, NUMBER
from tests.support.plans import BRONZE

LEASE = timedelta(seconds=6)
SECOND = timedelta(seconds=1)


@pytest_asyncio.fixture(loop_scope="session")
async def engine(database: str) -> AsyncIterator[Engine]:
    """Billing's engine, with an order whose payment must be requested."""
    engine = Engine("billing", database, published(), state_tables=REGISTRY.state_tables)
    await engine.start()
    place = Place(
        order=NUMBER,
        account=ACCOUNT,
        code=BRONZE.code,
        plan=BRONZE,
        coin="BTC",
        renews=None,
        pay_by=utc_now() + timedelta(days=1),
    )
    await engine.run(lambda unit: unit.execute(ORDER, NUMBER, place), Causes.first("test"))
    yield engine
    await engine.stop()


async def test_a_request_is_claimed_by_one_process_until_its_lease_ends(engine: Engine) -> None:
    now = utc_now()

    async def claimed(after: timedelta) -> OrderNumber | None:
        return await engine.query(lambda sql: claim_next_request(sql, now + after, LEASE))

    assert await claimed(timedelta()) == NUMBER
    assert await claimed(SECOND) is None
    assert await claimed(LEASE - SECOND) is None
    assert await claimed(LEASE) == NUMBER
