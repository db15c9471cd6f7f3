"""The entry point of every service process."""

import sys
from collections.abc import Awaitable, Callable
from typing import NoReturn, TypeVar

import structlog
import uvloop

from libs.chassis.advice import with_advice
from libs.chassis.logs import configure
from libs.chassis.private import keep_private
from libs.chassis.settings import InvalidSettings, ServiceSettings, load, misspelt
from libs.eventsourcing.errors import OperatorNeeded

log = structlog.stdlib.get_logger()

SettingsT = TypeVar("SettingsT", bound=ServiceSettings)

EXIT_SETTINGS = 2
EXIT_FAILED = 1


def main(settings: type[SettingsT], run: Callable[[SettingsT], Awaitable[None]]) -> None:
    """Check the settings and run a service until SIGTERM or SIGINT.

    Exit codes: 0 stopped, 1 failed, 2 invalid settings.
    """
    keep_private()
    try:
        loaded = load(settings)
    except InvalidSettings as error:
        _refuse(settings, error)
    configure(settings.service, level=loaded.log_level, style=loaded.log_format, file=loaded.log_file)
    for problem in misspelt(settings):
        log.warning("settings.unknown", problem=problem)
    try:
        uvloop.run(_run(run, loaded))
    except KeyboardInterrupt:
        log.info("service.interrupted")
    except InvalidSettings as error:  # they contradict what the service has stored
        _refuse(settings, error)
    except OperatorNeeded as refusal:
        log.error("service.refused", problem=with_advice(refusal))  # noqa: TRY400 - the trace tells nothing
        sys.exit(EXIT_FAILED)
    except Exception as error:
        log.exception("service.failed", error=type(error).__name__)
        sys.exit(EXIT_FAILED)


def _refuse(settings: type[ServiceSettings], error: InvalidSettings) -> NoReturn:
    for problem in error.problems:
        sys.stderr.write(f"{settings.service}: {problem}\n")
    sys.exit(EXIT_SETTINGS)


async def _run(run: Callable[[SettingsT], Awaitable[None]], settings: SettingsT) -> None:
    await run(settings)
