"""Which correlation id an event bears, on real servers: its adbot's order's, or that of its cause."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from libs.chassis.command_client import CommandClient
from libs.events.commands.provisioning import SuspendAdbot
from libs.events.provisioning import (
    AdbotExpired,
    AdbotExtended,
    AdbotProvisioned,
    AdbotSuspended,
    SeatFilled,
    SeatLost,
    SeatsAwaited,
    SeatsReleased,
    SessionAssigned,
    SessionLost,
    SessionReleased,
)
from libs.eventsourcing import Causes, Event, EventStream
from services.provisioning.adbot.domain import adbot_of
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.provisioning.harness import FakeService, ServiceHarness
from tests.integration.provisioning.publishing import (
    ORDERS,
    SESSIONS,
    die,
    import_pair,
    pay,
    refund,
    service,
    sold_before,
    stock_up,
)
from tests.support.signing import SIGNER

FIRST, SECOND = adbot_of(ORDERS[0]), adbot_of(ORDERS[1])


@pytest.fixture
def client(stream: EventStream, stream_prefix: str) -> CommandClient:
    return CommandClient(stream.nats, SIGNER, prefix=stream_prefix, timeout_seconds=DEADLINE_SECONDS)


async def correlations(harness: ServiceHarness, kinds: type[Event]) -> Sequence[UUID]:
    """Return the correlation ids of all events of a type, in order."""
    return [it.envelope.correlation_id for it in await harness.recorded() if isinstance(it.event, kinds)]


async def test_what_happens_to_an_adbot_bears_the_correlation_id_of_its_order_whoever_asks_for_it(
    harness: ServiceHarness, billing: FakeService, forwarder: FakeService, client: CommandClient
) -> None:
    async with service(harness):
        await import_pair(forwarder)
        await stock_up(harness, forwarder, *SESSIONS[:2])
        first = (await pay(billing, ORDERS[0])).correlation_id
        await harness.wait_for(AdbotProvisioned)
        second = (await pay(billing, ORDERS[1], 2)).correlation_id
        third = (await pay(billing, ORDERS[2], 1)).correlation_id
        await harness.wait_for(SeatsAwaited, 2)
        await die(forwarder, SESSIONS[0])
        await harness.wait_for(SeatLost)
        suspend = SuspendAdbot(adbot=FIRST, reason="spam", release_sessions=True)
        await client.send(suspend, Causes.first("admin"))
        await harness.wait_for(SeatFilled)
        await stock_up(harness, forwarder, *SESSIONS[2:4])
    assert await correlations(harness, SeatLost) == [first]
    assert first not in await correlations(harness, SessionLost), "a session is not of an order"
    for kind in (AdbotSuspended, SeatsReleased, SessionReleased):
        assert await correlations(harness, kind) == [first], kind
    assert await correlations(harness, SeatFilled) == [second, second, third]
    assert await correlations(harness, SessionAssigned) == [first, first, second, second, third]


async def test_a_renewal_and_its_refund_bear_the_correlation_id_of_the_renewing_order(
    harness: ServiceHarness, billing: FakeService
) -> None:
    await sold_before(harness, ORDERS[:1], datetime.now(UTC))
    async with service(harness):
        renewal = (await pay(billing, ORDERS[1], renews=FIRST)).correlation_id
        await harness.wait_for(AdbotExtended)
        refunded = (await refund(billing, ORDERS[1])).correlation_id
        await harness.wait_for(SessionReleased, 2)
    assert await correlations(harness, AdbotExtended) == [renewal]
    assert await correlations(harness, AdbotSuspended) == [refunded]
    assert await correlations(harness, SeatsReleased) == [refunded]
    assert await correlations(harness, SessionReleased) == [refunded] * 2


async def test_what_time_does_to_an_adbot_bears_the_correlation_id_of_its_order(
    harness: ServiceHarness, billing: FakeService
) -> None:
    await sold_before(harness, ORDERS[:1], datetime.now(UTC) - timedelta(days=2))
    async with service(harness, grace_days=3):
        await harness.wait_for(AdbotExpired)
        waiting = (await pay(billing, ORDERS[1])).correlation_id
        await harness.wait_for(SeatsAwaited)
    async with service(harness, grace_days=0.5):
        await harness.wait_for(SeatFilled, 2)
        recorded = await harness.recorded()
    releases = [it for it in recorded if isinstance(it.event, SeatsReleased | SessionReleased | SeatFilled)]
    assert len({it.envelope.cursor.xid for it in releases}) == 1, "free for a moment, and nobody's"
    provisioned = await correlations(harness, AdbotProvisioned)
    sold = provisioned[0]
    assert provisioned == [sold, waiting]
    assert await correlations(harness, SeatFilled) == [waiting, waiting]
    assert await correlations(harness, AdbotExpired) == [sold]
    assert await correlations(harness, SeatsReleased) == [sold]
    assert await correlations(harness, SessionReleased) == [sold] * 2
    assert await correlations(harness, SessionAssigned) == [sold, sold, waiting, waiting]
