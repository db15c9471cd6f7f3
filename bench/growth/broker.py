"""The broker's start with the stream of a made history, and its memory."""

import os
import signal
import time

from bench.growth.system import System, memory
from bench.growth.table import Unit, Value

_STOP_SECONDS = 120.0


async def restarted(system: System) -> dict[str, Value]:
    """Restart the broker, and kill it; each time measure until it answers a question about the stream.

    It reads what was published in the last two minutes, for duplicates: call it when that is little.
    """
    await system.nats.stop(_STOP_SECONDS)
    values = {"broker: start": Value(Unit.SECONDS, await _start(system))}
    values["broker: memory after its start"] = Value(Unit.BYTES, memory(system.nats.pid).resident)
    assert system.nats.pid is not None
    os.kill(system.nats.pid, signal.SIGKILL)
    await system.nats.wait()
    values["broker: start after it was killed"] = Value(Unit.SECONDS, await _start(system))
    return values


async def _start(system: System) -> float:
    begin = time.perf_counter()
    await system.nats.start()
    async with system.stream():
        return time.perf_counter() - begin
