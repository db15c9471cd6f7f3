"""Ends a test process that hangs where no test's timeout can end it, and prints where.

A test's timeout (pytest-timeout's signal) is an exception, raised once in whatever code runs. In a callback
of asyncio's loop it is swallowed, in another task it is that task's. What hangs afterwards, such as the
finalizer of a session's fixture, has no timeout at all. Only the end of the process helps.
"""

import asyncio
import faulthandler
import gc
import os
import threading
import traceback
from collections.abc import Generator
from time import monotonic, sleep
from types import FrameType
from typing import TextIO

import pytest

DEADLINE_SECONDS = 480.0
"""Longer than any test's timeout, whose report is better."""
LOOK_SECONDS = 1.0
EXIT_CODE = 70


class Watchdog:
    """A plugin: ends the process, without cleaning up, if a phase of a test exceeds the limit.

    The teardown of a worker's last test includes the finalizers of its session.
    """

    def __init__(self, limit_seconds: float = DEADLINE_SECONDS) -> None:
        self._limit_seconds = limit_seconds
        self._began: tuple[str, float] | None = None
        self._stderr = open(os.dup(2), "w", encoding="utf-8")  # noqa: PTH123, SIM115 - before pytest captures it

    def pytest_sessionstart(self) -> None:
        """Start the thread that watches."""
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Watch a test; a worker may wait for any time between tests."""
        self._began = item.nodeid, monotonic()
        try:
            return (yield)
        finally:
            self._began = None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Restart the clock for the next phase."""
        if self._began is not None:
            self._began = report.nodeid, monotonic()

    def _watch(self) -> None:
        while True:
            sleep(LOOK_SECONDS)
            began = self._began
            if began is not None and monotonic() - began[1] > self._limit_seconds:
                try:
                    self._report(began[0])
                finally:
                    os._exit(EXIT_CODE)

    def _report(self, test: str) -> None:
        print(f"\n{test}: nothing for {self._limit_seconds:g} s; this process ends", file=self._stderr)
        for task in (found for found in gc.get_objects() if issubclass(type(found), asyncio.Task)):
            if not task.done():
                print_awaiting(task, self._stderr)
        self._stderr.flush()
        faulthandler.dump_traceback(self._stderr)


def print_awaiting(task: "asyncio.Task[object]", file: TextIO) -> None:
    """Print where a task is: its coroutine, and what that awaits, down to the last."""
    print(f"\n{task.get_name()} is in", file=file)
    at: object = task.get_coro()
    while at is not None:
        frame = _first_of(at, "cr_frame", "ag_frame", "gi_frame")
        if isinstance(frame, FrameType):
            traceback.print_stack(frame, limit=1, file=file)
        at = _first_of(at, "cr_await", "ag_await", "gi_yieldfrom")


def _first_of(awaited: object, *names: str) -> object:
    return next((found for name in names if (found := getattr(awaited, name, None)) is not None), None)
