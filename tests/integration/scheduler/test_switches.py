"""The operator pauses all adbots, and blocks groups and channels."""

from libs.chassis.command_client import CommandClient
from libs.events.commands.scheduler import (
    BlockSource,
    BlockTarget,
    PauseAll,
    ResumeAll,
    UnblockSource,
    UnblockTarget,
)
from libs.events.provisioning import SeatLost
from libs.events.scheduler import (
    AdbotStopped,
    AllPaused,
    AllResumed,
    CycleDue,
    CycleSkipped,
    SkipReason,
    SourceBlocked,
    StopReason,
    TargetBlocked,
)
from libs.events.values import SessionLoss
from libs.eventsourcing import Causes
from libs.eventsourcing.testing import StreamEvent
from services.scheduler.schedule.tables import take_waking
from tests.integration.provisioning.harness import FakeService, ServiceHarness
from tests.integration.scheduler.acts import (
    ADVERTISE,
    MINUTE,
    NOON,
    SECOND,
    START,
    STOP,
    Scheduler,
    comes_due,
    latest,
    of,
    over,
    prepare,
    run,
    stopped,
)
from tests.integration.scheduler.publishing import ID, A, known, provision, service, set_and_start

WHY = "their owner asked"
BLOCK = BlockTarget(target="https://t.me/BАKERS/7", reason=WHY)  # noqa: RUF001 - a Cyrillic letter
UNBLOCK = UnblockTarget(target="bakers", reason="fine")
BLOCK_NEWS = BlockSource(source="t.me/news/12", reason=WHY)
PAUSE, RESUME = PauseAll(reason="an outage"), ResumeAll(reason="over")


async def test_after_a_pause_there_is_one_cycle(scheduler: Scheduler) -> None:
    await prepare(scheduler, over(await run(scheduler)), NOON + MINUTE)
    await scheduler.when(PAUSE, PAUSE).then(AllPaused(reason="an outage"))
    for minutes in (10, 20, 37):
        await scheduler.when(NOON + minutes * MINUTE).then()
    await scheduler.when(RESUME).then(
        AllResumed(reason="over"), rows={"select count(*) from operations.paused": [(0,)]}
    )
    await comes_due(scheduler, NOON + 37 * MINUTE, 2)
    await scheduler.when(NOON + 46 * MINUTE).then()


async def test_an_adbot_without_a_seat_stops_during_a_pause(scheduler: Scheduler) -> None:
    await run(scheduler)
    await prepare(scheduler, PAUSE, of(SeatLost(adbot=ID, session=A.session, loss=SessionLoss.BANNED)))
    await scheduler.when(NOON + SECOND).then(stopped(StopReason.SEATLESS))


async def test_adbots_that_are_due_do_not_delay_checks_during_a_pause(scheduler: Scheduler) -> None:
    await prepare(scheduler, over(await run(scheduler)), PAUSE, NOON + 30 * MINUTE)
    assert await scheduler.engine.query(lambda sql: take_waking(sql, NOON + 30 * MINUTE)) == []
    await prepare(scheduler, of(SeatLost(adbot=ID, session=A.session, loss=SessionLoss.BANNED)))
    (waking,) = await scheduler.engine.query(lambda sql: take_waking(sql, NOON + 31 * MINUTE))
    assert waking.adbot == ID


async def test_a_start_during_a_pause_waits_for_its_end(scheduler: Scheduler) -> None:
    await prepare(scheduler, PAUSE, ADVERTISE, START)
    await scheduler.when(NOON + MINUTE).then()
    await prepare(scheduler, RESUME)
    await comes_due(scheduler, NOON + MINUTE, 1)


async def test_a_blocked_group_gets_no_further_post_until_it_is_unblocked(scheduler: Scheduler) -> None:
    cycle = await run(scheduler)
    await scheduler.when(BLOCK, BLOCK).then(TargetBlocked(target="@bakers", reason=WHY))
    await prepare(scheduler, over(cycle), NOON + 10 * MINUTE)
    cycle = await latest(scheduler)
    assert (cycle.number, cycle.groups) == (2, ("@millers/4",))
    await prepare(scheduler, over(cycle), UNBLOCK)
    await comes_due(scheduler, NOON + 20 * MINUTE, 3)


async def test_a_cycle_without_a_group_left_is_skipped_and_the_adbot_goes_on(scheduler: Scheduler) -> None:
    await prepare(scheduler, over(await run(scheduler)), BLOCK)
    await prepare(scheduler, BlockTarget(target="@millers", reason=WHY))
    due = NOON + 10 * MINUTE
    skipped = CycleSkipped(
        adbot=ID, due_at=due, next_due=due + 10 * MINUTE, reason=SkipReason.TARGETS_BLOCKED
    )
    await scheduler.when(due).then(skipped)
    await prepare(scheduler, UnblockTarget(target="@millers", reason=WHY), UNBLOCK)
    await comes_due(scheduler, due + 10 * MINUTE, 2)


async def test_a_blocked_group_is_refused(scheduler: Scheduler) -> None:
    await prepare(scheduler, ADVERTISE, BLOCK)
    await scheduler.when(ADVERTISE).then(refused="blocked_targets")
    await scheduler.when(START).then(refused="blocked_targets")
    await scheduler.when(BlockTarget(target="@no", reason=WHY)).then(refused="malformed_target")


async def test_a_blocked_channel_stops_those_that_send_its_posts(scheduler: Scheduler) -> None:
    await run(scheduler)
    said = SourceBlocked(source="@news", reason=WHY)
    await scheduler.when(StreamEvent("operations-all", said)).then(said)
    await scheduler.when(BLOCK_NEWS).then()
    await scheduler.when(NOON).then(stopped(StopReason.SOURCE_BLOCKED, "@news"))
    await scheduler.when(ADVERTISE).then(refused="blocked_source")
    await scheduler.when(START).then(refused="blocked_source")
    await prepare(scheduler, UnblockSource(source="@news", reason="fine"), START, STOP)


async def test_a_stop_is_caused_by_the_block_of_the_channel(
    harness: ServiceHarness, provisioning: FakeService, client: CommandClient
) -> None:
    async with service(harness):
        await provision(provisioning, A)
        await known(harness)
        await set_and_start(client)
        await harness.wait_for(CycleDue)
        await client.send(BLOCK_NEWS, Causes.first("admin"))
        (found,) = await harness.wait_for(AdbotStopped)
    assert (found.reason, found.detail) == (StopReason.SOURCE_BLOCKED, "@news")
    because = {type(it.event): it.envelope for it in await harness.recorded()}
    assert because[AdbotStopped].causation_id == because[SourceBlocked].id
    assert because[AdbotStopped].correlation_id == because[CycleDue].correlation_id
