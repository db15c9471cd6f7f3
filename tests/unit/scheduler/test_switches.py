"""The operator's switches: decisions on them, how chats are named, and how schedules obey them."""

from dataclasses import replace

import pytest

from libs.events.scheduler import (
    AllPaused,
    AllResumed,
    CycleSkipped,
    SkipReason,
    SourceBlocked,
    SourceUnblocked,
    StopReason,
    TargetBlocked,
    TargetUnblocked,
)
from libs.events.values import ChannelPost
from libs.eventsourcing import Refused
from libs.eventsourcing.testing import scenarios
from services.scheduler.operations.commands import Block, Pause, Resume, Unblock
from services.scheduler.operations.domain import OPERATIONS
from services.scheduler.operations.names import read_source, read_target
from services.scheduler.schedule.commands import Start
from services.scheduler.schedule.switches import Switches
from tests.unit.scheduler.test_schedule import (
    ADBOT,
    FIRST,
    ID,
    MINUTE,
    NOON,
    OWNER,
    SECOND,
    SET,
    STARTED,
    due,
    run_at,
    schedule,
    set_to,
    stopped,
)

operations = scenarios(OPERATIONS)
WHY = "their owner asked"
BLOCKED = TargetBlocked(target="@bakers", reason=WHY)
ENDED = replace(ADBOT, ended_cycle=FIRST)
NO_BAKERS = Switches(targets=frozenset({"@bakers"}))
NO_NEWS = Switches(sources=frozenset({"@news"}))
PAUSED = Switches(paused=True)


# -- the switches


def test_everything_is_paused_and_resumed_once() -> None:
    paused, resumed = AllPaused(reason=WHY), AllResumed(reason="over")
    operations.when(Pause(WHY)).then(paused)
    operations.given(paused).when(Pause("again")).then()
    operations.given(paused).when(Resume("over")).then(resumed)
    operations.given(paused, resumed).when(Resume("again")).then()
    operations.when(Resume("x")).then()


def test_a_group_is_blocked_and_unblocked_once() -> None:
    unblocked = TargetUnblocked(target="@bakers", reason="fine")
    operations.when(Block("@bakers", WHY)).then(BLOCKED)
    operations.given(BLOCKED).when(Block("@bakers", "again")).then()
    operations.given(BLOCKED).when(Unblock("@bakers", "fine")).then(unblocked)
    operations.given(BLOCKED, unblocked).when(Unblock("@bakers", "x")).then()


def test_a_channel_is_blocked_as_a_source_whatever_is_blocked_as_a_group() -> None:
    said = SourceBlocked(source="@bakers", reason=WHY)
    operations.given(BLOCKED).when(Block("@bakers", WHY, source=True)).then(said)
    operations.given(BLOCKED, said).when(Unblock("@bakers", WHY, source=True)).then(
        SourceUnblocked(source="@bakers", reason=WHY)
    )


# -- how a chat is named


@pytest.mark.parametrize(
    ("written", "chat"),
    [
        ("@Bakers", "@bakers"),
        (" bakers ", "@bakers"),
        ("t.me/BAKERS/7", "@bakers"),
        ("https://t.me/bakers/7/12", "@bakers"),
        ("@bakers/7", "@bakers"),
        ("@bаkеrs", "@bakers"),  # noqa: RUF001 - Cyrillic a and e
        ("@ＢＡＫＥＲＳ", "@bakers"),  # noqa: RUF001 - full width
        ("@ba\u200bkers", "@bakers"),
        ("bákers", "@bakers"),
        ("https://t.me/ВАKERS", "@bakers"),  # noqa: RUF001 - Cyrillic capitals
        ("т.me/bakers", "@bakers"),
        ("-1001234567890", "-1001234567890"),
        ("https://t.me/c/1234567890/5", "-1001234567890"),
        ("-1000000000042/3", "-1000000000042"),
        ("https://t.me/+AbCdEfGh1234", "+AbCdEfGh1234"),
    ],
)
def test_a_group_is_named_in_any_spelling(written: str, chat: str) -> None:
    assert read_target(written) == chat


@pytest.mark.parametrize("written", ["", "ab", "@привет", "-42", "https://example.com/bakers", "two words"])
def test_what_names_no_group_is_refused(written: str) -> None:
    with pytest.raises(Refused, match="malformed_target"):
        read_target(written)


def test_an_invitation_is_never_guessed_and_no_source() -> None:
    with pytest.raises(Refused, match="malformed_target"):
        read_target("https://т.me/+AbCdEfGh1234")
    with pytest.raises(Refused, match="malformed_source"):
        read_source("https://t.me/+AbCdEfGh1234")
    assert read_source("t.me/News/12") == "@news"


# -- schedules


def test_a_blocked_group_is_left_out_of_a_cycle() -> None:
    wanted = due(0).model_copy(update={"groups": ("@millers",)})
    schedule.given(SET, STARTED).when(replace(run_at(0), switches=NO_BAKERS)).then(wanted)


@pytest.mark.parametrize("group", ["@bakers/4", "-1000000000042/3", "-10042"])
def test_a_block_holds_for_topics_and_for_older_spellings(group: str) -> None:
    blocked = Switches(targets=frozenset({"@bakers", "-1000000000042"}))
    set_before = SET.model_copy(update={"groups": (group, "@millers")})
    wanted = due(0).model_copy(update={"groups": ("@millers",)})
    trusted = replace(run_at(0, replace(ADBOT, private_ids=True)), switches=blocked)
    schedule.given(set_before, STARTED).when(trusted).then(wanted)


def test_a_cycle_without_a_group_left_is_skipped() -> None:
    none_left = Switches(targets=frozenset({"@bakers", "@millers"}))
    skipped = CycleSkipped(
        adbot=ID, due_at=NOON, next_due=NOON + 10 * MINUTE, reason=SkipReason.TARGETS_BLOCKED
    )
    schedule.given(SET, STARTED).when(replace(run_at(0), switches=none_left)).then(skipped)


def test_an_adbot_whose_channel_is_blocked_stops_also_before_its_next_cycle() -> None:
    for minutes in (3, 10):
        at = replace(run_at(minutes, ENDED), switches=NO_NEWS)
        schedule.given(SET, STARTED, due(0)).when(at).then(stopped(StopReason.SOURCE_BLOCKED, "@news"))


def test_a_blocked_advertisement_is_neither_set_nor_started() -> None:
    for switches, code, named in (
        (NO_BAKERS, "blocked_targets", "@bakers"),
        (NO_NEWS, "blocked_source", "@news"),
    ):
        for command in (replace(set_to(), switches=switches), Start(ADBOT, OWNER, NOON, switches)):
            assert named in schedule.given(SET).when(command).refused(code).detail


def test_a_post_of_an_older_spelling_is_blocked() -> None:
    post = ChannelPost(channel="-10042", message=7)
    assert Switches(sources=frozenset({"-1000000000042"})).blocked_source([post]) == "-10042"


def test_no_cycle_is_due_during_a_pause_and_one_is_after_it() -> None:
    history = schedule.given(SET, STARTED, due(0))
    for minutes in (10, 20, 57):
        history.when(replace(run_at(minutes, ENDED, SECOND), switches=PAUSED)).then()
    history.when(run_at(57, ENDED, SECOND)).then(due(57, SECOND, 2))


def test_an_adbot_that_may_not_run_stops_also_during_a_pause() -> None:
    seatless = replace(run_at(3, replace(ADBOT, seats=())), switches=PAUSED)
    schedule.given(SET, STARTED, due(0)).when(seatless).then(stopped(StopReason.SEATLESS))
