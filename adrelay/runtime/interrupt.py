"""Ctrl-C and SIGTERM: end the current work quietly, at any moment."""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SHELL_BASE = 128


class Interrupted(Exception):
    """The work was interrupted by a signal, and has cleaned up."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(f"ended by {number.name}")
        self.exit_code = _SHELL_BASE + number
        """The exit code of shells for a program that was ended by this signal."""


def run_interruptibly(work: Coroutine[None, None, T], hurry: Callable[[], None]) -> T:
    """Run the work; a first signal cancels it, and each further one calls ``hurry`` during its cleanup.

    Raises `Interrupted` after the cleanup, unless the work returned nevertheless.
    """
    with quiet_end(), asyncio.Runner() as runner:
        return runner.run(_cancelled_by_signals(work, hurry))


@contextmanager
def quiet_end() -> Generator[None]:
    """Restore the system's default for signals, which end this process without cleanup."""
    before = [signal.signal(number, signal.SIG_DFL) for number in _SIGNALS]
    try:
        yield
    finally:
        for number, handler in zip(_SIGNALS, before, strict=True):
            signal.signal(number, handler)


async def _cancelled_by_signals(work: Coroutine[None, None, T], hurry: Callable[[], None]) -> T:
    task = asyncio.create_task(work)
    received: list[signal.Signals] = []

    def on_signal(number: signal.Signals) -> None:
        received.append(number)
        if len(received) == 1:
            task.cancel()
        else:
            hurry()

    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, on_signal, number)
    await asyncio.wait([task])
    if received and task.cancelled():
        raise Interrupted(received[0])
    return task.result()
