"""The judgements of a long run: which sends came too soon, and whether memory grows."""

from datetime import UTC, datetime

import pytest

from sandbox.telegram.models import JournalEntry
from tests.soak.memory import SAMPLES, Memory
from tests.soak.waits import Waits

ACCOUNT, OTHER, CHAT, ELSEWHERE = 7, 8, 100, 101


def seen(*calls: tuple[float, str, int, int], connections: tuple[int, ...] = (), died: bool = False) -> Waits:
    """Return what is made of sends: second, outcome, account, chat."""
    waits = Waits(60.0, lambda _: died)
    for number, (at, outcome, account, chat) in enumerate(calls):
        connection = connections[number] if connections else 1
        waits.see(
            JournalEntry(
                number=number,
                at=datetime.now(UTC),
                monotonic=at,
                connection=connection,
                session=None,
                account=account,
                method="messages.forwardMessages",
                chat=chat,
                outcome=outcome,
            )
        )
    return waits


@pytest.mark.parametrize(
    ("asked", "later", "account", "chat", "broken"),
    [
        ("FLOOD_WAIT_10", 9.0, ACCOUNT, ELSEWHERE, 1),
        ("FLOOD_WAIT_10", 10.0, ACCOUNT, CHAT, 0),
        ("FLOOD_WAIT_10", 1.0, OTHER, CHAT, 0),
        ("SLOWMODE_WAIT_10", 9.0, ACCOUNT, CHAT, 1),
        ("SLOWMODE_WAIT_10", 9.0, ACCOUNT, ELSEWHERE, 0),
        ("PEER_FLOOD", 59.0, ACCOUNT, ELSEWHERE, 1),
        ("PEER_FLOOD", 60.0, ACCOUNT, CHAT, 0),
        ("CHANNEL_PRIVATE", 1.0, ACCOUNT, CHAT, 0),
    ],
)
def test_a_send_before_the_end_of_a_wait_is_told(
    asked: str, later: float, account: int, chat: int, broken: int
) -> None:
    assert len(seen((0.0, asked, ACCOUNT, CHAT), (later, "ok", account, chat)).broken) == broken


def test_a_wait_may_be_unknown_after_a_process_died_with_the_answer_but_not_on_the_same_connection() -> None:
    calls = ((0.0, "FLOOD_WAIT_10", ACCOUNT, CHAT), (2.0, "ok", ACCOUNT, CHAT))
    moved = seen(*calls, connections=(1, 2), died=True)
    assert (moved.broken, moved.forgotten) == ([], 1)
    assert seen(*calls, connections=(1, 1), died=True).broken
    assert seen(*calls, connections=(1, 2), died=False).broken


def growth(*mib: float) -> bool:
    memory = Memory()
    for number in range(4 * SAMPLES):
        memory.note("worker", 1, number * 20.0, mib[number * len(mib) // (4 * SAMPLES)])
    (found,) = memory.growth()
    return found.flat


def test_memory_that_grows_is_told_and_a_warm_up_is_not_growth() -> None:
    assert growth(100, 100, 101, 105)
    assert not growth(100, 120, 140, 160)
    assert growth(50, *[100] * 9)


def test_a_process_that_was_just_restarted_tells_nothing() -> None:
    memory = Memory()
    memory.note("worker", 1, 0.0, 50.0)
    memory.note("worker", 1, 20.0, 500.0)
    assert memory.growth() == []
