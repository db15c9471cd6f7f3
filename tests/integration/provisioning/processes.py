"""Provisioning as a process of its own, which can be killed."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def killable(settings: dict[str, str], log: Path) -> AsyncGenerator[asyncio.subprocess.Process]:
    """The service with these settings; whatever it is doing at the block's end, it is killed then."""
    found = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"}
    for name, value in settings.items():
        found[f"ADRELAY_PROVISIONING_{name.upper()}"] = value
    with log.open("wb") as output:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "services.provisioning",
            cwd=ROOT,
            env=found,
            stdout=output,
            stderr=output,
        )
    try:
        yield child
        assert child.returncode in {None, -signal.SIGKILL}, log.read_text()  # noqa: ASYNC240 - a local file
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()
