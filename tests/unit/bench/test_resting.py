"""The bench of a system at rest starts a program, and leaves it alone."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from bench.resting import running
from tests.deadlines import DEADLINE_SECONDS

TALKATIVE = """
import sys
print("Adrelay is up", file=sys.stderr, flush=True)
sys.stderr.write("more\\n" * 400_000)
"""


async def test_a_program_is_not_blocked_by_what_it_prints_after_it_is_up(tmp_path: Path) -> None:
    async with running([sys.executable, "-c", TALKATIVE], tmp_path, os.environ) as program:
        async with asyncio.timeout(DEADLINE_SECONDS):
            assert await program.wait() == 0


async def test_a_program_that_ends_says_why(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no settings"):
        async with running([sys.executable, "-c", "raise SystemExit('no settings')"], tmp_path, os.environ):
            pass
