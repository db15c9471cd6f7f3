"""From started adbots to due cycles, on real servers."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import pytest

from libs.chassis.command_client import CommandClient
from libs.events.commands.scheduler import SetAdvertisement, StartAdbot, StopAdbot
from libs.events.results import NotYetKnown
from libs.events.scheduler import AdbotStarted, AdbotStopped, AdvertisementSet, CycleDue, StopReason
from libs.events.values import (
    AdbotId,
    ChannelPost,
    Pacing,
)
from libs.eventsourcing import Causes, Refused
from services.scheduler.schedule.tables import LIMIT
from services.scheduler.schedule.timing import MOST_LATENESS
from tests.integration.provisioning.harness import FakeService, ServiceHarness
from tests.integration.scheduler.publishing import (
    ID,
    MINUTES_10,
    OWNER,
    A,
    B,
    finish,
    known,
    lose,
    provision,
    seat,
    service,
    set_and_start,
    start_in_the_past,
)
from tests.support.waiting import until

# -- commands


async def test_a_started_adbot_gets_its_first_cycle_at_once_correlated_with_its_order(
    harness: ServiceHarness, provisioning: FakeService, client: CommandClient
) -> None:
    too_many = SetAdvertisement(
        adbot=ID, account=OWNER, post="t.me/news/1", groups=("@aa1a", "@bbb2", "@ccc3")
    )
    async with service(harness, max_groups=2, delay_seconds=1.5, jitter_seconds=0.5):
        order = await provision(provisioning, A, B)
        await known(harness)
        with pytest.raises(Refused, match="too_many_groups"):
            await client.send(too_many, Causes.first("test"))
        with pytest.raises(NotYetKnown, match="unknown_adbot"):
            await client.send(StartAdbot(adbot=AdbotId(uuid4()), account=OWNER), Causes.first("test"))
        await set_and_start(client)
        (cycle,) = await harness.wait_for(CycleDue)
        await client.send(StopAdbot(adbot=ID, account=OWNER), Causes.first(f"account:{OWNER}"))
        recorded = {type(it.event): it.envelope for it in await harness.recorded()}
        started = (await harness.events_of(AdbotStarted))[0]
    raised_at = recorded[CycleDue].at
    due_at = started.anchor if raised_at - started.anchor <= MOST_LATENESS else raised_at
    assert cycle == CycleDue(
        cycle=cycle.cycle,
        adbot=ID,
        account=OWNER,
        number=1,
        due_at=due_at,
        next_due=due_at + MINUTES_10,
        post=ChannelPost(channel="@news", message=12),
        groups=("@bakers", "@millers/4"),
        seats=(A, B),
        pacing=Pacing(delay_seconds=1.5, jitter_seconds=0.5),
    )
    assert recorded.keys() >= {AdvertisementSet, AdbotStarted, CycleDue, AdbotStopped}
    assert {it.correlation_id for it in recorded.values()} == {order.correlation_id}
    assert recorded[CycleDue].causation_id == recorded[AdbotStarted].id
    assert recorded[AdbotStarted].actor == f"account:{OWNER}"
    assert recorded[CycleDue].at - started.anchor < MINUTES_10, "it waited for its interval"


# -- cycles


async def test_cycles_come_due_an_interval_apart_also_across_a_restart(
    harness: ServiceHarness, provisioning: FakeService, forwarder: FakeService, client: CommandClient
) -> None:
    async with service(harness):
        await provision(provisioning, A, interval=1)
        await known(harness)
        await set_and_start(client)
        for count in (1, 2):
            await finish(forwarder, (await harness.wait_for(CycleDue, count))[-1])
    seen = len(await harness.events_of(CycleDue))
    async with service(harness):
        cycles = await harness.wait_for(CycleDue, seen + 1)
    assert min(after.due_at - before.due_at for before, after in pairwise(cycles)) >= timedelta(seconds=1)
    assert [cycle.number for cycle in cycles] == list(range(1, len(cycles) + 1))
    assert len(await harness.events_of(AdbotStarted)) == 1
    assert await harness.events_of(AdbotStopped) == []


async def test_two_replicas_say_each_cycle_once(harness: ServiceHarness, provisioning: FakeService) -> None:
    adbots = [AdbotId(uuid4()) for _ in range(LIMIT + 20)]
    anchor = datetime.now(UTC) - timedelta(minutes=15)
    await start_in_the_past(harness, adbots, anchor, 600)
    async with service(harness), service(harness):
        for adbot in adbots:
            await provision(provisioning, seat(), adbot=adbot)
        cycles = await harness.wait_for(CycleDue, len(adbots))

        async def nothing_due() -> bool:
            waiting = "select count(*) from schedules.schedules where wake_at <= now()"
            return bool(await harness.value(waiting) == 0)

        await until(nothing_due, why="all to be taken")
        cycles = await harness.events_of(CycleDue)
    assert sorted(cycle.adbot for cycle in cycles) == sorted(adbots)
    assert len({cycle.cycle for cycle in cycles}) == len(adbots)
    assert min(cycle.due_at for cycle in cycles) >= anchor + timedelta(minutes=15)


# -- stops by itself


async def test_an_adbot_without_any_seat_left_stops_within_seconds_because_of_the_last_loss(
    harness: ServiceHarness, provisioning: FakeService, client: CommandClient
) -> None:
    async with service(harness):
        await provision(provisioning, A, B)
        await known(harness)
        await set_and_start(client)
        await harness.wait_for(CycleDue)
        await lose(provisioning, A, B)
        (stopped,) = await harness.wait_for(AdbotStopped)
        causes: set[UUID] = {
            it.envelope.causation_id for it in await harness.recorded() if isinstance(it.event, AdbotStopped)
        }
        started = {it.envelope.id for it in await harness.recorded() if isinstance(it.event, AdbotStarted)}
    assert stopped.reason == StopReason.SEATLESS
    assert not causes & started
