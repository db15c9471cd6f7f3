"""Generates pages from the code, such as every setting, event, route and problem, and `.env.example`.

`python -m adrelay.reference` writes them; a test fails if they are outdated.
"""

import inspect
import json
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from adrelay.access_page import access_page
from adrelay.command_routes import commands_page
from adrelay.compatible_page import compatible_page
from adrelay.compose import compose_settings, nats_configuration
from adrelay.configuration import ALL, password_variable, role_password_variable
from adrelay.system import SERVICES, nats_variable
from adrelay.telegram_errors import telegram_errors_page
from adrelay.trust_page import trust_page
from libs.chassis.broker_permissions import OPERATOR
from libs.chassis.database_roles import SUPERUSER_URL, TOOLS, TOOLS_URL, role_of, url_variable
from libs.chassis.settings import PREFIX, ServiceSettings, variable
from libs.events import billing, forwarder, gateway, provisioning, scheduler
from libs.events.commands import billing as to_billing
from libs.events.commands import forwarder as to_forwarder
from libs.events.commands import provisioning as to_provisioning
from libs.events.commands import scheduler as to_scheduler
from libs.eventsourcing import Command, Event
from libs.eventsourcing.hosting import Contract
from services.gateway.api.app import make_app
from services.gateway.api.requests.codes import SECTIONS

ROOT = Path(__file__).parent.parent
_OWNERS: tuple[tuple[ModuleType, ...], ...] = (
    (billing, to_billing),
    (provisioning, to_provisioning),
    (scheduler, to_scheduler),
    (forwarder, to_forwarder),
    (gateway, *gateway.MODULES),
)
OPERATORS_URL = "ADRELAY_EVENTS_NATS_URL"
_EMBEDDED = {"postgres_url", "nats_url", "command_key", "command_public_key"}
"""The settings that `adrelay up` provides by itself."""
_COMMAND_LINE = (
    (
        "ADRELAY_GATEWAY_HTTP_PORT",
        "8080",
        "The gateway's port under `adrelay up`, which commands connect to",
    ),
    (
        "ADRELAY_GATEWAY_URL",
        "",
        "The gateway that commands connect to, instead of the one of this machine's `adrelay up`",
    ),
    (
        OPERATORS_URL,
        "",
        "The NATS server with the operator's user, for `adrelay events`, instead of ADRELAY_NATS_URL",
    ),
    (
        TOOLS_URL,
        "",
        "The PostgreSQL server with the user of tools that only read; they add the service to its name",
    ),
    (
        SUPERUSER_URL,
        "",
        "The PostgreSQL server with a user that may create roles and databases; not for `.env`",
    ),
    ("ADRELAY_TRACEBACK", "", "If set, an internal error of adrelay is shown with its traceback"),
)
"""The variables of the command line only, or with another meaning there: name, default, description."""
_EMPTY = "''"
_BATCHABLE = " Batchable."


_PUBLIC_KEY = ("command_public_key", ServiceSettings.model_fields["command_public_key"])


def pages() -> dict[Path, str]:
    """Return every generated page by its path below the root."""
    return {
        Path(".env.example"): env_example(),
        Path("deploy/nats.conf"): nats_configuration(),
        Path("deploy/settings.yml"): compose_settings(),
        Path("docs/reference/trust.md"): trust_page(),
        Path("docs/reference/settings.md"): settings_page(),
        Path("docs/reference/events.md"): events_page(),
        Path("docs/reference/access.md"): access_page(),
        Path("docs/reference/compatible-routes.md"): compatible_page(),
        Path("docs/reference/commands.md"): commands_page(),
        Path("docs/reference/telegram-errors.md"): telegram_errors_page(),
        Path("docs/reference/problems.md"): problems_page(),
        Path("docs/reference/values.md"): values_page(),
    }


