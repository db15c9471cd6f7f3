"""All of Adrelay, its services and sandboxes run by the fork server."""

import os
import signal

from adrelay.demo.system import LocalSystem
from tests.support.forked import pid_behind
from tests.support.waiting import until

PATIENT = {"ADRELAY_GATEWAY_READ_YOUR_WRITES_SECONDS": "10"}
"""A test reads right after it wrote: read models may lag on a slow machine."""
UNHURRIED = {
    **PATIENT,
    "ADRELAY_SCHEDULER_DELAY_SECONDS": "0.5",
    "ADRELAY_SCHEDULER_JITTER_SECONDS": "0.1",
    "ADRELAY_GATEWAY_CHECKOUTS_PER_MINUTE": "1000",
    "ADRELAY_GATEWAY_CHECKOUTS_PER_HOUR": "1000",
    "ADRELAY_GATEWAY_WRITES_PER_MINUTE": "1000",
    "ADRELAY_GATEWAY_WRITES_PER_DAY": "100000",
    "ADRELAY_GATEWAY_SIGN_INS_PER_MINUTE": "1000",
    "ADRELAY_GATEWAY_WRONG_SECRETS_PER_HOUR": "1000",
    "ADRELAY_GATEWAY_READS_PER_MINUTE": "100000",
    "ADRELAY_GATEWAY_READS_PER_MINUTE_PER_ADDRESS": "100000",
}
"""Settings for many tests' clients, and a pace slow enough for a test to act in the middle of a cycle."""


class ForkedSystem(LocalSystem):
    """A system whose `python` is what `fork` returns: its supervisor starts clients of the fork server."""

    def pid(self, name: str) -> int:
        """Return the process id of a running part itself, not of the client that stands for it."""
        return pid_behind(super().pid(name))


async def kill(system: LocalSystem, *names: str) -> None:
    """Kill running parts, and wait until each was restarted and all are ready."""
    before = {name: system.supervisor.status(name).restarts for name in names}
    for name in names:
        os.kill(system.pid(name), signal.SIGKILL)

    async def restarted() -> bool:
        return all(system.supervisor.status(name).restarts > count for name, count in before.items())

    await until(restarted)
    await system.supervisor.until_ready()
