"""From started adbots to due cycles, on real servers."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import pytest

from libs.chassis.command_client import CommandClient
from libs.events.forwarder import AbortReason, CycleAborted, SourceBroken
from libs.events.provisioning import AdbotExpired, SeatFilled, SeatLost
from libs.events.results import NotYetKnown
from libs.events.scheduler import (
    AdbotStarted,
    AdbotStopped,
    AdvertisementSet,
    CycleDue,
    CycleSkipped,
    SetAdvertisement,
    SkipReason,
    StartAdbot,
    StopAdbot,
    StopReason,
)
from libs.events.values import (
    AccountId,
    AdbotId,
    ChannelPost,
    Pacing,
    SessionLoss,
)
from libs.eventsourcing import Causes, Refused
from tests.integration.provisioning.neighbours import Neighbour, World, until
from tests.integration.scheduler.saying import (
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

# -- commands


async def test_a_started_adbot_gets_its_first_cycle_at_once_correlated_with_its_order(
    world: World, provisioning: Neighbour, client: CommandClient
) -> None:
    async with service(world, delay_seconds=1.5, jitter_seconds=0.5):
        order = await provision(provisioning, A, B)
        await known(world)
        await set_and_start(client)
        (cycle,) = await world.says(CycleDue)
        await client.send(StopAdbot(adbot=ID, account=OWNER), Causes.first(f"account:{OWNER}"))
        recorded = {type(it.event): it.envelope for it in await world.recorded()}
        started = (await world.said(AdbotStarted))[0]
    assert cycle == CycleDue(
        cycle=cycle.cycle,
        adbot=ID,
        account=OWNER,
        number=1,
        due_at=started.anchor,
        next_due=started.anchor + MINUTES_10,
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


async def test_each_refusal_says_what_is_wrong(
    world: World, provisioning: Neighbour, client: CommandClient
) -> None:
    causes = Causes.first("test")
    other, seatless = AdbotId(uuid4()), AdbotId(uuid4())

    async def refusal(command: SetAdvertisement | StartAdbot | StopAdbot) -> Refused:
        with pytest.raises(Refused) as refused:
            await client.send(command, causes)
        return refused.value

    def advertise(post: str, *groups: str, account: AccountId = OWNER) -> SetAdvertisement:
        return SetAdvertisement(adbot=ID, account=account, post=post, groups=groups)

    async with service(world, max_groups=2):
        await provision(provisioning, A)
        await provision(provisioning, adbot=seatless)
        await known(world, 2)
        stranger = AccountId(uuid4())
        start = StartAdbot(adbot=ID, account=OWNER)
        unheard_of = await refusal(StartAdbot(adbot=other, account=OWNER))
        assert (type(unheard_of), unheard_of.code) == (NotYetKnown, "unknown_adbot")
        others = await refusal(StartAdbot(adbot=ID, account=stranger))
        assert (type(others), others.code) == (Refused, "unknown_adbot")
        assert (await refusal(StopAdbot(adbot=ID, account=stranger))).code == "unknown_adbot"
        assert (await refusal(advertise("t.me/news/1", "@bakers", account=stranger))).code == "unknown_adbot"
        assert (await refusal(StartAdbot(adbot=seatless, account=OWNER))).code == "no_seats"
        assert (await refusal(start)).code == "no_post"
        assert (await refusal(advertise("https://t.me/news", "@bakers"))).code == "malformed_post"
        bad = await refusal(advertise("t.me/news/1", "@bakers", "bad one", "@x"))
        assert bad.code == "malformed_groups"
        assert "bad one" in bad.detail
        assert "@x" in bad.detail
        assert (await refusal(advertise("t.me/news/1"))).code == "no_groups"
        assert (await refusal(advertise("t.me/news/1", "@aaaa", "@bbbb", "@cccc"))).code == "too_many_groups"
        await client.send(advertise("t.me/news/1", "@bakers", "@BAKERS", "t.me/bakers"), causes)
        assert (await world.said(AdvertisementSet))[0].groups == ("@bakers",)
        await provisioning.say(f"adbot-{ID}", AdbotExpired(adbot=ID))

        async def expired() -> bool:
            return bool(await world.value("select expired from adbots.adbots where adbot = $1", ID))

        await until(expired, "the expiry to be known")
        assert (await refusal(start)).code == "adbot_expired"
        assert await world.said(AdbotStarted) == []


async def test_starting_and_stopping_twice_changes_nothing(
    world: World, provisioning: Neighbour, client: CommandClient
) -> None:
    async with service(world):
        await provision(provisioning, A)
        await known(world)
        await set_and_start(client)
        await set_and_start(client)
        for _ in range(2):
            await client.send(StopAdbot(adbot=ID, account=None), Causes.first("admin"))
    assert len(await world.said(AdbotStarted)) == 1
    assert [it.reason for it in await world.said(AdbotStopped)] == [StopReason.REQUESTED]
    assert await world.value("select count(*) from schedules.schedules") == 0


# -- cycles


async def test_cycles_come_due_an_interval_apart_also_across_a_restart(
    world: World, provisioning: Neighbour, forwarder: Neighbour, client: CommandClient
) -> None:
    async with service(world):
        await provision(provisioning, A, interval=1)
        await known(world)
        await set_and_start(client)
        for count in (1, 2):
            await finish(forwarder, (await world.says(CycleDue, count))[-1])
    seen = len(await world.said(CycleDue))
    async with service(world):
        cycles = await world.says(CycleDue, seen + 1)
    assert min(after.due_at - before.due_at for before, after in pairwise(cycles)) >= timedelta(seconds=1)
    assert [cycle.number for cycle in cycles] == list(range(1, len(cycles) + 1))
    assert len(await world.said(AdbotStarted)) == 1
    assert await world.said(AdbotStopped) == []


async def test_a_stop_and_a_start_wait_for_the_interval_of_the_plan(
    world: World, provisioning: Neighbour, forwarder: Neighbour, client: CommandClient
) -> None:
    async with service(world):
        await provision(provisioning, A, interval=2)
        await known(world)
        await set_and_start(client)
        (first,) = await world.says(CycleDue)
        await finish(forwarder, first)
        for _ in range(3):
            await client.send(StopAdbot(adbot=ID, account=OWNER), Causes.first("client"))
            await set_and_start(client)
        await world.says(CycleDue, 2)
        recorded = await world.recorded()
    starts = [it.event for it in recorded if isinstance(it.event, AdbotStarted)]
    assert {it.anchor for it in starts[1:]} == {first.due_at + timedelta(seconds=2)}
    raised = [it.envelope.at for it in recorded if isinstance(it.event, CycleDue)]
    assert raised[1] - raised[0] >= timedelta(seconds=1.8)


async def test_due_times_missed_while_the_service_was_down_become_one_cycle(
    world: World, provisioning: Neighbour
) -> None:
    anchor = datetime.now(UTC) - timedelta(minutes=65)
    await start_in_the_past(world, [ID], anchor, 600)
    async with service(world):
        await provision(provisioning, A)
        (cycle,) = await world.says(CycleDue)
        next_due = await world.value("select next_due from schedules.schedules")
    assert cycle.due_at >= anchor + timedelta(minutes=65)
    assert next_due == cycle.due_at + MINUTES_10
    assert len(await world.said(CycleDue)) == 1


async def test_a_cycle_that_still_runs_makes_due_ones_skipped_until_it_ends(
    world: World, provisioning: Neighbour, forwarder: Neighbour, client: CommandClient
) -> None:
    async with service(world):
        await provision(provisioning, A, interval=1)
        await known(world)
        await set_and_start(client)
        (first,) = await world.says(CycleDue)
        skipped = await world.says(CycleSkipped, 2)
        assert len(await world.said(CycleDue)) == 1
        aborted = CycleAborted(
            cycle=first.cycle,
            adbot=ID,
            reason=AbortReason.NO_SEATS,
            counts={},
            started_at=first.due_at,
        )
        await forwarder.say(f"cycle-{first.cycle}", aborted)
        second = (await world.says(CycleDue, 2))[1]
    assert [it.reason for it in skipped[:2]] == [SkipReason.OVERRUN] * 2
    offsets = [(it.due_at - first.due_at).total_seconds() for it in skipped]  # nothing is late in a skip
    assert offsets == sorted({float(round(offset)) for offset in offsets})
    assert offsets[0] >= 1
    assert second.number == 2
    assert second.due_at not in {it.due_at for it in skipped}


async def test_two_replicas_say_each_cycle_once(world: World, provisioning: Neighbour) -> None:
    adbots = [AdbotId(uuid4()) for _ in range(250)]
    anchor = datetime.now(UTC) - timedelta(minutes=15)
    await start_in_the_past(world, adbots, anchor, 600)
    async with service(world), service(world):
        for adbot in adbots:
            await provision(provisioning, seat(), adbot=adbot)
        cycles = await world.says(CycleDue, len(adbots))

        async def nothing_due() -> bool:
            waiting = "select count(*) from schedules.schedules where wake_at <= now()"
            return bool(await world.value(waiting) == 0)

        await until(nothing_due, "all to be taken")
        cycles = await world.said(CycleDue)
    assert sorted(cycle.adbot for cycle in cycles) == sorted(adbots)
    assert len({cycle.cycle for cycle in cycles}) == len(adbots)
    assert min(cycle.due_at for cycle in cycles) >= anchor + timedelta(minutes=15)


# -- stops by itself


async def test_an_adbot_stops_when_its_plan_ends(
    world: World, provisioning: Neighbour, client: CommandClient
) -> None:
    async with service(world):
        await provision(provisioning, A)
        await known(world)
        await set_and_start(client)
        await provisioning.say(f"adbot-{ID}", AdbotExpired(adbot=ID))
        (stopped,) = await world.says(AdbotStopped)
    assert stopped.reason == StopReason.EXPIRED


async def test_an_adbot_stops_when_its_post_is_gone(
    world: World, provisioning: Neighbour, forwarder: Neighbour, client: CommandClient
) -> None:
    async with service(world):
        await provision(provisioning, A)
        await known(world)
        await set_and_start(client)
        (cycle,) = await world.says(CycleDue)
        broken = SourceBroken(cycle=cycle.cycle, adbot=ID, error="MESSAGE_ID_INVALID")
        await forwarder.say(f"cycle-{cycle.cycle}", broken)
        (stopped,) = await world.says(AdbotStopped)
    assert (stopped.reason, stopped.detail) == (StopReason.SOURCE_BROKEN, "MESSAGE_ID_INVALID")


async def test_an_adbot_without_any_seat_left_stops_within_seconds_because_of_the_last_loss(
    world: World, provisioning: Neighbour, client: CommandClient
) -> None:
    async with service(world):
        await provision(provisioning, A, B)
        await known(world)
        await set_and_start(client)
        await world.says(CycleDue)
        await lose(provisioning, A, B)
        (stopped,) = await world.says(AdbotStopped)
        causes: set[UUID] = {
            it.envelope.causation_id for it in await world.recorded() if isinstance(it.event, AdbotStopped)
        }
        started = {it.envelope.id for it in await world.recorded() if isinstance(it.event, AdbotStarted)}
    assert stopped.reason == StopReason.SEATLESS
    assert not causes & started


async def test_an_adbot_whose_lost_seat_is_filled_again_goes_on(
    world: World, provisioning: Neighbour, client: CommandClient
) -> None:
    now = datetime.now(UTC)
    filled = SeatFilled(adbot=ID, seat=B, valid_from=now, valid_until=now + timedelta(days=30))
    async with service(world):
        await provision(provisioning, A)
        await known(world)
        await set_and_start(client)
        await world.says(CycleDue)
        lost = SeatLost(adbot=ID, session=A.session, loss=SessionLoss.BANNED)
        await provisioning.say(f"adbot-{ID}", lost, filled)

        async def looked() -> bool:
            return bool(
                await world.value(
                    "select exists (select from adbots.adbot_seats where session = $1) and "
                    "exists (select from engine.checkpoints where reader = 'reactions' "
                    "and source = 'provisioning') and (select look_at is null from schedules.schedules)",
                    B.session,
                )
            )

        await until(looked, "the look after the loss")
    assert await world.said(AdbotStopped) == []
    assert await world.value("select count(*) from schedules.schedules") == 1