def env_example() -> str:
    """Return `.env.example`: required settings, and optional ones with their defaults."""
    lines = [
        "# Settings of Adrelay. Copy to .env and fill in what is empty; `adrelay keygen` prints secrets.",
        "# `adrelay up` lists what is still missing. Every setting: docs/reference/settings.md",
        "# Between single quotes a value may hold anything. Of several values of a setting the last counts.",
        "# It holds secrets: chmod 600 .env",
        "",
        "# Servers. Left empty, `adrelay up` runs PostgreSQL and NATS itself, in .adrelay/",
        "# ADRELAY_POSTGRES_URL=postgresql://user:password@host:5432",
        "# ADRELAY_NATS_URL=nats://host:4222",
        "# With a role for each service, which `adrelay databases prepare` prints and creates",
        "# (docs/how-to/secure-the-databases.md):",
        *(f"# {url_variable(name)}=postgresql://{role_of(name)}:password@host:5432" for name in SERVICES),
        f"# {TOOLS_URL}=postgresql://{TOOLS}:password@host:5432",
        "# On a NATS server with users, for each its own (docs/how-to/secure-the-broker.md):",
        *(f"# {nats_variable(service)}=nats://{service}:password@host:4222" for service in SERVICES),
        f"# {OPERATORS_URL}=nats://{OPERATOR}:password@host:4222",
        "# For docker compose; `adrelay keygen` makes all but that of PostgreSQL's superuser:",
        "# POSTGRES_PASSWORD=''",
        *(f"# {role_password_variable(owner)}=''" for owner in ("tools", *SERVICES)),
        *(f"# {password_variable(user)}=''" for user in (OPERATOR, *SERVICES)),
    ]
    lines += ["", "# -- all services", *_example(ServiceSettings, *_PUBLIC_KEY)]
    for settings in ALL:
        own = {
            name: field
            for name, field in _own_fields(settings).items()
            if field.validation_alias is None  # else it reads another service's variable
        }
        if own:
            lines += ["", f"# -- {settings.service}"]
        for name, field in own.items():
            lines += _example(settings, name, field)
    lines += ["", "# -- the command line"]
    for name, default, about in _COMMAND_LINE:
        if name != SUPERUSER_URL:  # it does not belong into a file that services read
            lines += [f"# {about}", f"# {name}={default or _EMPTY}"]
    return "\n".join(lines) + "\n"


def _example(settings: type[ServiceSettings], name: str, field: FieldInfo) -> list[str]:
    about = f"# {field.description}" if field.description else ""
    if name in _EMBEDDED:
        return [about, f"# {variable(settings, name)}=''"]
    if field.is_required():
        return [line for line in (about, f"{variable(settings, name)}=''") if line]
    default = _default(field) or "''"
    return [line for line in (about, f"# {variable(settings, name)}={default}") if line]


def settings_page() -> str:
    """Return the page of all settings."""
    lines = [
        "# Settings",
        "",
        "All settings are environment variables, read once at start; `adrelay up` also reads them from",
        "`.env`, literally: the last value counts, single quotes may hold anything, and nothing is expanded.",
        "If a setting is missing or too weak, the service does not start, and one line names it. A common",
        "setting applies to all services (`ADRELAY_LOG_LEVEL`) or to one (`ADRELAY_BILLING_LOG_LEVEL`).",
        "",
        "A secret, also the URL of a server, can be in a file: `ADRELAY_GATEWAY_JWT_SECRET_FILE` names the",
        "one that holds `ADRELAY_GATEWAY_JWT_SECRET`.",
        "",
        "## Every service",
        "",
        *_table(ServiceSettings, dict(ServiceSettings.model_fields)),
    ]
    for settings in ALL:
        lines += ["", f"## {settings.service}", "", *_table(settings, _own_fields(settings))]
    lines += ["", "## The command line", "", "| variable | default | |", "| --- | --- | --- |"]
    for name, default, about in _COMMAND_LINE:
        lines.append(f"| `{name}` | `{default}` | {about} |".replace("``", ""))
    return "\n".join(lines) + "\n"


def _own_fields(settings: type[ServiceSettings]) -> dict[str, FieldInfo]:
    return {
        name: field
        for name, field in settings.model_fields.items()
        if name not in ServiceSettings.model_fields
    }


def _table(settings: type[ServiceSettings], fields: dict[str, FieldInfo]) -> list[str]:
    rows = ["| variable | default | |", "| --- | --- | --- |"]
    for name, field in fields.items():
        default = "**required**" if field.is_required() else f"`{_default(field)}`"
        if name in _EMBEDDED:
            default = "given by `adrelay up`"
        shown = f"{PREFIX}{name.upper()}" if settings is ServiceSettings else variable(settings, name)
        rows.append(f"| `{shown}` | {default} | {field.description or ''} |".replace("``", ""))
    return rows


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=False)
    if value is None or value is PydanticUndefined:
        return ""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, dict):
        return ",".join(f"{key}={held}" for key, held in cast("dict[str, str]", value).items())
    if isinstance(value, Path):
        return value.relative_to(ROOT).as_posix() if value.is_relative_to(ROOT) else str(value)
    return str(value)


