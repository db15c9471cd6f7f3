"""Decisions on schedules: advertisements, starts, stops, due cycles."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.events.catalogue import published
from libs.events.results import NotYetKnown
from libs.events.scheduler import (
    AdbotStarted,
    AdbotStopped,
    AdvertisementSet,
    CycleDue,
    CycleSkipped,
    SkipReason,
    StopReason,
)
from libs.events.values import (
    AccountId,
    AdbotId,
    ApplicationId,
    ChannelPost,
    CycleId,
    Pacing,
    Seat,
    SessionId,
)
from libs.eventsourcing import ImpossibleEvent, Refused
from libs.eventsourcing.testing import scenarios
from libs.telegram_links.posts import parse_post
from services.scheduler.schedule.adbot import Adbot
from services.scheduler.schedule.commands import (
    ChangeAdvertisement,
    Command,
    EndUnfit,
    EndWithSource,
    RunDue,
    SetAdvertisement,
    Start,
    Stop,
)
from services.scheduler.schedule.domain import SCHEDULE
from services.scheduler.schedule.groups import parse_groups
from services.scheduler.schedule.limits import Limits
from services.scheduler.schedule.state import evolve
from services.scheduler.schedule.timing import MOST_LATENESS

schedule = scenarios(SCHEDULE)

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CYCLE_TIMEOUT = timedelta(hours=24)
ID, OWNER, STRANGER = AdbotId(uuid4()), AccountId(uuid4()), AccountId(uuid4())
SEAT = Seat(session=SessionId(uuid4()), pair=ApplicationId(uuid4()))
ADBOT = Adbot(
    adbot=ID,
    account=OWNER,
    correlation_id=uuid4(),
    interval_seconds=600,
    seats=(SEAT,),
    valid_until=NOON + timedelta(days=30),
    expired=False,
    suspended=False,
    ended_cycle=None,
)
SUSPENDED = replace(ADBOT, suspended=True)
SEATLESS = replace(ADBOT, seats=())
PACING = Pacing(delay_seconds=10, jitter_seconds=3)
POST = ChannelPost(channel="@news", message=12)
FIRST, SECOND = CycleId(uuid4()), CycleId(uuid4())

SET = AdvertisementSet(adbot=ID, post=POST, groups=("@bakers", "@millers"))
STARTED = AdbotStarted(adbot=ID, started_at=NOON, anchor=NOON, interval_seconds=600)
STOPPED = AdbotStopped(adbot=ID, reason=StopReason.REQUESTED)
SKIPPED = CycleSkipped(
    adbot=ID, due_at=NOON + 10 * MINUTE, next_due=NOON + 20 * MINUTE, reason=SkipReason.OVERRUN
)


def set_to(post: str = "t.me/news/12", *groups: str, adbot: Adbot | None = ADBOT) -> SetAdvertisement:
    named = parse_groups(groups or ("@bakers", "@millers"), most=3)
    return SetAdvertisement(adbot, OWNER, parse_post(post), named, NOON)


def run_at(minutes: float, adbot: Adbot = ADBOT, cycle: CycleId = FIRST) -> RunDue:
    return RunDue(adbot, cycle, PACING, CYCLE_TIMEOUT, NOON + minutes * MINUTE)


def due(minutes: float, cycle: CycleId = FIRST, number: int = 1) -> CycleDue:
    return CycleDue(
        cycle=cycle,
        adbot=ID,
        account=OWNER,
        number=number,
        due_at=NOON + minutes * MINUTE,
        next_due=NOON + (minutes + 10) * MINUTE,
        post=POST,
        groups=("@bakers", "@millers"),
        seats=(SEAT,),
        pacing=PACING,
    )


def started(at: timedelta, anchor: timedelta) -> AdbotStarted:
    return AdbotStarted(adbot=ID, started_at=NOON + at, anchor=NOON + anchor, interval_seconds=600)


def stopped(reason: StopReason, detail: str = "") -> AdbotStopped:
    return AdbotStopped(adbot=ID, reason=reason, detail=detail)


# -- the advertisement


def test_an_advertisement_is_set_in_canonical_form() -> None:
    schedule.when(set_to("https://t.me/News/12", "@Bakers", "t.me/millers", "t.me/BAKERS")).then(SET)


def test_setting_the_same_advertisement_again_is_a_no_op() -> None:
    schedule.given(SET).when(set_to("t.me/news/12?single")).then()
    schedule.given(SET).when(set_to("t.me/news/13")).then(
        SET.model_copy(update={"post": ChannelPost(channel="@news", message=13)})
    )


def change(post: str | None, *groups: str, account: AccountId = OWNER) -> ChangeAdvertisement:
    named = parse_groups(groups) if groups else None
    return ChangeAdvertisement(ADBOT, account, parse_post(post) if post else None, named)


def test_a_post_may_be_set_before_the_groups_but_not_started() -> None:
    draft = SET.model_copy(update={"groups": ()})
    schedule.when(change("t.me/news/12")).then(draft)
    schedule.given(draft).when(change("t.me/news/12")).then()
    schedule.given(draft).when(Start(ADBOT, OWNER, NOON)).refused("no_groups")
    schedule.given(draft).when(change(None, "@bakers", "@millers")).then(SET)
    schedule.when(change(None, "@bakers")).refused("no_post")


def test_a_change_leaves_what_it_does_not_name() -> None:
    several = SET.model_copy(update={"more_posts": (parse_post("A text"),)})
    schedule.given(several).when(change("t.me/news/13")).then(
        SET.model_copy(update={"post": ChannelPost(channel="@news", message=13)})
    )
    schedule.given(several).when(change(None, "@bakers")).then(
        several.model_copy(update={"groups": ("@bakers",)})
    )
    schedule.given(several).when(replace(change(None), groups=())).refused("no_groups")


def test_a_change_is_checked_as_a_whole_advertisement_is() -> None:
    schedule.given(SET).when(change("t.me/c/4711/12")).refused("private_ids_not_allowed")
    few = replace(change(None, "@one_group", "@two_groups"), limits=Limits(max_groups=1))
    schedule.given(SET).when(few).refused("too_many_groups")
    schedule.given(SET).when(change("t.me/news/13", account=STRANGER)).refused("unknown_adbot")


def test_a_missing_adbot_or_another_clients_is_unknown() -> None:
    for unknown in (set_to(adbot=None), Start(None, OWNER, NOON), Stop(None, OWNER, NOON)):
        assert type(schedule.given(SET).when(unknown).refused("unknown_adbot")) is NotYetKnown
    others = (replace(set_to(), account=STRANGER), Start(ADBOT, STRANGER, NOON), Stop(ADBOT, STRANGER, NOON))
    for history in ((SET,), (SET, STARTED)):
        for command in others:
            assert type(schedule.given(*history).when(command).refused("unknown_adbot")) is Refused


# -- start and stop


def test_an_adbot_starts_at_once_with_the_interval_of_its_plan() -> None:
    schedule.given(SET).when(Start(ADBOT, OWNER, NOON)).then(STARTED)


def test_an_admin_may_start_and_stop_any_adbot() -> None:
    schedule.given(SET).when(Start(ADBOT, None, NOON)).then(STARTED)
    schedule.given(SET, STARTED).when(Stop(ADBOT, None, NOON)).then(STOPPED)


def test_a_running_adbot_is_not_started_again() -> None:
    schedule.given(SET, STARTED).when(Start(ADBOT, OWNER, NOON + MINUTE)).then()


def test_a_refused_start_names_what_is_missing() -> None:
    schedule.when(Start(ADBOT, OWNER, NOON)).refused("no_post")
    schedule.given(SET.model_copy(update={"groups": ()})).when(Start(ADBOT, OWNER, NOON)).refused("no_groups")
    schedule.given(SET).when(Start(SEATLESS, OWNER, NOON)).refused("no_seats")
    schedule.given(SET).when(Start(replace(ADBOT, expired=True), OWNER, NOON)).refused("adbot_expired")


def test_an_adbot_does_not_start_after_its_end_also_before_the_expiry_is_received() -> None:
    schedule.given(SET).when(Start(ADBOT, OWNER, NOON + timedelta(days=30))).refused("adbot_expired")


def test_a_stopped_adbot_is_not_stopped_again() -> None:
    schedule.given(SET, STARTED).when(Stop(ADBOT, OWNER, NOON)).then(STOPPED)
    schedule.given(SET, STARTED, STOPPED).when(Stop(ADBOT, OWNER, NOON)).then()
    schedule.when(Stop(ADBOT, OWNER, NOON)).then()


@pytest.mark.parametrize("reason", [StopReason.EXPIRED, StopReason.SUSPENDED])
def test_an_adbot_stops_when_its_plan_ends_or_it_is_suspended(reason: StopReason) -> None:
    end = EndUnfit(reason, NOON, NOON)
    schedule.given(SET, STARTED).when(end).then(stopped(reason))
    schedule.given(SET, STARTED, due(0)).when(EndUnfit(reason, NOON + MINUTE, NOON)).then(stopped(reason))
    schedule.given(SET, STARTED, STOPPED).when(end).then()
    schedule.when(end).then()


def test_an_adbot_started_after_a_suspension_that_is_received_late_goes_on() -> None:
    again = started(MINUTE, MINUTE)
    late = EndUnfit(StopReason.SUSPENDED, NOON, NOON + 2 * MINUTE)
    schedule.given(SET, STARTED, STOPPED, again).when(late).then()


def test_a_suspended_adbot_is_not_started_until_it_is_restored() -> None:
    schedule.given(SET).when(Start(SUSPENDED, OWNER, NOON)).refused("adbot_suspended")
    expired = replace(SUSPENDED, expired=True, seats=())
    schedule.given(SET).when(Start(expired, None, NOON)).refused("adbot_suspended")
    schedule.given(SET).when(Start(ADBOT, OWNER, NOON)).then(STARTED)


def test_an_adbot_that_was_extended_may_be_started_again() -> None:
    late = NOON + timedelta(days=31)
    extended = replace(ADBOT, valid_until=late + timedelta(days=30))
    again = started(late - NOON, late - NOON)
    schedule.given(SET, STARTED, stopped(StopReason.EXPIRED)).when(Start(extended, OWNER, late)).then(again)


def test_an_adbot_stops_when_its_post_no_longer_exists() -> None:
    schedule.given(SET, STARTED, due(0)).when(EndWithSource(FIRST, "MESSAGE_ID_INVALID", NOON)).then(
        stopped(StopReason.SOURCE_BROKEN, "MESSAGE_ID_INVALID")
    )


def test_a_broken_post_of_an_earlier_run_does_not_stop_the_adbot() -> None:
    again = STARTED.model_copy(update={"anchor": NOON + MINUTE})
    broken = EndWithSource(FIRST, "MESSAGE_ID_INVALID", NOON)
    schedule.given(SET, STARTED, due(0), STOPPED, again).when(broken).then()
    schedule.given(SET, STARTED, due(0), STOPPED).when(broken).then()
    schedule.when(broken).then()


# -- what comes due


def test_the_first_cycle_is_due_at_once() -> None:
    schedule.given(SET, STARTED).when(run_at(0)).then(due(0))


def test_a_due_time_is_handled_once() -> None:
    schedule.given(SET, STARTED, due(0)).when(run_at(0), run_at(9.9, cycle=SECOND)).then()


def test_the_timers_delays_do_not_accumulate() -> None:
    ended = replace(ADBOT, ended_cycle=FIRST)
    schedule.given(SET, STARTED).when(run_at(1 / 60)).then(due(0))
    schedule.given(SET, STARTED, due(0)).when(run_at(10 + 1 / 60, ended, SECOND)).then(due(10, SECOND, 2))


def test_the_next_cycle_is_due_a_whole_interval_after_a_late_one() -> None:
    ended = replace(ADBOT, ended_cycle=FIRST)
    schedule.given(SET, STARTED).when(run_at(4), run_at(13.9, ended, SECOND)).then(due(4))
    schedule.given(SET, STARTED, due(4)).when(run_at(14, ended, SECOND)).then(due(14, SECOND, 2))


def test_due_times_missed_while_the_system_was_down_become_one_cycle() -> None:
    ended = replace(ADBOT, ended_cycle=FIRST)
    schedule.given(SET, STARTED, due(0)).when(run_at(57, ended, SECOND), run_at(66.9, ended)).then(
        due(57, SECOND, 2)
    )


def test_a_cycle_that_still_runs_makes_the_next_one_skipped() -> None:
    schedule.given(SET, STARTED, due(0)).when(run_at(10, cycle=SECOND), run_at(11, cycle=SECOND)).then(
        SKIPPED
    )


def test_cycles_are_numbered_on_after_a_skipped_one() -> None:
    ended = replace(ADBOT, ended_cycle=FIRST)
    schedule.given(SET, STARTED, due(0), SKIPPED).when(run_at(20, ended, SECOND)).then(due(20, SECOND, 2))


def test_a_cycle_that_never_ends_does_not_block_for_ever() -> None:
    schedule.given(SET, STARTED, due(0)).when(run_at(24 * 60, cycle=SECOND)).then(due(24 * 60, SECOND, 2))


def test_a_cycle_of_an_earlier_run_does_not_delay_the_first_of_a_new_one() -> None:
    again = started(MINUTE, 10 * MINUTE)
    schedule.given(SET, STARTED, due(0), STOPPED, again).when(run_at(10, cycle=SECOND)).then(
        due(10, SECOND, 2)
    )


def test_a_cycle_has_the_advertisement_that_is_set_at_its_due_time() -> None:
    changed = SET.model_copy(update={"groups": ("@brewers",)})
    other = Seat(session=SessionId(uuid4()), pair=SEAT.pair)
    adbot = replace(ADBOT, seats=(SEAT, other), ended_cycle=FIRST)
    schedule.given(SET, STARTED, due(0), changed).when(run_at(10, adbot, SECOND)).then(
        due(10, SECOND, 2).model_copy(update={"groups": ("@brewers",), "seats": (SEAT, other)})
    )


def test_an_adbot_that_lost_all_its_seats_stops_instead() -> None:
    schedule.given(SET, STARTED, due(0)).when(run_at(3, SEATLESS)).then(stopped(StopReason.SEATLESS))


def test_an_adbot_whose_plan_has_ended_stops_instead() -> None:
    expired = replace(ADBOT, expired=True)
    schedule.given(SET, STARTED).when(run_at(0, expired)).then(stopped(StopReason.EXPIRED))
    schedule.given(SET, STARTED).when(run_at(30 * 24 * 60)).then(stopped(StopReason.EXPIRED))


def test_an_adbot_that_is_suspended_stops_instead() -> None:
    schedule.given(SET, STARTED, due(0)).when(run_at(10, SUSPENDED)).then(stopped(StopReason.SUSPENDED))


def test_an_adbot_that_was_extended_while_it_ran_keeps_its_cadence() -> None:
    end = 30 * 24 * 60
    extended = replace(ADBOT, valid_until=NOON + timedelta(days=60), ended_cycle=FIRST)
    due_after = due(end + 10, SECOND, 2)
    schedule.given(SET, STARTED, due(end)).when(run_at(end + 10, extended, SECOND)).then(due_after)


def test_a_stopped_adbot_has_no_due_cycle() -> None:
    schedule.when(run_at(0)).then()
    schedule.given(SET).when(run_at(0)).then()
    schedule.given(SET, STARTED, STOPPED).when(run_at(0)).then()


def test_no_cycle_is_due_when_the_clock_was_set_back() -> None:
    schedule.given(SET, STARTED).when(run_at(-5)).then()
    schedule.given(SET, STARTED, due(0), due(10, SECOND, 2)).when(run_at(5)).then()


# -- the interval, whatever is done to the adbot


def test_a_restart_does_not_bring_the_next_cycle_forward() -> None:
    history = schedule.given(SET, STARTED, due(0), STOPPED)
    history.when(Start(ADBOT, OWNER, NOON + MINUTE)).then(started(MINUTE, 10 * MINUTE))
    history.when(Start(ADBOT, OWNER, NOON + 10 * MINUTE)).then(started(10 * MINUTE, 10 * MINUTE))
    history.when(Start(ADBOT, OWNER, NOON + 25 * MINUTE)).then(started(25 * MINUTE, 25 * MINUTE))


def test_a_run_without_a_cycle_does_not_shorten_the_interval() -> None:
    idle = started(MINUTE, 10 * MINUTE)
    again = Start(ADBOT, OWNER, NOON + 2 * MINUTE)
    schedule.given(SET, STARTED, due(0), STOPPED, idle, STOPPED).when(again).then(
        started(2 * MINUTE, 10 * MINUTE)
    )


def test_no_cycle_is_due_between_the_start_and_the_first_due_time() -> None:
    history = schedule.given(SET, STARTED, due(0), STOPPED, started(MINUTE, 10 * MINUTE))
    history.when(run_at(9.9, cycle=SECOND)).then()


def test_the_interval_of_the_current_plan_applies() -> None:
    slower = replace(ADBOT, interval_seconds=3600)
    anchor = AdbotStarted(
        adbot=ID, started_at=NOON + MINUTE, anchor=NOON + 60 * MINUTE, interval_seconds=3600
    )
    schedule.given(SET, STARTED, due(0), STOPPED).when(Start(slower, OWNER, NOON + MINUTE)).then(anchor)


def test_a_suspension_received_before_the_first_due_time_stops_the_run() -> None:
    waiting = schedule.given(SET, STARTED, due(0), STOPPED, started(MINUTE, 10 * MINUTE))
    suspended = EndUnfit(StopReason.SUSPENDED, NOON + 2 * MINUTE, NOON + 2 * MINUTE)
    waiting.when(suspended).then(stopped(StopReason.SUSPENDED))


def test_a_cycle_recorded_by_a_clock_far_ahead_does_not_block_the_adbot_for_ever() -> None:
    history = schedule.given(SET, STARTED, due(365 * 24 * 60), STOPPED)
    history.when(Start(ADBOT, OWNER, NOON)).then(started(timedelta(0), 10 * MINUTE))


def test_a_start_of_the_first_schema_is_upcast_to_its_anchor() -> None:
    old = published().decode(
        "AdbotStarted", 1, json.dumps({"adbot": str(ID), "anchor": NOON.isoformat(), "interval_seconds": 600})
    )
    assert old == STARTED


def test_a_cycle_of_the_first_schema_is_followed_by_one_an_interval_later() -> None:
    cycle, skipped = due(0).model_dump(mode="json"), SKIPPED.model_dump(mode="json")
    del cycle["next_due"], skipped["next_due"]
    old_cycle = published().decode("CycleDue", 1, json.dumps(cycle))
    old_skip = published().decode("CycleSkipped", 1, json.dumps(skipped))
    assert isinstance(old_cycle, CycleDue)
    assert isinstance(old_skip, CycleSkipped)
    ended = replace(ADBOT, ended_cycle=FIRST)
    for history in ((old_cycle,), (old_cycle, old_skip)):
        at = 10 * len(history)
        schedule.given(SET, STARTED, *history).when(run_at(at - 0.1, ended)).then()
        schedule.given(SET, STARTED, *history).when(run_at(at, ended, SECOND)).then(due(at, SECOND, 2))


def test_the_next_cycle_is_due_as_the_last_one_recorded_whatever_the_interval() -> None:
    sooner = due(0).model_copy(update={"next_due": NOON + 7 * MINUTE})
    ended = replace(ADBOT, ended_cycle=FIRST)
    schedule.given(SET, STARTED, sooner).when(run_at(7, ended, SECOND)).then(due(7, SECOND, 2))


acts = st.lists(
    st.tuples(
        st.sampled_from(["start", "stop", "look", "edit", "suspend", "expire", "lose", "slower"]),
        st.integers(min_value=0, max_value=2_000),
    ),
    max_size=40,
)


@given(acts=acts)
def test_no_sequence_brings_two_cycles_nearer_than_the_interval(acts: list[tuple[str, int]]) -> None:
    state = SCHEDULE.fold([SET])
    now, adbot = NOON, ADBOT
    raised: list[tuple[datetime, CycleDue, int]] = []
    for act, seconds in acts:
        now += timedelta(seconds=seconds)
        faster = 600 if adbot.interval_seconds == 1800 else 1800
        adbot = replace(adbot, interval_seconds=faster) if act == "slower" else adbot
        commands: dict[str, Command] = {
            "start": Start(adbot, OWNER, now),
            "stop": Stop(adbot, OWNER, now),
            "edit": replace(set_to(f"t.me/news/{seconds + 1}"), at=now),
            "suspend": EndUnfit(StopReason.SUSPENDED, now, now),
            "expire": EndUnfit(StopReason.EXPIRED, now, now),
            "lose": RunDue(replace(adbot, seats=()), FIRST, PACING, CYCLE_TIMEOUT, now),
        }
        for command in (*([commands[act]] if act in commands else []), _look(adbot, now, raised)):
            events = SCHEDULE.decide(command, state)
            state = SCHEDULE.fold(events, state)
            running = state.running if state else None
            raised += [
                (now, event, int(running.interval.total_seconds()))
                for event in events
                if isinstance(event, CycleDue) and running
            ]
    for (earlier, first, _), (later, second, interval) in pairwise(raised):
        assert second.due_at - first.due_at >= timedelta(seconds=interval)
        assert later - earlier >= timedelta(seconds=interval) - MOST_LATENESS


def _look(adbot: Adbot, now: datetime, raised: list[tuple[datetime, CycleDue, int]]) -> RunDue:
    last = raised[-1][1].cycle if raised else None
    return RunDue(replace(adbot, ended_cycle=last), CycleId(uuid4()), PACING, CYCLE_TIMEOUT, now)


@pytest.mark.parametrize(
    "event", [STOPPED, due(0), CycleSkipped(adbot=ID, due_at=NOON, reason=SkipReason.OVERRUN)]
)
def test_an_impossible_history_is_an_error(event: AdbotStopped | CycleDue | CycleSkipped) -> None:
    with pytest.raises(ImpossibleEvent):
        evolve(schedule.given(SET).state(), event)


def test_a_second_start_of_a_running_adbot_is_an_impossible_history() -> None:
    with pytest.raises(ImpossibleEvent):
        evolve(schedule.given(SET, STARTED).state(), STARTED)
