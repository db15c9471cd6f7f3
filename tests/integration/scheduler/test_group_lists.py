"""Group lists that adbots of an account share: from the commands to the cycles that they lead to."""

from uuid import uuid4

import pytest

from libs.events.commands.scheduler import (
    AllowPrivateIds,
    DeleteGroupList,
    SetAdvertisement,
    SetGroupList,
    SetGroupOption,
    WrittenGroupOption,
)
from libs.events.scheduler import (
    AdvertisementSet,
    CycleDue,
    GroupListDeleted,
    GroupListId,
    GroupListSet,
    GroupOption,
    GroupOptionSet,
    ListGroupOptionSet,
    PrivateIdsForbidden,
    StopReason,
)
from libs.events.values import AdbotId, SendOptions, TextPost
from libs.eventsourcing import Command
from libs.eventsourcing.testing import StreamEvent
from tests.integration.scheduler.acts import (
    MINUTE,
    NOON,
    START,
    STRANGER,
    Scheduler,
    latest,
    over,
    prepare,
    stopped,
)
from tests.integration.scheduler.publishing import ID, OWNER, A, B, provisioned, seat

LIST = GroupListId(uuid4())
MAKE = SetGroupList(
    list=LIST, account=OWNER, name=" Bread ", groups=("t.me/Bakers", "@bakers", "", "@millers"), new=True
)
MADE = GroupListSet(list=LIST, account=OWNER, name="Bread", groups=("@bakers", "@millers"))
ADVERTISE = SetAdvertisement(
    adbot=ID, account=OWNER, post="A text", groups=(), lists=(LIST,), options=SendOptions(skip_newest=True)
)
LISTS = "select groups from group_lists.group_lists"
USES = "select adbot from group_lists.lists_of_adbots"


def change(*groups: str, options: tuple[WrittenGroupOption, ...] | None = None) -> SetGroupList:
    return SetGroupList(list=LIST, account=OWNER, name=None, groups=groups, group_options=options)


def pause(group: str, *, adbot: AdbotId | None = None, paused: bool = True) -> SetGroupOption:
    option = WrittenGroupOption(group=group, paused=paused)
    return SetGroupOption(adbot=adbot, list=None if adbot else LIST, account=OWNER, option=option)


async def groups_at(scheduler: Scheduler, minutes: int) -> tuple[str, ...]:
    """End the last cycle, and return the groups of the one that is due then."""
    await prepare(scheduler, over(await latest(scheduler)), NOON + minutes * MINUTE)
    return (await latest(scheduler)).groups


async def test_a_list_is_made_changed_and_deleted(scheduler: Scheduler) -> None:
    await scheduler.when(MAKE, MAKE).then(MADE, rows={LISTS: [(["@bakers", "@millers"],)]})
    changed = MADE.model_copy(update={"groups": ("@cake",)})
    await scheduler.when(change("@cake"), change("@cake")).then(changed, rows={LISTS: [(["@cake"],)]})
    deleted = GroupListDeleted(list=LIST, account=OWNER)
    await scheduler.when(DeleteGroupList(list=LIST, account=OWNER)).then(deleted, rows={LISTS: []})
    await scheduler.when(change("@cake")).then(refused="unknown_group_list")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (MAKE.model_copy(update={"groups": ("@bakers", "x")}), "malformed_groups"),
        (MAKE.model_copy(update={"groups": (" ",)}), "no_groups"),
        (MAKE.model_copy(update={"groups": ("@aaaa", "@bbbb", "@cccc", "@dddd")}), "too_many_groups"),
        (MAKE.model_copy(update={"groups": ("-1001234567890",)}), "private_ids_not_allowed"),
        (change("@bakers"), "unknown_group_list"),
        (ADVERTISE, "unknown_group_list"),
        (pause("@bakers"), "unknown_group_list"),
        (pause("@bakers", adbot=ID), "unknown_group"),
    ],
)
async def test_a_refusal_says_what_is_wrong(scheduler: Scheduler, command: Command, code: str) -> None:
    await scheduler.when(command).then(refused=code)


async def test_an_account_has_a_limited_number_of_lists_and_none_of_anothers(scheduler: Scheduler) -> None:
    others = MAKE.model_copy(update={"list": GroupListId(uuid4()), "account": STRANGER})
    await prepare(scheduler, MAKE, others)
    one_more = MAKE.model_copy(update={"list": GroupListId(uuid4())})
    await prepare(scheduler, one_more)
    too_many = MAKE.model_copy(update={"list": GroupListId(uuid4())})
    await scheduler.when(too_many).then(refused="too_many_group_lists")
    foreign = ADVERTISE.model_copy(update={"lists": (LIST, others.list)})
    await scheduler.when(foreign).then(refused="unknown_group_list")
    await scheduler.when(DeleteGroupList(list=LIST, account=STRANGER)).then(refused="unknown_group_list")
    await scheduler.when(DeleteGroupList(list=one_more.list, account=OWNER), too_many).then(
        GroupListDeleted(list=one_more.list, account=OWNER),
        MADE.model_copy(update={"list": too_many.list}),
    )


