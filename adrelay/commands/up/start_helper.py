"""The process that helps a start, whose code is in `start_helper_process`."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Required, TypedDict

from adrelay.runtime.child import Child, Launch
from adrelay.runtime.faults import RuntimeFault
from adrelay.runtime.postgres_urls import PostgresUrls

MODULE = "adrelay.commands.up.start_helper_process"
END_SECONDS = 2.0


@dataclass(frozen=True)
class Run:
    """A run of `adrelay up`: its folder, and the file of settings that was named."""

    folder: Path
    env_file: Path | None


@dataclass(frozen=True)
class Checked:
    """The settings of a run, as far as the supervisor needs them."""

    remarks: list[str]
    """Lines for people, with Rich's markup."""
    valid: bool
    ports: dict[str, int] = field(default_factory=dict[str, int])
    """The ports that were chosen, by service."""
    prefix: str = ""
    """Put before the stream's name."""
    lack_database: list[str] = field(default_factory=list[str])
    """The services for which no PostgreSQL server was named."""
    lack_broker: list[str] = field(default_factory=list[str])
    """The services for which no NATS server was named."""


class HelperRequest(TypedDict, total=False):
    """What the process is to do, with what it needs for it."""

    action: Required[str]
    folder: Required[str]
    env_file: Required[str]
    urls: dict[str, str]
    processes: list[list[str]]
    url: str
    prefix: str
    server_folder: str
    port: int
    services: list[str]


class StartHelper:
    """Has a process check settings, make keys, and prepare roles and the stream.

    It is one process until `end`, and one for each request afterwards. It holds all secrets, as `up` does.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._kept = True
        self._child: Child | None = None
        self._turn = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """Return the id of the process between requests."""
        return self._child.pid if self._child is not None else None

    async def end(self) -> None:
        """End the process."""
        self._kept = False
        async with self._turn:
            await self._end()

    async def check(self) -> Checked:
        """Return the settings, checked."""
        return Checked(**await self._answer(self._request("check")))

    async def settings(
        self, urls: Mapping[str, str], processes: Sequence[Sequence[str]]
    ) -> list[dict[str, str]]:
        """Return the settings of processes of these services, with the URLs of servers that were started."""
        request = self._request("settings")
        request["urls"], request["processes"] = dict(urls), [list(one) for one in processes]
        found: list[dict[str, str]] = await self._answer(request)
        return found

    async def create_stream(self, url: str, prefix: str) -> None:
        """Create the stream of events unless it exists; raise `RuntimeFault`."""
        request = self._request("stream")
        request["url"], request["prefix"] = url, prefix
        problem = await self._answer(request)
        if problem:
            raise RuntimeFault(f"nats: {problem}")

    async def prepare_roles(self, server: PostgresUrls, services: Sequence[str]) -> None:
        """Give each service its role and its database on a server; raise `RuntimeFault`."""
        request = self._request("roles")
        request["server_folder"], request["port"] = str(server.folder), server.port
        request["services"] = list(services)
        problem = await self._answer(request)
        if problem:
            raise RuntimeFault(str(problem))

    def _request(self, action: str) -> HelperRequest:
        return HelperRequest(
            action=action, folder=str(self._run.folder), env_file=str(self._run.env_file or "")
        )

    async def _answer(self, request: HelperRequest) -> Any:  # noqa: ANN401 - JSON
        """Return the answer; raise `RuntimeFault` if there is none, or none in JSON."""
        async with self._turn:
            answered = False
            try:
                child = self._child = self._child or await _spawned()
                line = await child.request(json.dumps(request).encode() + b"\n")
                if not line:
                    raise RuntimeFault("the process that reads the settings ended before it answered")
                answer = json.loads(line)
                answered = True
            except ValueError as error:
                raise RuntimeFault(f"the process that reads the settings gave no answer: {error}") from error
            finally:
                if not (self._kept and answered):  # a late answer is no other request's
                    await self._end()
        return answer

    async def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            await child.stop(signal.SIGTERM, END_SECONDS)


async def _spawned() -> Child:
    command = [sys.executable, "-m", MODULE]
    return await Child.spawn(Launch(command, asyncio.subprocess.PIPE, env=dict(os.environ), answers=True))
