"""What follows in the scheduler from commands, events and the passing of time: a whole service, no broker."""

from uuid import uuid4

import pytest

from libs.events.commands.scheduler import ChangeAdvertisement, SetAdvertisement, StartAdbot, StopAdbot
from libs.events.forwarder import AbortReason, CycleAborted, SourceBroken
from libs.events.provisioning import (
    AdbotExpired,
    AdbotRestored,
    AdbotSuspended,
    SeatFilled,
    SeatLost,
    SeatsReleased,
)
from libs.events.results import NotYetKnown
from libs.events.scheduler import AdbotStarted, AdvertisementSet, CycleSkipped, SkipReason, StopReason
from libs.events.values import AccountId, AdbotId, ChannelPost, Post, SessionLoss, TextPost
from libs.eventsourcing import Command, Refused
from libs.eventsourcing.testing import StreamEvent
from tests.integration.scheduler.acts import (
    ADVERTISE,
    ADVERTISED,
    DAY,
    MINUTE,
    NOON,
    POST,
    RUNNING,
    SEATLESS,
    SECOND,
    START,
    STARTED,
    STOP,
    STRANGER,
    Scheduler,
    comes_due,
    latest,
    of,
    over,
    prepare,
    run,
    stopped,
)
from tests.integration.scheduler.publishing import ID, OWNER, A, B, extended

# -- commands


async def test_a_started_adbot_gets_its_first_cycle_at_once(scheduler: Scheduler) -> None:
    await scheduler.when(ADVERTISE, START).then(ADVERTISED, STARTED)
    await comes_due(scheduler, NOON, 1)


def advertise(post: str, *groups: str, account: AccountId = OWNER) -> SetAdvertisement:
    return SetAdvertisement(adbot=ID, account=account, post=post, groups=groups)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (StartAdbot(adbot=SEATLESS, account=OWNER), "no_seats"),
        (START, "no_post"),
        (advertise("https://t.me/news", "@bakers"), "malformed_post"),
        (advertise("t.me/news/1", "@bakers", "bad one", "@x"), "malformed_groups"),
        (advertise("t.me/news/1"), "no_groups"),
        (advertise("t.me/news/1", "@aaaa", "@bbbb", "@cccc"), "too_many_groups"),
    ],
)
async def test_a_refusal_says_what_is_wrong(scheduler: Scheduler, command: Command, code: str) -> None:
    await scheduler.when(command).then(refused=code)


async def test_an_adbot_that_was_not_heard_of_may_be_known_later(scheduler: Scheduler) -> None:
    with pytest.raises(NotYetKnown, match="unknown_adbot"):
        await scheduler.act(StartAdbot(adbot=AdbotId(uuid4()), account=OWNER))


@pytest.mark.parametrize(
    "command",
    [
        StartAdbot(adbot=ID, account=STRANGER),
        StopAdbot(adbot=ID, account=STRANGER),
        advertise("t.me/news/1", "@bakers", account=STRANGER),
    ],
)
async def test_an_adbot_of_somebody_else_is_unknown_and_stays_so(
    scheduler: Scheduler, command: Command
) -> None:
    with pytest.raises(Refused, match="unknown_adbot") as refused:
        await scheduler.act(command)
    assert type(refused.value) is Refused


async def test_the_refusal_of_groups_names_those_that_can_not_be_read(scheduler: Scheduler) -> None:
    with pytest.raises(Refused) as refused:
        await scheduler.act(advertise("t.me/news/1", "@bakers", "bad one", "@x"))
    assert "bad one" in refused.value.detail
    assert "@x" in refused.value.detail


async def test_a_group_that_is_named_twice_is_one(scheduler: Scheduler) -> None:
    post = ChannelPost(channel="@news", message=1)
    await scheduler.when(advertise("t.me/news/1", "@bakers", "@BAKERS", "t.me/bakers")).then(
        AdvertisementSet(adbot=ID, post=post, groups=("@bakers",))
    )


