"""The tools as processes."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.forked import command, environment


@dataclass(frozen=True)
class CommandResult:
    """A tool's output and exit code."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:  # noqa: ANN401 - JSON
        """The JSON document of its output."""
        return json.loads(self.out)

    @property
    def documents(self) -> list[Any]:
        """The JSON documents of its output, one per line."""
        return [json.loads(line) for line in self.out.splitlines()]


async def started(
    settings: Mapping[str, str], *arguments: str, folder: Path | None = None
) -> asyncio.subprocess.Process:
    """Start a tool."""
    return await asyncio.create_subprocess_exec(
        *await command("events", *arguments),
        env=environment(settings),
        cwd=folder or Path("/"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def ran(settings: Mapping[str, str], *arguments: str, folder: Path | None = None) -> CommandResult:
    """Run a tool; return its output and exit code."""
    process = await started(settings, *arguments, folder=folder)
    out, err = await process.communicate()
    return CommandResult(process.returncode or 0, out.decode(), err.decode())
