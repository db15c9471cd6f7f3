"""Groups that are paused or spaced, and those of lists: which take part in a cycle."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from libs.events.commands.scheduler import WrittenGroupOption
from libs.events.scheduler import (
    AdbotStopped,
    AdvertisementSet,
    CycleDue,
    CycleSkipped,
    GroupListId,
    GroupOption,
    GroupOptionSet,
    SkipReason,
    StopReason,
)
from libs.events.values import CycleId, GroupRef, SendOptions, TextPost
from libs.eventsourcing import ImpossibleEvent
from services.scheduler.schedule.commands import (
    ChangeAdvertisement,
    EndPrivate,
    RunDue,
    SetAdvertisement,
    SetOption,
    Start,
)
from services.scheduler.schedule.domain import SCHEDULE
from services.scheduler.schedule.group_options import LONGEST_SPACING, MOST_REMEMBERED, remember
from services.scheduler.schedule.groups import parse_options
from services.scheduler.schedule.limits import Limits
from services.scheduler.schedule.state import evolve
from services.scheduler.schedule.switches import Switches
from services.scheduler.schedule.taking_part import GroupList
from tests.unit.scheduler.test_schedule import (
    ADBOT,
    FIRST,
    ID,
    MINUTE,
    NOON,
    OWNER,
    POST,
    SET,
    STARTED,
    STRANGER,
    due,
    run_at,
    schedule,
    set_to,
    stopped,
)

BREAD, CAKE = GroupListId(UUID(int=1)), GroupListId(UUID(int=2))
ON_BREAD = GroupList(BREAD, ("@millers", "@bread", "-1000000000042/3"))
ON_CAKE = GroupList(CAKE, ("@cake", "@bread"))
SECOND = CycleId(uuid4())
TRUSTED = replace(ADBOT, private_ids=True)


def paused(group: GroupRef) -> GroupOption:
    return GroupOption(group=group, paused=True)


def every(group: GroupRef, seconds: int) -> GroupOption:
    return GroupOption(group=group, every_seconds=seconds)


def with_lists(
    *lists: GroupList, options: Sequence[GroupOption] = (), own: Sequence[GroupRef] = ()
) -> AdvertisementSet:
    ids = tuple(one.list for one in lists)
    return SET.model_copy(
        update={"lists": ids, "group_options": tuple(options), "groups": tuple(own) or SET.groups}
    )


def at_due(minutes: float, *lists: GroupList, cycle: CycleId = FIRST, most: int = 100) -> RunDue:
    ended = replace(TRUSTED, ended_cycle=FIRST)
    return replace(run_at(minutes, ended, cycle), lists=lists, limits=Limits(max_groups=most))


def groups_of(history: Sequence[object], command: RunDue) -> CycleDue:
    """Return the cycle that the command raises."""
    state = SCHEDULE.fold(history)  # type: ignore[arg-type]
    (cycle,) = SCHEDULE.decide(command, state)
    assert isinstance(cycle, CycleDue)
    return cycle


# -- set


def wanted(*lists: GroupList, options: Sequence[GroupOption] = (), most: int = 100) -> SetAdvertisement:
    ids = tuple(one.list for one in lists)
    return replace(
        set_to(adbot=TRUSTED), list_ids=ids, lists=lists, group_options=tuple(options), limits=Limits(most, 3)
    )


def test_an_advertisement_names_lists_and_options() -> None:
    command = replace(wanted(ON_BREAD, options=[paused("@bread")]), options=SendOptions(author=False))
    event = with_lists(ON_BREAD, options=[paused("@bread")]).model_copy(
        update={"options": SendOptions(author=False)}
    )
    schedule.when(command).then(event)
    schedule.given(event).when(command).then()
    schedule.given(event).when(replace(command, options=SendOptions())).then(
        event.model_copy(update={"options": SendOptions()})
    )


def test_a_change_of_groups_keeps_lists_and_ends_options_of_groups_that_are_gone() -> None:
    before = with_lists(ON_BREAD, options=[paused("@bakers"), paused("@bread"), paused("@millers")])
    command = ChangeAdvertisement(TRUSTED, OWNER, None, ("@millers",), lists=(ON_BREAD,))
    after = {"groups": ("@millers",), "group_options": (paused("@bread"), paused("@millers"))}
    schedule.given(before).when(command).then(before.model_copy(update=after))
    schedule.given(before).when(replace(command, groups=())).then(
        before.model_copy(update=after | {"groups": ()})  # the list has @millers too
    )


def test_groups_of_its_own_are_not_needed_with_a_list() -> None:
    schedule.when(replace(wanted(ON_BREAD), groups=())).then(
        SET.model_copy(update={"groups": (), "lists": (BREAD,)})
    )
    schedule.when(replace(wanted(), groups=())).refused("no_groups")


def test_a_list_that_the_account_does_not_have_is_unknown() -> None:
    command = replace(wanted(ON_BREAD), list_ids=(BREAD, CAKE))
    assert schedule.when(command).refused("unknown_group_list").detail.startswith(str(CAKE))


def test_another_clients_adbot_is_unknown_before_its_lists_are() -> None:
    command = replace(wanted(), list_ids=(CAKE,), account=STRANGER)
    schedule.when(command).refused("unknown_adbot")


def test_the_groups_of_all_lists_count_once() -> None:
    schedule.when(wanted(ON_BREAD, ON_CAKE, most=5)).then(with_lists(ON_BREAD, ON_CAKE))
    refused = schedule.when(wanted(ON_BREAD, ON_CAKE, most=4)).refused("too_many_groups")
    assert refused.detail == "5 groups, this service allows at most 4"


def test_a_plans_limits_count_instead_of_the_operators() -> None:
    small = replace(TRUSTED, max_groups=1, max_posts=1)
    refused = schedule.when(replace(wanted(), adbot=small)).refused("too_many_groups")
    assert refused.detail == "2 groups, the plan of this adbot allows at most 1"
    two = replace(wanted(), adbot=replace(small, max_groups=2), more_posts=(TextPost(text="x"),))
    refused = schedule.when(two).refused("too_many_posts")
    assert refused.detail == "2 posts, the plan of this adbot allows at most 1"
    four = replace(wanted(), more_posts=(TextPost(text="x"),) * 3)
    schedule.when(four).refused("too_many_posts")
    large = replace(four, adbot=replace(TRUSTED, max_groups=20, max_posts=20), limits=Limits(1, 1))
    schedule.when(large).then(SET.model_copy(update={"more_posts": four.more_posts}))


def test_options_are_of_groups_that_are_named() -> None:
    refused = schedule.when(wanted(options=[paused("@cake"), paused("@bakers")])).refused("unknown_group")
    assert refused.detail.startswith("@cake: ")


def test_private_ids_and_blocks_hold_for_lists() -> None:
    named = schedule.when(replace(wanted(ON_BREAD), adbot=ADBOT)).refused("private_ids_not_allowed")
    assert named.detail.startswith("-1000000000042/3: ")
    no_bread = Switches(targets=frozenset({"@bread"}))
    schedule.when(replace(wanted(ON_BREAD), switches=no_bread)).refused("blocked_targets")
    history = schedule.given(with_lists(ON_BREAD))
    history.when(Start(ADBOT, OWNER, NOON, lists=(ON_BREAD,))).refused("private_ids_not_allowed")
    history.when(Start(TRUSTED, OWNER, NOON, no_bread, (ON_BREAD,))).refused("blocked_targets")


def test_an_advertisement_that_no_event_holds_is_refused() -> None:
    many = tuple(f"+{number:064}" for number in range(4_500))
    command = replace(wanted(options=[paused(group) for group in many]), groups=many, limits=Limits())
    schedule.when(command).refused("advertisement_too_large")


# -- the option of one group


def test_one_group_is_paused_and_goes_on() -> None:
    pause, go_on = (
        SetOption(ADBOT, OWNER, paused("@bakers")),
        SetOption(ADBOT, OWNER, GroupOption(group="@bakers")),
    )
    said = GroupOptionSet(adbot=ID, option=pause.option)
    schedule.given(SET).when(pause).then(said)
    schedule.given(SET, said).when(pause).then()
    schedule.given(SET).when(go_on).then()
    schedule.given(SET, said).when(go_on).then(GroupOptionSet(adbot=ID, option=go_on.option))
    assert groups_of((SET, said, STARTED), at_due(0)).groups == ("@millers",)
    assert groups_of((SET, said, SET, STARTED), at_due(0)).groups == ("@bakers", "@millers")


def test_the_group_must_be_one_of_the_adbots_or_its_lists() -> None:
    schedule.given(SET).when(SetOption(ADBOT, OWNER, paused("@cake"))).refused("unknown_group")
    schedule.when(SetOption(ADBOT, OWNER, paused("@cake"))).refused("unknown_group")
    schedule.given(SET).when(SetOption(ADBOT, STRANGER, paused("@bakers"))).refused("unknown_adbot")
    history = schedule.given(with_lists(ON_CAKE))
    history.when(SetOption(ADBOT, OWNER, paused("@cake"), (ON_CAKE,))).then(
        GroupOptionSet(adbot=ID, option=paused("@cake"))
    )


def test_the_number_of_options_is_limited() -> None:
    options = tuple(paused(f"@group{number}") for number in range(MOST_REMEMBERED))
    history = schedule.given(SET.model_copy(update={"group_options": options}))
    history.when(SetOption(ADBOT, OWNER, paused("@bakers"))).refused("too_many_group_options")


def test_an_option_before_any_advertisement_is_an_impossible_history() -> None:
    with pytest.raises(ImpossibleEvent):
        evolve(None, GroupOptionSet(adbot=ID, option=paused("@bakers")))


def test_options_name_groups_as_people_write_them() -> None:
    written = WrittenGroupOption(group=" t.me/Bakers/4 ", every_seconds=60)
    assert parse_options([written]) == (every("@bakers/4", 60),)


# -- a cycle is due


def test_a_cycle_sends_to_the_lists_groups_of_that_instant_behind_its_own() -> None:
    history = (with_lists(ON_CAKE, ON_BREAD), STARTED)
    cycle = groups_of(history, at_due(0, ON_CAKE, ON_BREAD))
    assert cycle.groups == ("@bakers", "@millers", "@cake", "@bread", "-1000000000042/3")
    changed = replace(ON_CAKE, groups=("@tarts",))
    assert groups_of(history, at_due(0, changed)).groups == ("@bakers", "@millers", "@tarts")


def test_spellings_of_one_group_are_merged_and_topics_are_not() -> None:
    history = (with_lists(ON_BREAD, own=("-10042/3", "@bread/7")), STARTED)
    assert groups_of(history, at_due(0, ON_BREAD)).groups == ("-10042/3", "@bread/7", "@millers", "@bread")


def test_blocked_groups_of_lists_are_left_out() -> None:
    command = replace(at_due(0, ON_CAKE), switches=Switches(targets=frozenset({"@bread", "@bakers"})))
    assert groups_of((with_lists(ON_CAKE), STARTED), command).groups == ("@millers", "@cake")


def test_an_adbot_stops_at_private_ids_of_a_list_without_permission() -> None:
    history = schedule.given(with_lists(ON_BREAD), STARTED)
    stop = stopped(StopReason.PRIVATE_IDS, "-1000000000042/3")
    history.when(replace(at_due(0, ON_BREAD), adbot=ADBOT)).then(stop)
    history.when(EndPrivate(ADBOT, (ON_BREAD,))).then(stop)
    history.when(EndPrivate(ADBOT, (ON_CAKE,))).then()


def test_an_adbot_stops_when_its_last_list_is_deleted_and_does_not_start() -> None:
    only_lists = SET.model_copy(update={"groups": (), "lists": (CAKE,)})
    schedule.given(only_lists, STARTED).when(at_due(0)).then(
        AdbotStopped(adbot=ID, reason=StopReason.NO_GROUPS)
    )
    schedule.given(only_lists).when(Start(ADBOT, OWNER, NOON)).refused("no_groups")
    schedule.given(with_lists(ON_CAKE), STARTED).when(at_due(0)).then(due(0))


def test_a_list_that_grew_beyond_the_limit_is_cut_and_its_own_groups_are_kept() -> None:
    history = (with_lists(ON_BREAD, ON_CAKE), STARTED)
    cycle = groups_of(history, at_due(0, ON_BREAD, ON_CAKE, most=3))
    assert (cycle.groups, cycle.beyond_limit) == (("@bakers", "@millers", "@bread"), 2)
    cycle = groups_of(history, at_due(0, ON_BREAD, ON_CAKE, most=1))
    assert (cycle.groups, cycle.beyond_limit) == (("@bakers", "@millers"), 3)


def test_paused_groups_count_so_that_the_limit_always_leaves_out_the_same() -> None:
    history = (with_lists(ON_CAKE, options=[paused("@bakers")]), STARTED)
    cycle = groups_of(history, at_due(0, ON_CAKE, most=3))
    assert (cycle.groups, cycle.beyond_limit) == (("@millers", "@cake"), 1)


def test_a_cycle_has_no_more_groups_than_an_event_holds() -> None:
    many = tuple(f"+{number:064}" for number in range(10_000))
    options = tuple(every(group, 60) for group in many)
    cycle = groups_of((with_lists(ON_CAKE), STARTED), at_due(0, GroupList(CAKE, many, options), most=10_000))
    assert len(cycle.model_dump_json()) < 500_000
    assert len(cycle.groups) + cycle.beyond_limit == 10_002
    assert set(cycle.spaced) == set(cycle.groups) - {"@bakers", "@millers"}


def test_an_option_of_the_advertisement_counts_before_that_of_a_list() -> None:
    in_list = replace(ON_CAKE, options=(paused("@cake"), paused("@bakers")))
    as_in_list = groups_of((with_lists(in_list), STARTED), at_due(0, in_list))
    assert as_in_list.groups == ("@millers", "@bread")
    own = with_lists(in_list, options=[GroupOption(group="@cake")])
    assert groups_of((own, STARTED), at_due(0, in_list)).groups == ("@millers", "@cake", "@bread")
    other = replace(ON_BREAD, options=(every("@cake", 60), paused("@bread")))
    both = groups_of((with_lists(in_list, other), STARTED), at_due(0, in_list, other))
    assert both.groups == ("@millers", "-1000000000042/3")


def test_the_same_option_in_the_way_of_a_lists_is_stored() -> None:
    in_list = replace(ON_CAKE, options=(paused("@cake"),))
    go_on = SetOption(ADBOT, OWNER, GroupOption(group="@cake"), (in_list,))
    schedule.given(with_lists(in_list)).when(go_on).then(GroupOptionSet(adbot=ID, option=go_on.option))


# -- spaced groups

SPACED = SET.model_copy(update={"group_options": (every("@bakers", 1200),)})


def test_a_spaced_group_takes_part_again_once_its_time_has_passed() -> None:
    first = groups_of((SPACED, STARTED), at_due(0))
    assert (first.groups, first.spaced) == (("@bakers", "@millers"), ("@bakers",))
    second = groups_of((SPACED, STARTED, first), at_due(10, cycle=SECOND))
    assert (second.groups, second.spaced) == (("@millers",), ())
    third = groups_of(
        (SPACED, STARTED, first, second), replace(at_due(20), adbot=replace(TRUSTED, ended_cycle=SECOND))
    )
    assert third.spaced == ("@bakers",)


def test_what_an_advertisement_remembers_outlasts_a_stop_and_a_new_one() -> None:
    first = groups_of((SPACED, STARTED), at_due(0))
    again = STARTED.model_copy(update={"anchor": NOON + 10 * MINUTE})
    history = (SPACED, STARTED, first, stopped(StopReason.REQUESTED), SET, SPACED, again)
    assert groups_of(history, at_due(10, cycle=SECOND)).groups == ("@millers",)


def test_a_cycle_without_any_group_that_is_due_is_skipped() -> None:
    options = (every("@bakers", 1200), paused("@millers"))
    spaced = SET.model_copy(update={"group_options": options})
    first = groups_of((spaced, STARTED), at_due(0))
    assert first.groups == ("@bakers",)
    skipped = CycleSkipped(
        adbot=ID,
        due_at=NOON + 10 * MINUTE,
        next_due=NOON + 20 * MINUTE,
        reason=SkipReason.GROUPS_NOT_DUE,
    )
    schedule.given(spaced, STARTED, first).when(at_due(10, cycle=SECOND)).then(skipped)


def test_a_cycle_that_a_wrong_clock_stamped_lets_no_group_rest_for_years() -> None:
    future = due(0).model_copy(update={"due_at": NOON + timedelta(days=900), "spaced": ("@bakers",)})
    assert "@bakers" in groups_of((SPACED, STARTED, future), at_due(10, cycle=SECOND)).groups


def test_the_groups_that_took_part_last_are_remembered_for_a_month_at_most() -> None:
    long_ago = NOON - LONGEST_SPACING
    before: dict[str, datetime] = {"@old": long_ago, "@bakers": NOON - MINUTE, "@late": NOON - MINUTE}
    assert remember(before, ["@bakers", "@new"], NOON) == {
        "@late": NOON - MINUTE,
        "@bakers": NOON,
        "@new": NOON,
    }
    many = remember(before, [f"@group{number}" for number in range(MOST_REMEMBERED)], NOON)
    assert len(many) == MOST_REMEMBERED
    assert "@late" not in many


def test_an_adbot_without_spaced_groups_remembers_nothing() -> None:
    state = SCHEDULE.fold((SET, STARTED, due(0)))
    assert state is not None
    assert state.spaced == {}
    assert state.advertisement is not None
    assert state.advertisement.post == POST