async def test_a_post_and_groups_are_set_one_after_the_other(scheduler: Scheduler) -> None:
    only_post = ChangeAdvertisement(adbot=ID, account=OWNER, post="https://t.me/news/12?single")
    only_groups = ChangeAdvertisement(adbot=ID, account=OWNER, groups=ADVERTISE.groups)
    await scheduler.when(only_groups).then(refused="no_post")
    await scheduler.when(only_post).then(ADVERTISED.model_copy(update={"groups": ()}))
    await scheduler.when(START).then(refused="no_groups")
    await scheduler.when(only_groups).then(ADVERTISED)
    await scheduler.when(only_groups.model_copy(update={"groups": ()})).then(refused="no_groups")


async def test_several_posts_are_sent_in_turn(scheduler: Scheduler) -> None:
    several = ADVERTISE.model_copy(update={"more_posts": ("A text", "t.me/other/7")})
    await prepare(scheduler, several, START)
    sent: list[Post] = []
    for number in range(4):
        await prepare(scheduler, NOON + number * 10 * MINUTE)
        cycle = await latest(scheduler)
        sent.append(cycle.post)
        await prepare(scheduler, over(cycle))
    assert sent == [POST, TextPost(text="A text"), ChannelPost(channel="@other", message=7), POST]


async def test_starting_and_stopping_twice_changes_nothing(scheduler: Scheduler) -> None:
    by_the_operator = StopAdbot(adbot=ID, account=None)
    await scheduler.when(ADVERTISE, START, ADVERTISE, START, by_the_operator, by_the_operator).then(
        ADVERTISED, STARTED, stopped(StopReason.REQUESTED), rows={RUNNING: []}
    )


# -- cycles


async def test_cycles_come_due_an_interval_apart(scheduler: Scheduler) -> None:
    cycle = await run(scheduler)
    for number in (2, 3):
        await prepare(scheduler, over(cycle))
        due = NOON + (number - 1) * 10 * MINUTE
        await scheduler.when(due - SECOND).then()
        cycle = await comes_due(scheduler, due, number)


async def test_a_stop_and_a_start_wait_for_the_interval_of_the_plan(scheduler: Scheduler) -> None:
    await prepare(scheduler, over(await run(scheduler)))
    for seconds in (1, 2, 3):
        now = NOON + seconds * SECOND
        again = AdbotStarted(adbot=ID, started_at=now, anchor=NOON + 10 * MINUTE, interval_seconds=600)
        await scheduler.when(now, STOP, ADVERTISE, START).then(stopped(StopReason.REQUESTED), again)
    await scheduler.when(NOON + 10 * MINUTE - SECOND).then()
    await comes_due(scheduler, NOON + 10 * MINUTE, 2)


async def test_due_times_missed_while_the_service_was_down_become_one_cycle(scheduler: Scheduler) -> None:
    anchor = NOON - 65 * MINUTE
    for event in (ADVERTISED, STARTED.model_copy(update={"started_at": anchor, "anchor": anchor})):
        await scheduler.remember(StreamEvent(f"schedule-{ID}", event))
    await comes_due(scheduler, NOON, 1)
    await scheduler.when().then(rows={"select next_due from schedules.schedules": [(NOON + 10 * MINUTE,)]})


async def test_a_cycle_that_still_runs_makes_due_ones_skipped_until_it_ends(scheduler: Scheduler) -> None:
    first = await run(scheduler)
    for number in (1, 2):
        due = NOON + number * 10 * MINUTE
        skipped = CycleSkipped(adbot=ID, due_at=due, next_due=due + 10 * MINUTE, reason=SkipReason.OVERRUN)
        await scheduler.when(due + 7 * SECOND).then(skipped)  # nothing is late in a skip
    aborted = CycleAborted(
        cycle=first.cycle, adbot=ID, reason=AbortReason.NO_SEATS, counts={}, started_at=NOON
    )
    await prepare(scheduler, StreamEvent(f"cycle-{first.cycle}", aborted))
    await comes_due(scheduler, NOON + 30 * MINUTE, 2)


# -- stops by itself


async def test_an_adbot_stops_when_its_plan_ends(scheduler: Scheduler) -> None:
    await run(scheduler)
    await prepare(scheduler, NOON + SECOND)
    await scheduler.when(of(AdbotExpired(adbot=ID))).then(stopped(StopReason.EXPIRED), rows={RUNNING: []})
    await scheduler.when(START).then(refused="adbot_expired")


