"""The given/when/then tester itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.eventsourcing import ImpossibleEvent
from libs.eventsourcing.testing import scenarios
from tests.integration.engine.meters import METER, Meter, MeterSealed, MeterTurned, Seal, Turn

meter = scenarios(METER)
SEALED = MeterSealed(meter="a")


def turned(number: int) -> MeterTurned:
    return MeterTurned(meter="a", number=number)


def test_events_are_compared_in_order() -> None:
    meter.given(turned(1)).when(Turn("a", 2)).then(turned(2), turned(3))
    with pytest.raises(AssertionError):
        meter.given(turned(1)).when(Turn("a", 2)).then(turned(3), turned(2))


def test_no_events_is_an_expectation_too() -> None:
    meter.given(SEALED).when(Seal("a")).then()
    with pytest.raises(AssertionError, match="MeterTurned"):
        meter.when(Turn("a")).then()


def test_commands_build_on_each_other() -> None:
    meter.when(Turn("a"), Turn("a"), Seal("a")).then(turned(1), turned(2), SEALED)
    meter.when(Turn("a")).when(Turn("a")).then(turned(1), turned(2))


def test_a_refusal_is_compared_by_its_code() -> None:
    refusal = meter.given(SEALED).when(Turn("a")).refused("sealed")
    assert refusal.detail == "a"
    with pytest.raises(AssertionError, match="sealed"):
        meter.given(SEALED).when(Turn("a")).refused("unknown")
    with pytest.raises(AssertionError, match="MeterTurned"):
        meter.when(Turn("a")).refused("sealed")


def test_a_scenario_is_not_changed_by_what_is_built_from_it() -> None:
    base = meter.given(turned(1))
    base.given(turned(2)).when(Turn("a")).then(turned(3))
    base.when(Turn("a")).then(turned(2))


def test_an_impossible_history_is_an_error() -> None:
    with pytest.raises(ImpossibleEvent):
        meter.given(turned(2)).when(Turn("a")).then()


def test_the_state_without_events_is_none() -> None:
    assert meter.state() is None
    assert meter.given(turned(1)).when(Seal("a")).state() == Meter(1, sealed=True)


@given(st.lists(st.integers(min_value=0, max_value=5), max_size=8))
def test_deciding_step_by_step_or_from_the_history_gives_the_same_state(steps: list[int]) -> None:
    commands = [Turn("a", times) for times in steps]
    history = [turned(number) for number in range(1, sum(steps) + 1)]
    meter.when(*commands).then(*history)
    assert meter.when(*commands).state() == meter.given(*history).state()
    meter.given(*history).when(Turn("a")).then(turned(sum(steps) + 1))