async def test_a_cycle_sends_to_the_groups_that_the_list_has_then(scheduler: Scheduler) -> None:
    await prepare(scheduler, MAKE, ADVERTISE, START, NOON)
    cycle = await latest(scheduler)
    assert (cycle.groups, cycle.options) == (("@bakers", "@millers"), SendOptions(skip_newest=True))
    await prepare(scheduler, change("@cake", "@millers"))
    assert await groups_at(scheduler, 10) == ("@cake", "@millers")
    await scheduler.when(pause("t.me/Cake")).then(
        ListGroupOptionSet(list=LIST, account=OWNER, option=GroupOption(group="@cake", paused=True))
    )
    assert await groups_at(scheduler, 20) == ("@millers",)
    await scheduler.when(pause("@cake", adbot=ID, paused=False)).then(
        GroupOptionSet(adbot=ID, option=GroupOption(group="@cake"))
    )
    assert await groups_at(scheduler, 30) == ("@cake", "@millers")


async def test_a_list_that_grew_beyond_the_limit_is_cut_and_the_cycle_says_so(scheduler: Scheduler) -> None:
    await prepare(scheduler, MAKE, ADVERTISE, START, NOON, change("@aaaa", "@bbbb", "@cccc"))
    assert await groups_at(scheduler, 10) == ("@aaaa", "@bbbb")
    assert (await latest(scheduler)).beyond_limit == 1


async def test_two_adbots_share_a_list_and_another_reads_none(scheduler: Scheduler) -> None:
    other, seats = AdbotId(uuid4()), (B, seat())
    await scheduler.remember(StreamEvent(f"adbot-{other}", provisioned(*seats, at=NOON, adbot=other)))
    both = [
        command.model_copy(update={"adbot": adbot}) for adbot in (ID, other) for command in (ADVERTISE, START)
    ]
    await prepare(scheduler, MAKE, *both, NOON)
    cycles = [event for event in await scheduler.happened() if isinstance(event, CycleDue)]
    assert [cycle.groups for cycle in cycles] == [("@bakers", "@millers")] * 2
    assert {cycle.adbot: cycle.seats for cycle in cycles} == {ID: (A,), other: seats}
    without = ADVERTISE.model_copy(update={"groups": ("@bakers",), "lists": (), "options": SendOptions()})
    event = AdvertisementSet(adbot=ID, post=TextPost(text="A text"), groups=("@bakers",))
    await scheduler.when(without).then(event, rows={USES: [(other,)]})


async def test_an_adbot_stops_when_its_list_is_deleted_and_starts_with_another(scheduler: Scheduler) -> None:
    await prepare(scheduler, MAKE, ADVERTISE, START, NOON)
    cycle = await latest(scheduler)
    await prepare(scheduler, DeleteGroupList(list=LIST, account=OWNER), over(cycle))
    await scheduler.when(NOON + 10 * MINUTE).then(stopped(StopReason.NO_GROUPS))
    await scheduler.when(START).then(refused="no_groups")


async def test_an_adbot_stops_with_the_permission_for_private_ids_of_its_list(scheduler: Scheduler) -> None:
    allow = AllowPrivateIds(account=OWNER, reason="their own")
    await prepare(scheduler, allow, MAKE, ADVERTISE, START, NOON, change("-1001234567890/7"))
    forbidden = PrivateIdsForbidden(account=OWNER, reason="over")
    await scheduler.when(StreamEvent(f"permissions-{OWNER}", forbidden)).then(
        forbidden, stopped(StopReason.PRIVATE_IDS, "-1001234567890/7")
    )
    await scheduler.when(START).then(refused="private_ids_not_allowed")


async def test_an_adbots_plan_limits_its_groups_and_posts(scheduler: Scheduler) -> None:
    limited = AdbotId(uuid4())
    event = provisioned(B, at=NOON, adbot=limited)
    plan = event.plan.model_copy(update={"max_groups": 1, "max_posts": 1})
    await scheduler.remember(StreamEvent(f"adbot-{limited}", event.model_copy(update={"plan": plan})))
    await prepare(scheduler, MAKE)
    wanted = ADVERTISE.model_copy(update={"adbot": limited})
    await scheduler.when(wanted).then(refused="too_many_groups")
    several = wanted.model_copy(update={"groups": ("@bakers",), "lists": (), "more_posts": ("Another",)})
    await scheduler.when(several).then(refused="too_many_posts")