async def test_an_adbot_stops_when_its_post_is_gone(scheduler: Scheduler) -> None:
    cycle = await run(scheduler)
    broken = SourceBroken(cycle=cycle.cycle, adbot=ID, error="MESSAGE_ID_INVALID")
    await scheduler.when(StreamEvent(f"cycle-{cycle.cycle}", broken)).then(
        stopped(StopReason.SOURCE_BROKEN, "MESSAGE_ID_INVALID")
    )


async def test_an_adbot_without_any_seat_left_stops_a_second_later(scheduler: Scheduler) -> None:
    await run(scheduler)
    lost = SeatLost(adbot=ID, session=A.session, loss=SessionLoss.BANNED)
    await scheduler.when(of(lost)).then()
    await scheduler.when(NOON + SECOND).then(stopped(StopReason.SEATLESS))


async def test_an_adbot_whose_lost_seat_is_filled_again_goes_on(scheduler: Scheduler) -> None:
    await run(scheduler)
    lost = SeatLost(adbot=ID, session=A.session, loss=SessionLoss.BANNED)
    filled = SeatFilled(adbot=ID, seat=B, valid_from=NOON, valid_until=NOON + 30 * DAY)
    looks = "select look_at from schedules.schedules"
    await scheduler.when(of(lost), of(filled)).then(rows={looks: [(NOON + SECOND,)]})
    await scheduler.when(NOON + SECOND).then(rows={looks: [(None,)]})


# -- suspended, extended, and with other seats


async def test_a_suspended_adbot_stops_and_can_not_be_started_until_it_is_restored(
    scheduler: Scheduler,
) -> None:
    await run(scheduler)  # nobody says that its cycle is over
    later = NOON + MINUTE
    await prepare(scheduler, later)
    await scheduler.when(of(AdbotSuspended(adbot=ID, reason="spam"))).then(stopped(StopReason.SUSPENDED))
    await scheduler.when(START).then(refused="adbot_suspended")
    await scheduler.when(of(AdbotRestored(adbot=ID))).then()
    await scheduler.when(START).then(
        AdbotStarted(adbot=ID, started_at=later, anchor=NOON + 10 * MINUTE, interval_seconds=600)
    )


async def test_an_expired_adbot_that_was_extended_is_not_started_by_that_but_may_be(
    scheduler: Scheduler,
) -> None:
    await run(scheduler)
    later = NOON + MINUTE
    await prepare(scheduler, later, of(AdbotExpired(adbot=ID)))
    await scheduler.when(START).then(refused="adbot_expired")
    await scheduler.when(of(extended(later + DAY))).then()
    await scheduler.when(START).then(
        AdbotStarted(adbot=ID, started_at=later, anchor=NOON + 10 * MINUTE, interval_seconds=600)
    )
    await comes_due(scheduler, NOON + 10 * MINUTE, 2)


async def test_an_adbot_whose_sessions_are_others_by_now_waits_for_a_new_one_of_its_own(
    scheduler: Scheduler,
) -> None:
    await run(scheduler)
    later = NOON + MINUTE
    await prepare(
        scheduler,
        later,
        of(AdbotExpired(adbot=ID)),
        of(SeatsReleased(adbot=ID)),
        of(extended(None)),
    )
    await scheduler.when(START).then(refused="no_seats")
    await prepare(
        scheduler, of(SeatFilled(adbot=ID, seat=B, valid_from=later, valid_until=later + DAY)), START
    )
    await comes_due(scheduler, NOON + 10 * MINUTE, 2, seats=(B,))


async def test_an_adbot_that_is_extended_while_it_runs_goes_on_in_its_cadence(scheduler: Scheduler) -> None:
    cycle = await run(scheduler)
    end = NOON + 15 * MINUTE
    await scheduler.when(of(extended(end)), of(extended(end + DAY))).then()
    for number in (2, 3):
        await prepare(scheduler, over(cycle))
        cycle = await comes_due(scheduler, NOON + (number - 1) * 10 * MINUTE, number)
    await scheduler.when(end + DAY).then(stopped(StopReason.EXPIRED))
