"""Decisions on group lists, and how lists of groups are read from files."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from libs.events.scheduler import (
    GroupListDeleted,
    GroupListId,
    GroupListSet,
    GroupOption,
    ListGroupOptionSet,
)
from libs.events.values import AccountId
from libs.eventsourcing import ImpossibleEvent, Refused
from libs.eventsourcing.testing import scenarios
from services.scheduler.group_lists.commands import Delete, Owner, Set, SetOption
from services.scheduler.group_lists.domain import GROUP_LIST
from services.scheduler.group_lists.state import evolve
from services.scheduler.schedule.groups import parse_groups
from services.scheduler.schedule.switches import Switches

lists = scenarios(GROUP_LIST)

LIST, ME = GroupListId(UUID(int=1)), AccountId(uuid4())
OWNER, STRANGER = Owner(ME, max_lists=2), Owner(AccountId(uuid4()), max_lists=2)
GROUPS = ("@bakers", "@millers")
PAUSED = GroupOption(group="@bakers", paused=True)
MAKE = Set(LIST, OWNER, "Bread", GROUPS, (PAUSED,), new=True)
MADE = GroupListSet(list=LIST, account=ME, name="Bread", groups=GROUPS, group_options=(PAUSED,))
DELETED = GroupListDeleted(list=LIST, account=ME)


def test_a_list_is_made_changed_and_deleted_once() -> None:
    lists.when(MAKE).then(MADE)
    lists.given(MADE).when(MAKE).then()
    lists.given(MADE).when(replace(MAKE, new=False)).then()
    lists.given(MADE).when(replace(MAKE, new=False, groups=("@cake",), options=())).then(
        GroupListSet(list=LIST, account=ME, name="Bread", groups=("@cake",))
    )
    lists.given(MADE).when(Delete(OWNER)).then(DELETED)


def test_a_changed_list_keeps_its_name_and_the_options_of_groups_that_stay() -> None:
    change = Set(LIST, OWNER, None, ("@bakers", "@cake"))
    lists.given(MADE).when(change).then(MADE.model_copy(update={"groups": ("@bakers", "@cake")}))
    gone = Set(LIST, OWNER, "Cake", ("@cake",))
    lists.given(MADE).when(gone).then(GroupListSet(list=LIST, account=ME, name="Cake", groups=("@cake",)))


@pytest.mark.parametrize(
    "command",
    [
        Set(LIST, STRANGER, "Mine", GROUPS),
        Set(LIST, STRANGER, "Mine", GROUPS, new=True),
        SetOption(STRANGER, PAUSED),
        Delete(STRANGER),
    ],
)
def test_anothers_list_is_as_unknown_as_none_and_a_deleted_one(command: Set | SetOption | Delete) -> None:
    foreign = lists.given(MADE).when(command).refused("unknown_group_list")
    mine = replace(command, owner=OWNER)
    gone = lists.given(MADE, DELETED).when(mine).refused("unknown_group_list")
    assert foreign.detail == gone.detail
    if not (isinstance(command, Set) and command.new):
        assert lists.when(mine).refused("unknown_group_list").detail == foreign.detail


def test_the_number_of_lists_is_limited_and_the_last_may_be_changed() -> None:
    full = replace(OWNER, lists=2)
    lists.when(replace(MAKE, owner=full)).refused("too_many_group_lists")
    lists.given(MADE).when(replace(MAKE, owner=full, new=False, groups=("@cake",), options=())).then(
        GroupListSet(list=LIST, account=ME, name="Bread", groups=("@cake",))
    )


def test_private_ids_need_the_operators_permission() -> None:
    private = replace(MAKE, groups=("-1000000000042",), options=())
    lists.when(private).refused("private_ids_not_allowed")
    lists.when(replace(private, owner=replace(OWNER, private_ids=True))).then(
        GroupListSet(list=LIST, account=ME, name="Bread", groups=("-1000000000042",))
    )


def test_blocked_groups_are_refused() -> None:
    no_bakers = Switches(targets=frozenset({"@bakers"}))
    lists.when(replace(MAKE, switches=no_bakers)).refused("blocked_targets")


def test_options_are_of_groups_in_the_list_and_the_last_counts() -> None:
    lists.when(replace(MAKE, options=(GroupOption(group="@cake"),))).refused("unknown_group")
    twice = (GroupOption(group="@bakers", every_seconds=60), GroupOption(group="@millers"), PAUSED)
    lists.when(replace(MAKE, options=twice)).then(MADE)


def test_the_option_of_one_group_is_set_and_ended() -> None:
    slow = GroupOption(group="@millers", every_seconds=3600)
    said = ListGroupOptionSet(list=LIST, account=ME, option=slow)
    lists.given(MADE).when(SetOption(OWNER, slow)).then(said)
    lists.given(MADE, said).when(SetOption(OWNER, slow)).then()
    over = SetOption(OWNER, GroupOption(group="@millers"))
    ended = ListGroupOptionSet(list=LIST, account=ME, option=over.option)
    lists.given(MADE, said).when(over).then(ended)
    lists.given(MADE, said, ended).when(over).then()
    lists.given(MADE, said, ended).when(replace(MAKE, new=False)).then()
    lists.given(MADE).when(SetOption(OWNER, GroupOption(group="@cake", paused=True))).refused("unknown_group")


def test_a_list_that_no_event_holds_is_refused() -> None:
    many = tuple(f"+{number:064}" for number in range(7_500))
    lists.when(replace(MAKE, groups=many, options=())).refused("group_list_too_large")
    fits = Set(LIST, OWNER, "Bread", (*many[:7_055], "@bakers"), new=True)
    (made,) = GROUP_LIST.decide(fits, None)
    lists.given(made).when(SetOption(OWNER, PAUSED)).then(
        ListGroupOptionSet(list=LIST, account=ME, option=PAUSED)
    )
    fits = replace(fits, groups=(*many[:7_056], "@bakers"))
    (made,) = GROUP_LIST.decide(fits, None)
    lists.given(made).when(SetOption(OWNER, PAUSED)).refused("group_list_too_large")


def test_an_impossible_history_is_an_error() -> None:
    for event in (DELETED, ListGroupOptionSet(list=LIST, account=ME, option=PAUSED)):
        with pytest.raises(ImpossibleEvent):
            evolve(None, event)


def test_each_bad_line_of_a_file_is_named_by_its_number() -> None:
    with pytest.raises(Refused, match="malformed_groups") as refused:
        parse_groups(["", "@bakers", "bad", "", "bad", "@x"], numbered=True)
    lines = [part.partition("”")[0] for part in refused.value.detail.split("; ")]
    assert lines == ["line 3: “bad", "line 5: “bad", "line 6: “@x"]
