"""Sampled log lines, for events that strangers can cause: a few per kind and minute, then a count."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import structlog

Kind: TypeAlias = tuple[str, str]
"""The name of a log event and a code, which together are its kind."""

WINDOW_SECONDS = 60.0
LINES_A_WINDOW = 10
_MOST_KINDS = 500
_TIMER_SLACK_SECONDS = 0.05
"""A loop's timer may fire a little before the clock has reached the instant, in seconds."""
_OTHER = "other"


@dataclass(slots=True)
class _Window:
    ends: float
    passed: int = 0
    suppressed: int = 0


class Sampler:
    """Decides which lines are written: of each kind the first few of a minute.

    `report` gets the kind and the number of suppressed lines once their minute is over; without a running
    event loop, at the next line of the kind. A kind is remembered for its minute. There is a limit of kinds:
    above it, all lines count as one more kind.
    """

    def __init__(
        self,
        report: Callable[[Kind, int], None],
        *,
        lines: int = LINES_A_WINDOW,
        seconds: float = WINDOW_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._report = report
        self._lines = lines
        self._seconds = seconds
        self._clock = clock
        self._windows: dict[Kind, _Window] = {}

    def passes(self, kind: Kind) -> bool:
        """Count a line; return whether it is written."""
        now = self._clock()
        self._close(now)
        if kind not in self._windows and len(self._windows) >= _MOST_KINDS:
            kind = (_OTHER, _OTHER)
        window = self._windows.setdefault(kind, _Window(now + self._seconds))
        if window.passed < self._lines:
            window.passed += 1
            return True
        window.suppressed += 1
        if window.suppressed == 1:
            self._close_later(window.ends - now)
        return False

    def _close(self, now: float) -> None:
        """Remove the windows that are over; they are ordered by their ends."""
        while self._windows:
            kind = next(iter(self._windows))
            if self._windows[kind].ends > now:
                return
            suppressed = self._windows.pop(kind).suppressed
            if suppressed:
                self._report(kind, suppressed)

    def _close_later(self, seconds: float) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        loop.call_later(seconds + _TIMER_SLACK_SECONDS, self._closing)

    def _closing(self) -> None:
        # the timer runs in a copy of the suppressed request's log context, which it is not about
        service = structlog.contextvars.get_contextvars().get("service")
        structlog.contextvars.clear_contextvars()
        if service is not None:
            structlog.contextvars.bind_contextvars(service=service)
        self._close(self._clock())


class SampledLog:
    """Writes sampled log events. Counters count them all."""

    def __init__(self, name: str, *, sampler: Sampler | None = None) -> None:
        self._log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
        self._lines = logging.getLogger(name)
        self._sampler = sampler or Sampler(reporter(name))

    def write(self, level: int, event: str, *, code: str, **about: object) -> None:
        """Write the event unless the limit of this event and code is reached in this minute."""
        if self._lines.isEnabledFor(level) and self._sampler.passes((event, code)):
            self._log.log(level, event, code=code, **about)

    def exception(self, event: str, *, code: str, **about: object) -> None:
        """Write the current exception with its traceback, as often as `write` does."""
        if self._sampler.passes((event, code)):
            self._log.exception(event, code=code, **about)


class SampledLines(logging.Filter):
    """A logging filter that samples lines of other libraries which strangers can cause."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._sampler = Sampler(reporter(name))

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line is written; structlog's lines, our own, always are."""
        return isinstance(record.msg, dict) or self._sampler.passes((str(record.msg), record.levelname))


def reporter(name: str) -> Callable[[Kind, int], None]:
    """Return a function that logs how many lines of a kind were suppressed."""
    log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)

    def report(kind: Kind, suppressed: int) -> None:
        event, code = kind
        log.warning("log.suppressed", suppressed=event, code=code, lines=suppressed)

    return report
