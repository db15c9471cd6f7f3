"""Schedules of adbots that are suspended, extended, or lose their seats with their plan; on real servers."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from libs.chassis.command_client import CommandClient
from libs.events.commands.scheduler import StartAdbot
from libs.events.provisioning import (
    AdbotRestored,
    AdbotSuspended,
)
from libs.events.scheduler import AdbotStarted, AdbotStopped, CycleDue, StopReason
from libs.eventsourcing import Causes, Event
from tests.integration.provisioning.harness import FakeService, ServiceHarness
from tests.integration.scheduler.publishing import (
    ID,
    OWNER,
    A,
    known,
    provision,
    service,
    set_and_start,
    start_in_the_past,
)

START = StartAdbot(adbot=ID, account=OWNER)
SUSPENDED = AdbotSuspended(adbot=ID, reason="spam")


async def say(provisioning: FakeService, *events: Event) -> None:
    await provisioning.publish(f"adbot-{ID}", *events)


async def test_an_adbot_that_was_started_after_its_suspension_was_said_is_looked_at_again(
    harness: ServiceHarness, provisioning: FakeService
) -> None:
    anchor = datetime.now(UTC) + timedelta(hours=1)  # as where this machine's clock is ahead
    await start_in_the_past(harness, [ID], anchor, 600)
    async with service(harness):
        await provision(provisioning, A)
        await known(harness)
        await say(provisioning, SUSPENDED)
        (stopped,) = await harness.wait_for(AdbotStopped)
        causes: set[UUID] = {
            it.envelope.causation_id for it in await harness.recorded() if isinstance(it.event, AdbotStopped)
        }
        started = {it.envelope.id for it in await harness.recorded() if isinstance(it.event, AdbotStarted)}
    assert stopped.reason == StopReason.SUSPENDED
    assert not causes & started


async def test_what_was_suspended_and_restored_while_the_service_was_down_is_stopped_and_startable(
    harness: ServiceHarness, provisioning: FakeService, client: CommandClient
) -> None:
    async with service(harness):
        await provision(provisioning, A, interval=2)
        await known(harness)
        await set_and_start(client)
        await harness.wait_for(CycleDue)
    await say(provisioning, SUSPENDED)
    await say(provisioning, AdbotRestored(adbot=ID))
    async with service(harness):
        (stopped,) = await harness.wait_for(AdbotStopped)
        await client.send(START, Causes.first("test"))
        await harness.wait_for(CycleDue, 2)
    assert stopped.reason == StopReason.SUSPENDED
