"""A short run of random faults under load; `make chaos` makes longer ones."""

import shutil
import tempfile
from pathlib import Path

import pytest

from tests.chaos.run import run
from tests.chaos.schedule import Kind, draw

SEED = 28
FAULTS = 10


@pytest.mark.timeout(420)
async def test_every_invariant_holds_after_random_faults() -> None:
    folder = Path(tempfile.mkdtemp(prefix="adrelay-chaos-"))
    report = await run(SEED, FAULTS, folder=folder, clients=3)
    assert not report.breaches, str(report)
    shutil.rmtree(folder, ignore_errors=True)


def test_a_seed_always_gives_the_same_schedule() -> None:
    assert draw(5, 60, workers=3) == draw(5, 60, workers=3)
    assert draw(5, 60, workers=3) != draw(6, 60, workers=3)


def test_a_long_schedule_contains_every_kind_of_fault() -> None:
    assert {fault.kind for fault in draw(1, 60, workers=3)} == set(Kind)
