"""The demo, with all that goes wrong in it."""

import asyncio
import re
from contextlib import suppress
from io import StringIO
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from adrelay.demo import command
from adrelay.demo.output import DemoOutput
from tests.deadlines import DEADLINE_SECONDS
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


async def test_a_living_system_waits_for_people_to_click_through(tmp_path: Path) -> None:
    shown = Shown()
    wanted = command.Wanted(cycles=1, album=False, undisturbed=True, web=True)
    system = ForkedSystem(tmp_path, workers=1, python=await fork())
    run = command._run  # pyright: ignore[reportPrivateUsage] - without the process around it
    task = asyncio.create_task(run(DemoOutput(Console(file=shown, width=150)), system, wanted, keep=False))
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            await shown.link.wait()
        site = shown.getvalue().partition("Open ")[2].partition("/sign-in#code=")[0]
        async with httpx.AsyncClient(base_url=site) as http:
            assert "<title>Adrelay</title>" in (await http.get("/sign-in")).text
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert re.search(r"/sign-in#code=USER(-[0-9A-Z]{5}){4}\n", shown.getvalue())


class Shown(StringIO):
    """What the demo printed; `link` is set when it has printed the link."""

    def __init__(self) -> None:
        super().__init__()
        self.link = asyncio.Event()

    def write(self, text: str) -> int:
        """Add a text."""
        if "Ctrl-C" in text:
            self.link.set()
        return super().write(text)
