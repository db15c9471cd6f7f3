"""What operators do to adbots, on real servers; refunds are in `test_term_rules.py`."""

from datetime import UTC, datetime, timedelta

import pytest

from libs.chassis.command_client import CommandClient
from libs.events.commands.provisioning import ExtendAdbot, RestoreAdbot, SuspendAdbot
from libs.events.provisioning import (
    AdbotExtended,
    AdbotProvisioned,
    AdbotRestored,
    AdbotSuspended,
    SeatFilled,
    SeatsAwaited,
    SeatsReleased,
)
from libs.eventsourcing import Causes, EventStream
from services.provisioning.adbot.domain import adbot_of
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.provisioning.harness import FakeService, ServiceHarness
from tests.integration.provisioning.publishing import (
    ORDERS,
    pay,
    service,
    sold_before,
)
from tests.support.signing import SIGNER

DAY = timedelta(days=1)
FIRST = adbot_of(ORDERS[0])


@pytest.fixture
def client(stream: EventStream, stream_prefix: str) -> CommandClient:
    return CommandClient(stream.nats, SIGNER, prefix=stream_prefix, timeout_seconds=DEADLINE_SECONDS)


def now() -> datetime:
    return datetime.now(UTC)


async def test_operators_extend_suspend_and_restore(harness: ServiceHarness, client: CommandClient) -> None:
    (adbot,) = await sold_before(harness, ORDERS[:1], now())
    admin = Causes.first("account:admin")
    async with service(harness):
        await client.send(ExtendAdbot(adbot=FIRST, days=3, reason="an outage"), admin)
        for _ in range(2):
            await client.send(SuspendAdbot(adbot=FIRST, reason="spam"), admin)
        for _ in range(2):
            await client.send(RestoreAdbot(adbot=FIRST), admin)
    (extended,) = await harness.events_of(AdbotExtended)
    (recorded,) = [it for it in await harness.recorded() if isinstance(it.event, AdbotSuspended)]
    (made,) = [it for it in await harness.recorded() if isinstance(it.event, AdbotProvisioned)]
    assert adbot.valid_until is not None
    assert (extended.order, extended.reason) == (None, "an outage")
    assert extended.valid_until == adbot.valid_until + 3 * DAY
    assert recorded.event == AdbotSuspended(adbot=FIRST, reason="spam")
    assert recorded.envelope.actor == "account:admin"
    assert recorded.envelope.correlation_id == made.envelope.correlation_id
    assert len(await harness.events_of(AdbotRestored)) == 1


async def test_a_suspension_for_good_gives_the_sessions_back_and_a_restored_adbot_waits_behind_others(
    harness: ServiceHarness, billing: FakeService, client: CommandClient
) -> None:
    await sold_before(harness, ORDERS[:1], now())
    admin = Causes.first("account:admin")
    async with service(harness):
        await pay(billing, ORDERS[1], 1)
        await harness.wait_for(SeatsAwaited)
        await client.send(SuspendAdbot(adbot=FIRST, reason="spam"), admin)
        assert await harness.events_of(SeatsReleased) == []
        for _ in range(2):
            command = SuspendAdbot(adbot=FIRST, reason="spam", release_sessions=True)
            await client.send(command, admin)
        (taken,) = await harness.wait_for(SeatFilled)
        await client.send(RestoreAdbot(adbot=FIRST), admin)
        (_, back) = await harness.wait_for(SeatFilled, 2)
        awaited = await harness.wait_for(SeatsAwaited, 2)
    assert [it.adbot for it in await harness.events_of(AdbotSuspended)] == [FIRST]
    assert [it.adbot for it in await harness.events_of(SeatsReleased)] == [FIRST]
    assert taken.adbot == adbot_of(ORDERS[1])
    assert back.adbot == FIRST
    assert awaited[1] == SeatsAwaited(adbot=FIRST, missing=1)
