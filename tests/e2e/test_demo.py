"""The demo, with all that goes wrong in it."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from adrelay.demo import command
from adrelay.demo.output import DemoOutput
from tests.support.forked import fork
from tests.support.system import ForkedSystem

pytestmark = pytest.mark.timeout(360)


async def test_every_incident_is_survived_and_said(tmp_path: Path) -> None:
    shown = StringIO()
    wanted = command.Wanted(cycles=3, album=False, undisturbed=False)
    system = ForkedSystem(tmp_path, workers=2, python=await fork())
    run = command._run  # pyright: ignore[reportPrivateUsage] - without the process around it
    proven = await run(DemoOutput(Console(file=shown, width=150)), system, wanted, keep=False)
    assert proven, shown.getvalue()
    for said in (
        "was told to wait 4 s",
        "was banned",
        "@bonn_flats turned private",
        "could not read the post for a moment",
        "was killed with -9",
        "Every one of 8 groups holds every one of 3 posts exactly once.",
    ):
        assert said in shown.getvalue()
