"""The entry point of every service process."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from libs.chassis.logs import configure
from libs.chassis.settings import InvalidSettings, ServiceSettings, load

log = structlog.stdlib.get_logger()

SettingsT = TypeVar("SettingsT", bound=ServiceSettings)

EXIT_SETTINGS = 2
EXIT_FAILED = 1


def main(settings: type[SettingsT], run: Callable[[SettingsT], Awaitable[None]]) -> None:
    """Check the settings and run a service until it is told to stop.

    Exit codes: 0 stopped, 1 failed, 2 the settings are not valid.
    """
    try:
        loaded = load(settings)
    except InvalidSettings as error:
        for problem in error.problems:
            sys.stderr.write(f"{settings.service}: {problem}\n")
        sys.exit(EXIT_SETTINGS)
    configure(settings.service, level=loaded.log_level, style=loaded.log_format)
    try:
        asyncio.run(_run(run, loaded))
    except KeyboardInterrupt:
        log.info("service.interrupted")
    except Exception as error:
        log.exception("service.failed", error=type(error).__name__)
        sys.exit(EXIT_FAILED)


async def _run(run: Callable[[SettingsT], Awaitable[None]], settings: SettingsT) -> None:
    await run(settings)
