"""The demo's check of groups: it fails unless a group has each cycle's post exactly once."""

from io import StringIO
from types import SimpleNamespace
from typing import cast

import pytest
from rich.console import Console

from adrelay.demo import command
from adrelay.demo.evidence import GroupEvidence
from adrelay.demo.output import DemoOutput
from adrelay.demo.system import LocalSystem

CYCLES = ("first", "second")
CLAIMED: dict[str, tuple[int, ...]] = {"first": (4,), "second": (7,)}


def evidence(messages: tuple[int, ...], claimed: dict[str, tuple[int, ...]], parts: int = 1) -> GroupEvidence:
    return GroupEvidence("@group", messages, claimed, CYCLES, parts)


@pytest.mark.parametrize(
    ("messages", "claimed", "parts"),
    [
        ((4, 7), {"first": (4,), "second": (7,)}, 1),
        ((4, 5, 7, 8), {"first": (4, 5), "second": (7, 8)}, 2),
    ],
)
def test_each_cycles_post_exactly_once_is_no_problem(
    messages: tuple[int, ...], claimed: dict[str, tuple[int, ...]], parts: int
) -> None:
    assert evidence(messages, claimed, parts).problem == ""


@pytest.mark.parametrize(
    ("messages", "claimed", "problem"),
    [
        ((), {}, "0 messages for 2 cycles"),
        ((4,), {"first": (4,)}, "1 messages for 2 cycles"),
        ((4, 5, 7), {"first": (4,), "second": (7,)}, "3 messages for 2 cycles"),
        ((4, 4), {"first": (4,), "second": (4,)}, "a message id stands there twice"),
        ((4, 7), {"first": (4,)}, "1 cycles have no delivery in the log"),
        ((4, 7), {"first": (4, 7)}, "2 cycles have no delivery in the log"),
        ((4, 7), {"first": (4,), "second": (8,)}, "the log names other messages than the group holds"),
    ],
)
def test_any_other_messages_are_a_problem(
    messages: tuple[int, ...], claimed: dict[str, tuple[int, ...]], problem: str
) -> None:
    assert evidence(messages, claimed).problem == problem


@pytest.mark.parametrize(
    ("messages", "held_twice", "cycles", "proven"),
    [
        ((4, 7), [], 2, True),
        ((4, 7, 8), [], 2, False),
        ((4, 7), [], 3, False),
        ((4, 7), ["a session"], 2, False),
    ],
)
async def test_the_demo_succeeds_only_if_every_check_does(
    messages: tuple[int, ...], held_twice: list[str], cycles: int, *, proven: bool
) -> None:
    class Telegram:
        async def held_twice(self) -> list[str]:
            return held_twice

    system = cast("LocalSystem", SimpleNamespace(telegram=Telegram()))
    screen = DemoOutput(Console(file=StringIO()))
    found = [evidence((4, 7), CLAIMED), evidence(messages, CLAIMED)]
    verdict = command._verdict  # pyright: ignore[reportPrivateUsage] - it decides the exit code
    assert await verdict(screen, system, found, cycles) is proven


def test_a_group_that_only_the_first_cycles_can_reach_is_no_problem() -> None:
    reached = GroupEvidence(
        "@group", (4,), {"first": (4,)}, CYCLES[:1], 1, ("TARGET_DENIED CHANNEL_PRIVATE",)
    )
    assert reached.problem == ""
    later = GroupEvidence("@group", (4, 7), CLAIMED, CYCLES[:1], 1)
    assert later.problem == "2 messages for 1 cycles"
