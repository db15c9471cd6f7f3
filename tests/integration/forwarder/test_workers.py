"""Workers as real processes that are killed and frozen in mid-cycle: each group gets the post once."""

import signal
from pathlib import Path

import pytest

from libs.events.values import CycleId, Pacing, ResultClass
from services.forwarder.settings import ForwarderSettings
from tests.integration.forwarder.harness import ForwarderHarness
from tests.integration.forwarder.processes import running
from tests.support.waiting import until

PACING = Pacing(delay_seconds=0.05, jitter_seconds=0.05)


@pytest.fixture
def settings(settings: ForwarderSettings) -> ForwarderSettings:
    """Return settings by which the leases of a killed worker end soon."""
    return settings.model_copy(update={"lease_seconds": 3.0})


async def in_mid_cycle(harness: ForwarderHarness, sends: int) -> None:
    async def under_way() -> bool:
        return len(harness.sent()) >= sends

    await until(under_way)


async def check_that_all_got_one_copy(harness: ForwarderHarness, cycle: CycleId, groups: list[str]) -> None:
    assert await harness.finished(cycle) == {ResultClass.SENT: len(groups)}
    assert harness.copies(groups) == {1: len(groups)}
    assert not harness.telegram.held_twice()


async def test_a_worker_that_is_killed_in_mid_cycle_is_replaced_by_another(
    harness: ForwarderHarness, settings: ForwarderSettings, tmp_path: Path
) -> None:
    seats = await harness.seats(3)
    groups = harness.groups(36, seats)
    async with running(settings, tmp_path) as first:
        cycle = await harness.begin(seats, groups, pacing=PACING)
        await in_mid_cycle(harness, 12)
        await first.killed()
        async with running(settings, tmp_path):
            await check_that_all_got_one_copy(harness, cycle, groups)
    # what the first one had sent and not recorded was asked for again, and not written again
    assert "repeat" in {entry.outcome for entry in harness.sent()}


async def test_workers_may_be_killed_one_after_the_other(
    harness: ForwarderHarness, settings: ForwarderSettings, tmp_path: Path
) -> None:
    seats = await harness.seats(4)
    groups = harness.groups(50, seats)
    async with running(settings, tmp_path) as survivor:
        cycle = await harness.begin(seats, groups, pacing=PACING)
        for sends in (5, 16, 27):
            async with running(settings, tmp_path) as victim:
                await in_mid_cycle(harness, sends)
                await victim.killed()
        await survivor.killed()
        async with running(settings, tmp_path):
            await check_that_all_got_one_copy(harness, cycle, groups)


async def test_a_worker_that_was_frozen_finds_its_sessions_gone_and_sends_nothing(
    harness: ForwarderHarness, settings: ForwarderSettings, tmp_path: Path
) -> None:
    seats = await harness.seats(2)
    groups = harness.groups(36, seats)
    async with running(settings, tmp_path) as first:
        cycle = await harness.begin(seats, groups, pacing=PACING)
        await in_mid_cycle(harness, 8)
        first.send_signal(signal.SIGSTOP)
        async with running(settings, tmp_path):
            sent = len(harness.sent())
            await in_mid_cycle(harness, sent + 8)
            first.send_signal(signal.SIGCONT)
            await check_that_all_got_one_copy(harness, cycle, groups)
