"""The processes of Adrelay on one machine, and the environment of each."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from adrelay import names
from adrelay.runtime.ports import free_port
from adrelay.runtime.service import Service

SERVICES = names.SERVICES


@dataclass(frozen=True)
class Process:
    """One process: its name, its module, the port of its HTTP server, and the interpreter that runs it."""

    name: str
    module: str
    port: int
    python: Sequence[str] = (sys.executable,)

    @property
    def url(self) -> str:
        """The URL of its HTTP server."""
        return f"http://127.0.0.1:{self.port}"

    def service(self, environment: Mapping[str, str], logs: Path) -> Service:
        """Return the process for the supervisor."""
        return Service(
            self.name,
            [*self.python, "-m", self.module],
            env={
                **environment,
                "ADRELAY_HTTP_HOST": "127.0.0.1",
                **self._port(),
                **self._metrics(),
                **self._log(logs),
            },
            health_url=f"{self.url}/health/ready",
            reports_pid=True,
            log=self._log_file(logs),
        )

    def _log(self, logs: Path) -> dict[str, str]:
        """Return the environment in which it rotates its log itself: only the writer loses no lines."""
        owner = self.module.split(".")[1].upper()
        return {f"ADRELAY_{owner}_LOG_FILE": str(self._log_file(logs))}

    def _log_file(self, logs: Path) -> Path:
        return logs.absolute() / f"{self.name}.log"

    def _metrics(self) -> dict[str, str]:
        """Return the environment in which no two processes, as several workers, share a port for metrics."""
        owner = self.module.split(".")[1]
        variable = f"ADRELAY_{owner.upper()}_METRICS_PORT"
        return {variable: os.environ.get(variable, "0") if self.name == owner else "0"}

    def _port(self) -> dict[str, str]:
        return {port_variable(self.module.split(".")[1]): str(self.port)}


def port_variable(service: str) -> str:
    """Return the variable that sets the port of a service's HTTP server."""
    return f"ADRELAY_{service.upper()}_HTTP_PORT"


def processes(
    *, workers: int, ports: Mapping[str, int] | None = None, python: Sequence[str] | None = None
) -> list[Process]:
    """Return the five services, on these ports or free ones, and a number of forwarding workers.

    ``python`` runs a module after ``-m``; without it, the interpreter of this process does.
    """
    chosen, python = ports or {}, python or [sys.executable]
    made = [Process(name, f"services.{name}", chosen.get(name) or free_port(), python) for name in SERVICES]
    made += [
        Process(f"worker-{number}", "services.forwarder.worker", free_port(), python)
        for number in range(1, workers + 1)
    ]
    return made
