"""The entry point of a process: runs one service, or several in one event loop."""

import libs.chassis.plain_structlog  # noqa: F401  # pyright: ignore[reportUnusedImport] - before others import it

# isort: split
import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
import uvloop

from libs.chassis import exit_codes
from libs.chassis.advice import with_advice
from libs.chassis.connections import raise_open_files_limit
from libs.chassis.logs import configure
from libs.chassis.names import APPLICATION
from libs.chassis.private import keep_private
from libs.chassis.settings import InvalidSettings, ServiceSettings, load, misspelt
from libs.eventsourcing.errors import OperatorNeeded

log = structlog.stdlib.get_logger()

SettingsT = TypeVar("SettingsT", bound=ServiceSettings)

GROUP_STOP_SECONDS = 5.0
"""After how many seconds the next group begins to stop, though one before it has not: longer than an HTTP
server waits for requests in progress, which are why there is an order."""
_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True)
class HostedService:
    """A service of a process: the class of its settings, and what runs it until it is cancelled."""

    settings: type[ServiceSettings]
    run: Callable[[Any], Awaitable[None]]
    """Takes the settings; stops gracefully before it raises `CancelledError`."""


def main(settings: type[SettingsT], run: Callable[[SettingsT], Awaitable[None]]) -> None:
    """Check the settings and run a service until SIGTERM or SIGINT.

    Exit codes: 0 stopped, 1 failed, 2 invalid settings.
    """
    main_of([HostedService(settings, run)])


def main_of(*groups: Sequence[HostedService]) -> None:
    """Run services in one event loop, each with its own settings, as `main` runs one.

    All begin at once. The last group stops first, so that it finds the others' answers until the end of its
    own requests; the others wait for it for `GROUP_STOP_SECONDS`. If one service fails, all stop, and the
    process ends with its exit code. The most detailed of their log levels counts, and the first one's format
    and file.
    """
    keep_private()
    services = [hosted for group in groups for hosted in group]
    loaded = _settings(services)
    first = loaded[services[0]]
    configure(
        first.service if len(services) == 1 else APPLICATION,
        level=min((one.log_level for one in loaded.values()), key=_LEVELS.index),
        style=first.log_format,
        file=first.log_file,
    )
    if len(services) > 1:
        raise_open_files_limit()
    for hosted in services:
        for problem in misspelt(hosted.settings):
            log.warning("settings.unknown", service=hosted.settings.service, problem=problem)
    try:
        code = uvloop.run(_run([[_Service(hosted, loaded[hosted]) for hosted in group] for group in groups]))
    except KeyboardInterrupt:
        log.info("service.interrupted")
        code = 0
    sys.exit(code)


def _settings(services: Sequence[HostedService]) -> dict[HostedService, ServiceSettings]:
    """Return the settings of each; if any are invalid, print what is wrong with all, and exit."""
    loaded: dict[HostedService, ServiceSettings] = {}
    for hosted in services:
        try:
            loaded[hosted] = load(hosted.settings)
        except InvalidSettings as error:
            _show(hosted.settings.service, error)
    if len(loaded) < len(services):
        sys.exit(exit_codes.SETTINGS)
    return loaded


def _show(service: str, error: InvalidSettings) -> None:
    for problem in error.problems:
        sys.stderr.write(f"{service}: {problem}\n")


@dataclass(frozen=True)
class _Service:
    hosted: HostedService
    settings: ServiceSettings

    async def run(self) -> int:
        """Run it; log its failure, and return the exit code."""
        service = self.settings.service
        structlog.contextvars.bind_contextvars(service=service)
        try:
            await self.hosted.run(self.settings)
        except InvalidSettings as error:  # they contradict what the service has stored
            _show(service, error)
            return exit_codes.SETTINGS
        except OperatorNeeded as refusal:
            log.error("service.refused", problem=with_advice(refusal))  # noqa: TRY400 - the trace tells nothing
            return exit_codes.FAILED
        except Exception as error:
            log.exception("service.failed", error=type(error).__name__)
            return exit_codes.FAILED
        return 0


async def _run(groups: Sequence[Sequence[_Service]]) -> int:
    """Run services until a signal, or until one of them ends, then stop all; return the exit code."""
    running = [
        [asyncio.create_task(one.run(), name=one.settings.service) for one in group] for group in groups
    ]
    services = [task for group in running for task in group]
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([stopping, *services], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    last, *earlier = running
    for group in reversed(earlier):
        for task in group:
            task.cancel()
        _, late = await asyncio.wait(group, timeout=GROUP_STOP_SECONDS)
        if late:
            log.warning("service.stops_late", services=sorted(task.get_name() for task in late))
    for task in last:
        task.cancel()
    await asyncio.wait(services)
    return max((task.result() for task in services if not task.cancelled()), default=0)
