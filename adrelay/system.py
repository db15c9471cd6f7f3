"""The processes of Adrelay on one machine, and the environment of each."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from adrelay import names
from adrelay.runtime.ports import free_port
from adrelay.runtime.service import Service

SERVICES = names.SERVICES


@dataclass(frozen=True)
class Process:
    """One process: its name, its module, and the port of its HTTP server."""

    name: str
    module: str
    port: int

    @property
    def url(self) -> str:
        """The URL of its HTTP server."""
        return f"http://127.0.0.1:{self.port}"

    def service(self, environment: Mapping[str, str], logs: Path) -> Service:
        """Return the process for the supervisor."""
        return Service(
            self.name,
            [sys.executable, "-m", self.module],
            env={**environment, "ADRELAY_HTTP_HOST": "127.0.0.1", **self._port(), **self._log(logs)},
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

    def _port(self) -> dict[str, str]:
        return {port_variable(self.module.split(".")[1]): str(self.port)}


def port_variable(service: str) -> str:
    """Return the variable that sets the port of a service's HTTP server."""
    return f"ADRELAY_{service.upper()}_HTTP_PORT"


def processes(*, workers: int, ports: Mapping[str, int] | None = None) -> list[Process]:
    """Return the five services, on these ports or free ones, and a number of forwarding workers."""
    chosen = ports or {}
    made = [Process(name, f"services.{name}", chosen.get(name) or free_port()) for name in SERVICES]
    made += [
        Process(f"worker-{number}", "services.forwarder.worker", free_port())
        for number in range(1, workers + 1)
    ]
    return made