def events_page() -> str:
    """Return the page of all events and commands, from their docstrings."""
    lines = [
        "# Events and commands",
        "",
        "A service publishes its events on `event.<service>.<Type>.<partition>`. It receives commands on",
        "`cmd.<service>.<Command>`, and batches of batchable commands on `cmd.<service>.<Command>.many`; all",
        "are [signed by the gateway](trust.md).",
        "This page is generated from the docstrings in `libs/events/`.",
    ]
    for modules in _OWNERS:
        lines += ["", f"## {modules[0].__name__.rpartition('.')[2]}"]
        for title, kind in (("Events", Event), ("Commands", Command)):
            found = [one for module in modules for one in _contracts(module, kind)]
            if found:
                lines += ["", f"### {title}", ""]
            for contract in found:
                text = " ".join((inspect.getdoc(contract) or "").split())
                fields = ", ".join(f"`{name}`" for name in contract.model_fields)
                together = issubclass(contract, Command) and contract.batchable
                lines.append(f"- **{contract.__name__}** ({fields}): {text}{_BATCHABLE if together else ''}")
    return "\n".join(lines) + "\n"


def problems_page() -> str:
    """Return the page of all codes of problems."""
    lines = [
        "# Problems",
        "",
        "An error of the REST interface is `application/problem+json` (RFC 9457). Programs decide by its",
        "`code`, which never changes its meaning or its status; `type` is `urn:adrelay:problem:<code>`.",
        "`detail` is for people and may change. `correlation_id` finds the request in logs and events; the",
        "header `X-Correlation-Id` of every answer has it too. New codes may be added: treat one that you do",
        "not know by its status. Errors of 429 and 503 have the header `Retry-After`, in seconds.",
        "",
        "The server answers in JSON whatever `Accept` says; it never answers 406.",
    ]
    for title, codes in SECTIONS.items():
        lines += [
            "",
            f"## {title}",
            "",
            "| code | status | means | what to do |",
            "| --- | --- | --- | --- |",
        ]
        lines += [
            f"| `{code}` | {one.status.value} | {one.meaning} | {one.remedy} |" for code, one in codes.items()
        ]
    return "\n".join(lines) + "\n"


def values_page() -> str:
    """Return the page of the values that fields of requests and answers may have."""
    schemas: dict[str, dict[str, Any]] = make_app().openapi()["components"]["schemas"]
    lines = [
        "# Values",
        "",
        "The fields of the REST interface whose values are from a list. Programs compare them as they are:",
        "statuses, results, roles and parties are in capitals, kinds, reasons, orders and formats in small",
        "letters, and so are the states of groups and mails. Names of Telegram's errors are in capitals, as",
        "Telegram writes them; codes of problems are in small letters. Further values may be added: show one",
        "that you do not know as it is. In requests, coins are accepted in small letters too, and plan codes",
        "and e-mail addresses in capitals.",
        "",
        "| list | fields | values |",
        "| --- | --- | --- |",
    ]
    for name, schema in sorted(schemas.items()):
        if "enum" in schema:
            fields = ", ".join(f"`{field}`" for field in _fields_of(name, schemas))
            values = ", ".join(f"`{value}`" for value in schema["enum"])
            lines.append(f"| {name} | {fields} | {values} |")
    return "\n".join(lines) + "\n"


def _fields_of(name: str, schemas: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the fields whose value is from this list."""
    reference = f'"#/components/schemas/{name}"'
    found = {
        field
        for schema in schemas.values()
        for field, shape in schema.get("properties", {}).items()
        if reference in json.dumps(shape)
    }
    return sorted(found)


def _contracts(module: ModuleType, kind: type[Contract]) -> list[type[Contract]]:
    return [
        found
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, kind) and found.__module__ == module.__name__
    ]


def main() -> None:
    """Write all pages."""
    for path, text in pages().items():
        (ROOT / path).write_text(text)


if __name__ == "__main__":
    main()
