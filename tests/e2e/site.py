"""A folder as a reader of the pages has it, with all that they tell to start running in it."""

import asyncio
import os
import re
import shlex
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from adrelay.runtime.ports import free_port
from tests.deadlines import DEADLINE_SECONDS
from tests.e2e.pages import ROOT
from tests.support.forked import PYTHON, fork

FROM_THE_REPOSITORY = (".env.example", "services", "Makefile")
COMMAND_SECONDS = 120.0
HURRY_SECONDS = 0.5


@dataclass(frozen=True)
class Ran:
    """What a command printed, standard error included, and its exit code."""

    code: int
    text: str


class Site:
    """Types commands in a folder. `replace` says what is typed instead of what stands on the pages."""

    def __init__(self, folder: Path, replace: Mapping[str, str | Callable[[], str]]) -> None:
        self.folder = folder
        self.said = ""
        """All that was printed so far."""
        self.replaced: set[str] = set()
        self._replace = replace
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._variables: dict[str, str] = {}
        self._install(folder / ".venv" / "bin")
        for name in FROM_THE_REPOSITORY:
            (folder / name).symlink_to(ROOT / name)
        (folder / ".curlrc").write_text("silent\nshow-error\nfail-with-body\n")

    def _install(self, programs: Path) -> None:
        """Create an `adrelay` that the fork server runs, and a Python that has it run modules."""
        programs.mkdir(parents=True)
        for name, lines in {
            "adrelay": f'export {PYTHON}={programs / "python"}\nexec $FORK "$@"',
            "python": f'[ "$1" = -m ] && exec $FORK "$@"\nexec {sys.executable} "$@"',
        }.items():
            program = programs / name
            program.write_text(f"#!/bin/sh\n{lines}\n")
            program.chmod(0o755)

    def typed(self, text: str) -> str:
        """Return what is typed for a text of a page."""
        for shown, instead in self._replace.items():
            if re.search(shown, text):
                self.replaced.add(shown)
                text = re.sub(shown, instead if isinstance(instead, str) else instead(), text)
        return text

    async def run(self, command: str) -> Ran:
        """Type a command of a page and wait for its end; a variable that it sets is kept for later ones."""
        text = self.typed(command)
        name = re.match(r"([A-Z]+)=", text)
        text = f'{text}; printf %s "${name[1]}"' if name else text
        process = await self._started(text)
        async with asyncio.timeout(COMMAND_SECONDS):
            out, _ = await process.communicate(b"y\n")
        ran = Ran(process.returncode or 0, out.decode())
        if name:
            self._variables[name[1]] = ran.text
        self.said += ran.text
        return ran

    async def follow(self, command: str) -> str:
        """Type a command that runs until Ctrl-C; return the first thing that it prints."""
        process = await self._started(f"exec {self.typed(command)}")
        assert process.stdout is not None
        try:
            async with asyncio.timeout(COMMAND_SECONDS):
                return (await process.stdout.readline()).decode()
        finally:
            await _end(process)

    async def start(self, command: str, *ports: int) -> None:
        """Start what runs until Ctrl-C; return when it listens on these ports."""
        log = self.folder / f"{len(list(self.folder.glob('*.log')))}.log"
        with log.open("wb") as output:
            process = await self._started(f"exec {self.typed(command)}", output.fileno())
        self._running[command] = process
        deadline = time.monotonic() + 2 * DEADLINE_SECONDS  # a dozen processes
        while not all(map(_listens, ports)):
            assert process.returncode is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            await asyncio.sleep(0.1)

    def runs(self, command: str) -> bool:
        """Say whether this was started and has not ended."""
        return command in self._running and self._running[command].returncode is None

    async def close(self) -> None:
        """End what was started, the last first."""
        for process in reversed(self._running.values()):
            ending = asyncio.create_task(_end(process))
            await asyncio.wait([ending], timeout=HURRY_SECONDS)
            await asyncio.gather(ending, _end(process))  # a second Ctrl-C, for all is done

    async def _started(self, text: str, output: int = asyncio.subprocess.PIPE) -> asyncio.subprocess.Process:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ADRELAY_")}
        return await asyncio.create_subprocess_exec(
            "sh",
            "-c",
            text,
            cwd=self.folder,
            env={
                **kept,
                **self._variables,
                "CURL_HOME": str(self.folder),
                "PYTHONPATH": str(ROOT),
                "FORK": shlex.join(await fork()),
            },
            stdin=asyncio.subprocess.PIPE,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
        )


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)
    await process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def ports_in(command: str) -> list[int]:
    """Return the ports that a command's options name."""
    words = shlex.split(command)
    return [int(after) for word, after in pairwise(words) if word.endswith("port")]


def fresh_ports(*shown: str) -> dict[str, str]:
    """Return free ports to take instead of those that pages show."""
    return {rf"\b{port}\b": str(free_port()) for port in shown}
