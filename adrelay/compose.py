"""The files of `docker compose` that follow from the code: users of the broker, settings of containers."""

from adrelay.configuration import ALL, password_variable
from libs.chassis.broker_permissions import OPERATOR, permissions_of
from libs.chassis.settings import ServiceSettings, names_of
from libs.events.categories import SERVICES

_BY_COMPOSE = (
    "POSTGRES_URL",
    "NATS_URL",
    "NATS_PREFIX",
    "HTTP_HOST",
    "HTTP_PORT",
    "METRICS_HOST",
    "METRICS_PORT",
    "LOG_FILE",
)
"""The settings that `docker-compose.yml` itself gives, or that make no sense in a container."""


def nats_configuration() -> str:
    """Return `deploy/nats.conf`: a server that syncs what it acknowledges, and its users."""
    lines = [
        "# NATS as Adrelay needs it: an acknowledged event is on the disk; each service has its own user.",
        "# Written by `python -m adrelay.reference`; docs/how-to/secure-the-broker.md explains it.",
        "port: 4222",
        'http: "127.0.0.1:8222"  # it shows connections and consumers: for the health check alone',
        "max_payload: 2MB",
        "jetstream {",
        "  store_dir: /data",
        "  sync_interval: always",
        "}",
        "authorization {",
        "  users: [",
        f"    {{user: {OPERATOR}, password: ${password_variable(OPERATOR)}}}  # the operator's tools",
    ]
    for service in SERVICES:
        permissions = permissions_of(service)
        lines += [
            "    {",
            f"      user: {service}, password: ${password_variable(service)}",
            "      permissions: {",
            f"        publish: {{allow: [{_listed(permissions.publish)}]}}",
            f"        subscribe: {{allow: [{_listed(permissions.subscribe)}]}}",
            "        allow_responses: true",
            "      }",
            "    }",
        ]
    return "\n".join([*lines, "  ]", "}"]) + "\n"


def _listed(subjects: tuple[str, ...]) -> str:
    return ", ".join(f'"{subject}"' for subject in subjects)


def compose_settings() -> str:
    """Return `deploy/settings.yml`: which variables of `.env` each container is given."""
    lines = [
        "# The variables of .env that each service is given, its own settings, for docker-compose.yml.",
        "# Written by `python -m adrelay.reference`.",
        "services:",
    ]
    for settings in ALL:
        lines += [f"  {settings.service}:", "    environment:"]
        lines += [f"      {name}:" for name in sorted(names_of(settings) - _given(settings))]
    return "\n".join(lines) + "\n"


def _given(settings: type[ServiceSettings]) -> set[str]:
    prefixes = ("ADRELAY_", f"ADRELAY_{settings.service.upper()}_")
    return {f"{prefix}{name}{end}" for prefix in prefixes for name in _BY_COMPOSE for end in ("", "_FILE")}
