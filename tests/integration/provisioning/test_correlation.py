"""Which correlation id an event bears, on real servers: its adbot's order's, or that of its cause."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from libs.chassis.command_client import CommandClient
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
    SuspendAdbot,
)
from libs.eventsourcing import Causes, Event, EventStream
from services.provisioning.adbot.domain import adbot_of
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.provisioning.market import (
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
from tests.integration.provisioning.neighbours import Neighbour, World

FIRST, SECOND = adbot_of(ORDERS[0]), adbot_of(ORDERS[1])


@pytest.fixture
def client(stream: EventStream, stream_prefix: str) -> CommandClient:
    return CommandClient(stream.nats, prefix=stream_prefix, timeout_seconds=DEADLINE_SECONDS)


async def correlations(world: World, kinds: type[Event]) -> Sequence[UUID]:
    """Return the correlation ids of all events of a type, in order."""
    return [it.envelope.correlation_id for it in await world.recorded() if isinstance(it.event, kinds)]


async def test_what_happens_to_an_adbot_bears_the_correlation_id_of_its_order_whoever_asks_for_it(
    world: World, billing: Neighbour, forwarder: Neighbour, client: CommandClient
) -> None:
    async with service(world):
        await import_pair(forwarder)
        await stock_up(world, forwarder, *SESSIONS[:2])
        first = (await pay(billing, ORDERS[0])).correlation_id
        await world.says(AdbotProvisioned)
        second = (await pay(billing, ORDERS[1], 2)).correlation_id
        third = (await pay(billing, ORDERS[2], 1)).correlation_id
        await world.says(SeatsAwaited, 2)
        await die(forwarder, SESSIONS[0])
        await world.says(SeatLost)
        suspend = SuspendAdbot(adbot=FIRST, reason="spam", release_sessions=True)
        await client.send(suspend, Causes.first("admin"))
        await world.says(SeatFilled)
        await stock_up(world, forwarder, *SESSIONS[2:4])
    assert await correlations(world, SeatLost) == [first]
    assert first not in await correlations(world, SessionLost), "a session is not of an order"
    for kind in (AdbotSuspended, SeatsReleased, SessionReleased):
        assert await correlations(world, kind) == [first], kind
    assert await correlations(world, SeatFilled) == [second, second, third]
    assert await correlations(world, SessionAssigned) == [first, first, second, second, third]


async def test_a_renewal_and_its_refund_bear_the_correlation_id_of_the_renewing_order(
    world: World, billing: Neighbour
) -> None:
    await sold_before(world, ORDERS[:1], datetime.now(UTC))
    async with service(world):
        renewal = (await pay(billing, ORDERS[1], renews=FIRST)).correlation_id
        await world.says(AdbotExtended)
        refunded = (await refund(billing, ORDERS[1])).correlation_id
        await world.says(SessionReleased, 2)
    assert await correlations(world, AdbotExtended) == [renewal]
    assert await correlations(world, AdbotSuspended) == [refunded]
    assert await correlations(world, SeatsReleased) == [refunded]
    assert await correlations(world, SessionReleased) == [refunded] * 2


async def test_what_time_does_to_an_adbot_bears_the_correlation_id_of_its_order(
    world: World, billing: Neighbour
) -> None:
    await sold_before(world, ORDERS[:1], datetime.now(UTC) - timedelta(days=2))
    async with service(world, grace_days=3):
        await world.says(AdbotExpired)
        waiting = (await pay(billing, ORDERS[1])).correlation_id
        await world.says(SeatsAwaited)
    async with service(world, grace_days=0.5):
        await world.says(SeatFilled, 2)
        recorded = await world.recorded()
    releases = [it for it in recorded if isinstance(it.event, SeatsReleased | SessionReleased | SeatFilled)]
    assert len({it.envelope.cursor.xid for it in releases}) == 1, "free for a moment, and nobody's"
    provisioned = await correlations(world, AdbotProvisioned)
    sold = provisioned[0]
    assert provisioned == [sold, waiting]
    assert await correlations(world, SeatFilled) == [waiting, waiting]
    assert await correlations(world, AdbotExpired) == [sold]
    assert await correlations(world, SeatsReleased) == [sold]
    assert await correlations(world, SessionReleased) == [sold] * 2
    assert await correlations(world, SessionAssigned) == [sold, sold, waiting, waiting]
