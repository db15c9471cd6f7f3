"""When outcomes are recorded: by number, or after a time in proportion to the adbot's pacing."""

import math
from uuid import UUID

import pytest

from libs.events.forwarder import Delivery
from libs.events.values import AdbotId, ApplicationId, CycleId, ResultClass, SessionId, TextPost
from libs.eventsourcing import Cause
from libs.eventsourcing.values import utc_now
from services.forwarder.cycle.commands import Outcome
from services.forwarder.pool.batch import Batch
from services.forwarder.pool.sends import Send
from services.forwarder.settings import ForwarderSettings

SETTINGS = ForwarderSettings.model_construct(batch_size=3, batch_seconds=2.0, max_batch_seconds=120.0)
OUTCOME = Outcome(
    Delivery(group="@group", session=SessionId(UUID(int=3)), result=ResultClass.SENT, at=utc_now())
)


def send(delay: float, jitter: float = 0.0, group: str = "@group") -> Send:
    return Send(
        cycle=CycleId(UUID(int=7)),
        group=group,
        pair=ApplicationId(UUID(int=1)),
        adbot=AdbotId(UUID(int=2)),
        cause=Cause(UUID(int=8), UUID(int=9)),
        post=TextPost(text="the post"),
        delay_seconds=delay,
        jitter_seconds=jitter,
        attempts=0,
        doubtful=False,
    )


@pytest.mark.parametrize(
    ("delay", "jitter", "seconds"),
    [(10.0, 0.0, 120.0), (4.0, 2.0, 60.0), (0.05, 0.05, 2.0), (3600.0, 0.0, 120.0)],
)
def test_an_outcome_waits_for_twelve_pauses_within_limits(
    delay: float, jitter: float, seconds: float
) -> None:
    batch = Batch(SETTINGS, SessionId(UUID(int=3)))
    batch.add(send(delay, jitter), OUTCOME)
    assert batch.due_in == pytest.approx(seconds, abs=0.5)


def test_a_full_batch_is_due_at_once() -> None:
    batch = Batch(SETTINGS, SessionId(UUID(int=3)))
    for number in range(3):
        assert batch.due_in > 0
        batch.add(send(10.0, group=f"@group_{number}"), OUTCOME)
    assert batch.due_in == 0


def test_an_outcome_that_is_there_already_is_replaced() -> None:
    batch = Batch(SETTINGS, SessionId(UUID(int=3)))
    for _ in range(3):
        batch.add(send(10.0), OUTCOME)
    assert batch.keys == [send(10.0).key]


def test_the_outcome_that_may_wait_least_decides() -> None:
    batch = Batch(SETTINGS, SessionId(UUID(int=3)))
    batch.add(send(10.0), OUTCOME)
    batch.add(send(0.5), OUTCOME)
    assert batch.due_in == pytest.approx(6.0, abs=0.5)


def test_a_batch_begins_anew_after_it_was_recorded() -> None:
    batch = Batch(SETTINGS, SessionId(UUID(int=3)))
    assert batch.due_in == math.inf
    batch.add(send(0.5), OUTCOME)
    batch.outcomes.clear()
    assert batch.due_in == math.inf
    batch.add(send(10.0), OUTCOME)
    assert batch.due_in == pytest.approx(120.0, abs=0.5)
