"""Schedules of adbots that are suspended, extended, or lose their seats with their plan; on real servers."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest

from libs.chassis.command_client import CommandClient
from libs.events.provisioning import (
    AdbotExpired,
    AdbotExtended,
    AdbotRestored,
    AdbotSuspended,
    SeatFilled,
    SeatsReleased,
)
from libs.events.scheduler import AdbotStarted, AdbotStopped, CycleDue, StartAdbot, StopReason
from libs.eventsourcing import Causes, Event, Refused
from tests.integration.provisioning.neighbours import Neighbour, World
from tests.integration.scheduler.saying import (
    ID,
    OWNER,
    A,
    B,
    finish,
    known,
    provision,
    service,
    set_and_start,
    start_in_the_past,
)
from tests.support.waiting import until

START = StartAdbot(adbot=ID, account=OWNER)
SUSPENDED = AdbotSuspended(adbot=ID, reason="spam")


def extended(until: datetime | None) -> AdbotExtended:
    return AdbotExtended(
        adbot=ID,
        account=OWNER,
        order=None,
        days=1,
        reason="an outage",
        valid_from=None if until is None else until - timedelta(days=1),
        valid_until=until,
    )


async def say(provisioning: Neighbour, *events: Event) -> None:
    await provisioning.say(f"adbot-{ID}", *events)


async def holds(world: World, question: str, *arguments: object) -> None:
    """Wait until the service's tables say so."""

    async def so() -> bool:
        return bool(await world.value(question, *arguments))

    await until(so, why=question)


async def refusal(client: CommandClient) -> str:
    with pytest.raises(Refused) as refused:
        await client.send(START, Causes.first("test"))
    return refused.value.code


async def test_a_suspended_adbot_stops_and_can_not_be_started_until_it_is_restored(
    world: World, provisioning: Neighbour, client: CommandClient
) -> None:
    async with service(world):
        await provision(provisioning, A)
        await known(world)
        await set_and_start(client)
        await world.says(CycleDue)  # nobody says that it is over
        await say(provisioning, SUSPENDED)
        (stopped,) = await world.says(AdbotStopped)
        await holds(world, "select suspended from adbots.adbots")
        assert await refusal(client) == "adbot_suspended"
        await say(provisioning, AdbotRestored(adbot=ID))
        await holds(world, "select not suspended from adbots.adbots")
        assert len(await world.said(AdbotStarted)) == 1
        await client.send(START, Causes.first("test"))
    assert stopped.reason == StopReason.SUSPENDED
    assert len(await world.said(AdbotStarted)) == 2


async def test_an_expired_adbot_that_was_extended_is_not_started_by_that_but_may_be(
    world: World, provisioning: Neighbour, client: CommandClient
) -> None:
    async with service(world):
        await provision(provisioning, A, interval=2)
        await known(world)
        await set_and_start(client)
        await world.says(CycleDue)
        await say(provisioning, AdbotExpired(adbot=ID))
        await world.says(AdbotStopped)
        await holds(world, "select expired from adbots.adbots")
        assert await refusal(client) == "adbot_expired"
        await say(provisioning, extended(datetime.now(UTC) + timedelta(days=1)))
        await holds(world, "select not expired from adbots.adbots")
        assert len(await world.said(AdbotStarted)) == 1
        await client.send(START, Causes.first("test"))
        await world.says(CycleDue, 2)
    assert len(await world.said(AdbotStarted)) == 2


async def test_an_adbot_whose_sessions_are_others_by_now_waits_for_a_new_one_of_its_own(
    world: World, provisioning: Neighbour, client: CommandClient
) -> None:
    now = datetime.now(UTC)
    filled = SeatFilled(adbot=ID, seat=B, valid_from=now, valid_until=now + timedelta(days=1))
    async with service(world):
        await provision(provisioning, A, interval=2)
        await known(world)
        await set_and_start(client)
        await world.says(CycleDue)
        await say(provisioning, AdbotExpired(adbot=ID))
        await say(provisioning, SeatsReleased(adbot=ID))
        await say(provisioning, extended(None))
        await world.says(AdbotStopped)
        await holds(world, "select not expired and valid_until is null from adbots.adbots")
        assert await refusal(client) == "no_seats"
        await say(provisioning, filled)
        await holds(world, "select valid_until is not null from adbots.adbots")
        await client.send(START, Causes.first("test"))
        cycles = await world.says(CycleDue, 2)
    assert [cycle.seats for cycle in cycles] == [(A,), (B,)]


async def test_an_adbot_that_is_extended_while_it_runs_goes_on_in_its_cadence(
    world: World, provisioning: Neighbour, forwarder: Neighbour, client: CommandClient
) -> None:
    async with service(world):
        await provision(provisioning, A, interval=1)
        await known(world)
        await set_and_start(client)
        (first,) = await world.says(CycleDue)
        end = datetime.now(UTC) + timedelta(seconds=3)
        # its end is near only now that all is up, and moved in the same breath: no slow machine comes between
        await say(provisioning, extended(end), extended(end + timedelta(days=1)))
        await holds(world, "select valid_until = $1 from adbots.adbots", end + timedelta(days=1))
        await finish(forwarder, first)
        count = 2
        while (latest := (await world.says(CycleDue, count))[-1]).due_at <= end:
            await finish(forwarder, latest)
            count += 1
    cycles = await world.said(CycleDue)
    assert min(after.due_at - before.due_at for before, after in pairwise(cycles)) >= timedelta(seconds=1)
    assert len(await world.said(AdbotStarted)) == 1
    assert await world.said(AdbotStopped) == []


async def test_an_adbot_that_was_started_after_its_suspension_was_said_is_looked_at_again(
    world: World, provisioning: Neighbour
) -> None:
    anchor = datetime.now(UTC) + timedelta(hours=1)  # as where this machine's clock is ahead
    await start_in_the_past(world, [ID], anchor, 600)
    async with service(world):
        await provision(provisioning, A)
        await known(world)
        await say(provisioning, SUSPENDED)
        (stopped,) = await world.says(AdbotStopped)
        causes: set[UUID] = {
            it.envelope.causation_id for it in await world.recorded() if isinstance(it.event, AdbotStopped)
        }
        started = {it.envelope.id for it in await world.recorded() if isinstance(it.event, AdbotStarted)}
    assert stopped.reason == StopReason.SUSPENDED
    assert not causes & started


async def test_what_was_suspended_and_restored_while_the_service_was_down_is_stopped_and_startable(
    world: World, provisioning: Neighbour, client: CommandClient
) -> None:
    async with service(world):
        await provision(provisioning, A, interval=2)
        await known(world)
        await set_and_start(client)
        await world.says(CycleDue)
    await say(provisioning, SUSPENDED)
    await say(provisioning, AdbotRestored(adbot=ID))
    async with service(world):
        (stopped,) = await world.says(AdbotStopped)
        await client.send(START, Causes.first("test"))
        await world.says(CycleDue, 2)
    assert stopped.reason == StopReason.SUSPENDED
