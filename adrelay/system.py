"""The processes of Adrelay on one machine, and what each is given."""

import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from adrelay import names
from adrelay.runtime.ports import free_port
from adrelay.runtime.service import Service

SERVICES = names.SERVICES
ALL_SERVICES = "services"
"""The name of the process that runs all services."""
ALL_SERVICES_STOP_SECONDS = 30.0
"""How long that process may take to stop, in seconds: a service may need 22 with its deadlines, and all but
the gateway begin up to 5 later, see `libs.chassis.main.GROUP_STOP_SECONDS`."""
_SURROUNDINGS = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_.*|TZ|TZDIR|TMPDIR|TERM|LD_LIBRARY_PATH|VIRTUAL_ENV|PYTHON.*"
    r"|SSL_CERT_(FILE|DIR)|PGSSL[A-Z]+|(HTTP|HTTPS|ALL|NO)_PROXY|(http|https|all|no)_proxy"
)
"""What a process may need besides its settings. Everything else may be somebody's secret."""


@dataclass(frozen=True)
class Process:
    """A process of one service or of several."""

    name: str
    module: str
    """Which `python -m` runs."""
    ports: Mapping[str, int]
    """The port of the HTTP server of each of its services, by service."""
    forwards: bool = False
    """Whether it sends posts."""
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    """Settings that it has whatever others say."""
    python: Sequence[str] = (sys.executable,)

    def url_of(self, service: str) -> str:
        """Return the URL of the HTTP server of one of its services."""
        return f"http://127.0.0.1:{self.ports[service]}"

    def service(self, settings: Mapping[str, str], logs: Path) -> Service:
        """Return the process for the supervisor, with these settings, which should be its own alone."""
        log = logs.absolute() / f"{self.name}.log"
        return Service(
            self.name,
            [*self.python, "-m", self.module],
            env={**surroundings(os.environ), **settings, **self._variables(settings, log)},
            health_urls=[f"{self.url_of(service)}/health/ready" for service in self.ports],
            reports_pid=True,
            log=log,
        )

    def _variables(self, settings: Mapping[str, str], log: Path) -> dict[str, str]:
        """Return the settings that a process has on this machine, whatever others say.

        It rotates its log itself: only the writer loses no lines.
        """
        variables = {"ADRELAY_HTTP_HOST": "127.0.0.1"}
        for service, port in self.ports.items():
            metrics = metrics_variable(service)
            variables |= {
                port_variable(service): str(port),
                f"ADRELAY_{service.upper()}_LOG_FILE": str(log),
                metrics: settings.get(metrics, "0"),
            }
        return {**variables, **self.settings}


def surroundings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what any process may know of this environment: none of the settings, and no secrets."""
    return {name: value for name, value in environment.items() if _SURROUNDINGS.fullmatch(name)}


def port_variable(service: str) -> str:
    """Return the variable that sets the port of a service's HTTP server."""
    return f"ADRELAY_{service.upper()}_HTTP_PORT"


def metrics_variable(service: str) -> str:
    """Return the variable that sets the port of a service's metrics, where they have one of their own."""
    return f"ADRELAY_{service.upper()}_METRICS_PORT"


def nats_variable(service: str) -> str:
    """Return the variable that sets the broker's URL with the user of a service."""
    return f"ADRELAY_{service.upper()}_NATS_URL"


def processes(
    *, workers: int, ports: Mapping[str, int] | None = None, python: Sequence[str] = (sys.executable,)
) -> list[Process]:
    """Return the five services, on these ports or free ones, and a number of forwarding workers.

    ``python`` runs a module after ``-m``.
    """
    return [
        *(service_process(name, port=(ports or {}).get(name), python=python) for name in SERVICES),
        *(worker(f"worker-{number}", python=python) for number in range(1, workers + 1)),
    ]


def service_process(
    service: str, *, port: int | None = None, python: Sequence[str] = (sys.executable,)
) -> Process:
    """Return the process of one service, on this port or a free one."""
    return Process(service, f"services.{service}", {service: port or free_port()}, python=python)


def second_process(name: str, service: str) -> Process:
    """Return another process of a service; the first one keeps the port of metrics, which can't be shared."""
    settings = {metrics_variable(service): "0"}
    return replace(service_process(service), name=name, settings=settings)


def worker(name: str, *, python: Sequence[str] = (sys.executable,)) -> Process:
    """Return a forwarding worker."""
    process = second_process(name, "forwarder")
    return replace(process, module="services.forwarder.worker", forwards=True, python=python)


def one_process(
    *, ports: Mapping[str, int] | None = None, python: Sequence[str] = (sys.executable,)
) -> Process:
    """Return the process of all services, which forwards too, on these ports or free ones."""
    return Process(
        ALL_SERVICES,
        "adrelay.together",
        {name: (ports or {}).get(name) or free_port() for name in SERVICES},
        forwards=True,
        settings={"ADRELAY_FORWARDER_RUNS_POOL": "true"},
        python=python,
    )


def in_groups(all_processes: Sequence[Process]) -> list[list[Process]]:
    """Return processes in two groups, of which the second stops first: they ask the others, or send posts."""
    asking = [one for one in all_processes if one.forwards or "gateway" in one.ports]
    answering = [one for one in all_processes if one not in asking]
    return [group for group in (answering, asking) if group]
