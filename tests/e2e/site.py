"""A folder in which the pages' commands run, as a reader would run them."""

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
from uuid import uuid4

from adrelay.runtime.ports import free_port
from tests.deadlines import DEADLINE_SECONDS
from tests.e2e.pages import ROOT
from tests.support.forked import PYTHON, fork

FROM_THE_REPOSITORY = (".env.example", "services", "Makefile")
COMMAND_SECONDS = 120.0
HURRY_SECONDS = 0.5


@dataclass(frozen=True)
class CommandResult:
    """A command's exit code and output, standard error included."""

    code: int
    text: str


class Site:
    """Runs commands in a folder. `replace` maps texts of the pages to those that are run instead."""

    def __init__(self, folder: Path, replace: Mapping[str, str | Callable[[], str]]) -> None:
        self.folder = folder
        self.output = ""
        """The output of all commands so far."""
        self.replaced: set[str] = set()
        self._replace = replace
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._variables: dict[str, str] = {}
        self._fork = folder / ".venv" / "fork"
        self._install(folder / ".venv" / "bin")
        for name in FROM_THE_REPOSITORY:
            (folder / name).symlink_to(ROOT / name)
        (folder / ".curlrc").write_text("silent\nshow-error\nfail-with-body\n")

    def _install(self, programs: Path) -> None:
        """Create an `adrelay` that the fork server runs, and a Python that has it run modules."""
        programs.mkdir(parents=True)
        forked = f"$(cat {self._fork})"  # a file: processes are given no variables but their settings
        for name, lines in {
            "adrelay": f'export {PYTHON}={programs / "python"}\nexec {forked} "$@"',
            "python": f'[ "$1" = -m ] && exec {forked} "$@"\nexec {sys.executable} "$@"',
        }.items():
            program = programs / name
            program.write_text(f"#!/bin/sh\n{lines}\n")
            program.chmod(0o755)

    def typed(self, text: str) -> str:
        """Return a page's text after the replacements."""
        for shown, instead in self._replace.items():
            if re.search(shown, text):
                self.replaced.add(shown)
                text = re.sub(shown, instead if isinstance(instead, str) else instead(), text)
        return text

    async def run(self, command: str) -> CommandResult:
        """Run a command of a page to its end; a variable that it sets is set for later ones."""
        text = self.typed(command)
        name = re.match(r"([A-Z]+)=", text)
        text = f'{text}; printf %s "${name[1]}"' if name else text
        process = await self._started(text)
        async with asyncio.timeout(COMMAND_SECONDS):
            out, _ = await process.communicate(b"y\n")
        ran = CommandResult(process.returncode or 0, out.decode())
        if name:
            self._variables[name[1]] = ran.text
        self.output += ran.text
        return ran

    async def follow(self, command: str) -> str:
        """Run a command that runs until Ctrl-C; interrupt it, and return its first line."""
        process = await self._started(f"exec {self.typed(command)}")
        assert process.stdout is not None
        try:
            async with asyncio.timeout(COMMAND_SECONDS):
                return (await process.stdout.readline()).decode()
        finally:
            await _end(process)

    async def start(self, command: str, *ports: int) -> None:
        """Start a command that runs until Ctrl-C; return when it listens on these ports."""
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
        """Return whether this command was started and still runs."""
        return command in self._running and self._running[command].returncode is None

    async def close(self) -> None:
        """Stop all started commands, the last first."""
        for process in reversed(self._running.values()):
            ending = asyncio.create_task(_end(process))
            await asyncio.wait([ending], timeout=HURRY_SECONDS)
            await asyncio.gather(ending, _end(process))  # a second Ctrl-C ends it at once

    async def _started(self, text: str, output: int = asyncio.subprocess.PIPE) -> asyncio.subprocess.Process:
        fresh = self._fork.with_name(f"fork-{uuid4().hex}")
        fresh.write_text(shlex.join(await fork()))
        fresh.replace(self._fork)  # at once: another command may read it
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ADRELAY_")}
        return await asyncio.create_subprocess_exec(
            "sh",
            "-c",
            text,
            cwd=self.folder,
            env={
                **inherited,
                **self._variables,
                "CURL_HOME": str(self.folder),
                "PYTHONPATH": str(ROOT),
            },
            stdin=asyncio.subprocess.PIPE,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
        )


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)
    await process.communicate()  # a full pipe would keep it from ending


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def ports_in(command: str) -> list[int]:
    """Return the ports in a command's options."""
    words = shlex.split(command)
    return [int(after) for word, after in pairwise(words) if word.endswith("port")]


def fresh_ports(*shown: str) -> dict[str, str]:
    """Return a free port for each port of the pages, by pattern."""
    return {rf"\b{port}\b": str(free_port()) for port in shown}
