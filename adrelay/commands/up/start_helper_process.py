"""Carries out the requests of a `StartHelper`, a line of JSON each, until its input ends.

Settings, keys and the stream need libraries that the supervisor would keep in its memory for ever.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.markup import escape

from adrelay.command_keys import PRIVATE, PUBLIC, missing_keys
from adrelay.commands.up.start_helper import Checked, HelperRequest, Run
from adrelay.configuration import problems, public_key_settings, settings_of, warnings
from adrelay.env_file import DEFAULT, contradictions, put_into_environment, values_in
from adrelay.runtime.faults import RuntimeFault
from adrelay.runtime.local import SETTINGS, open_to_others
from adrelay.runtime.postgres_roles import prepare_roles
from adrelay.runtime.postgres_urls import PostgresUrls
from adrelay.system import SERVICES, nats_variable, port_variable
from libs.chassis.broker_tls import BROKER_FILES
from libs.chassis.create_stream import CreationFailed, create_stream
from libs.chassis.database_roles import SUPERUSER_URL, url_variable
from libs.chassis.plain_text import plain_text_brokers, plain_text_databases
from libs.chassis.private import keep_private
from libs.chassis.secret_files import is_set, value_of
from libs.chassis.settings import PREFIX, variable
from services.gateway.settings import GatewaySettings

_PENDING = {
    "ADRELAY_POSTGRES_URL": "postgresql://pending.invalid",
    "ADRELAY_NATS_URL": "nats://pending.invalid",
}
"""Placeholder URLs of the embedded servers, which are started only once the other settings are valid."""
_FIELDS = {PRIVATE: "command_key", PUBLIC: "command_public_key"}


def check(run: Run) -> Checked:
    """Read and check the settings of a run; nothing is written."""
    remarks: list[str] = []
    path = run.env_file or DEFAULT
    kept = run.folder / SETTINGS
    if run.env_file is None and kept.is_file():
        path = kept
        remarks.append(_note("settings", f"are those of the demo kept here ({kept}); its sandboxes are gone"))
    elif run.env_file is not None and not path.is_file():
        return Checked([_wrong(f"--env-file: there is no file {path}")], valid=False)
    else:
        remarks += map(_warning, _file_warnings(run.folder, path))
    _read(run)
    missing = problems({**_embedded(), **missing_keys(os.environ, None)})
    if missing:
        missing += [warning for warning in warnings() if warning not in missing]
        return Checked([*remarks, *_list(path, missing)], valid=False)
    remarks += map(_warning, [*warnings(), *_shared_user()])
    remarks += map(_warning, [*plain_text_databases(_database_urls()), *plain_text_brokers(_plain_brokers())])
    remarks.append(_note("mails", where_mails_go()))
    return Checked(
        remarks,
        valid=True,
        ports={name: int(port) for name in SERVICES if (port := os.environ.get(port_variable(name)))},
        prefix=os.environ.get("ADRELAY_NATS_PREFIX", ""),
        lack_database=[] if is_set(["ADRELAY_POSTGRES_URL"], os.environ) else _without(url_variable),
        lack_broker=[] if is_set(["ADRELAY_NATS_URL"], os.environ) else _without(nats_variable),
    )


def settings(run: Run, urls: dict[str, str], processes: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    """Return the settings of processes of these services, with the URLs of servers that were started.

    Makes the keys of commands in the run's folder where they are missing. Raises `InvalidSettings`.
    """
    _read(run)
    given = {**urls, **missing_keys(os.environ, run.folder), **public_key_settings()}
    return [settings_of(services, {**os.environ, **given}) for services in processes]


def where_mails_go() -> str:
    """Return where mails are sent, as text for people."""
    found = GatewaySettings.model_validate(
        {
            "postgres_url": _PENDING["ADRELAY_POSTGRES_URL"],
            "nats_url": _PENDING["ADRELAY_NATS_URL"],
            **{_FIELDS[name]: key for name, key in missing_keys(os.environ, None).items()},
        }
    )
    if found.mails:
        return f"go through {found.smtp_host}:{found.smtp_port}, from {found.mail_from}"
    return (
        "are only kept in-app, and you give clients their codes by `adrelay accounts code` "
        f"(no SMTP configured, see {variable(GatewaySettings, 'smtp_host')})"
    )


def _read(run: Run) -> None:
    """Put the settings of a run into the environment."""
    kept = run.folder / SETTINGS
    if run.env_file is None and kept.is_file():
        _forget_settings()  # a demo's folder has its own servers and secrets, which go before other settings
        put_into_environment(kept)
    else:
        put_into_environment(run.env_file or DEFAULT)


def _forget_settings() -> None:
    """Remove every setting from the environment in any spelling: services read each."""
    for name in list(os.environ):
        if name.upper().startswith(PREFIX):
            del os.environ[name]


def _file_warnings(folder: Path, path: Path) -> list[str]:
    found: list[str] = []
    if open_to_others(path):
        found.append(f"{path} can be read by others, and holds secrets: chmod 600 {path}")
    if folder.exists() and open_to_others(folder):
        found.append(f"{folder} can be looked into by others: chmod go-rw {folder}")
    if SUPERUSER_URL in map(str.upper, values_in(path)):
        found.append(
            f"{path} sets {SUPERUSER_URL}, which no service needs: keep it in a file of its own "
            "(docs/how-to/secure-the-databases.md)"
        )
    found += [f"{path} sets {name} to several values; the last one counts" for name in contradictions(path)]
    return found


def _embedded() -> dict[str, str]:
    """Return a placeholder for each server's URL that the environment does not set."""
    return {name: url for name, url in _PENDING.items() if not is_set([name], os.environ)}


def _without(variable_of: Callable[[str], str]) -> list[str]:
    """Return the services for which the environment does not set this variable."""
    return [name for name in SERVICES if not is_set([variable_of(name)], os.environ)]


def _database_urls() -> dict[str, str]:
    """Return the URLs by which services are to use servers that this run does not start, by variable."""
    found = (value_of([url_variable(name), "ADRELAY_POSTGRES_URL"], os.environ) for name in SERVICES)
    return dict(one for one in found if one is not None)


def _plain_brokers() -> dict[str, str]:
    """Return the URLs of NATS servers by variable, but for those with files for TLS."""
    found: dict[str, str] = {}
    for name in SERVICES:
        own = f"{PREFIX}{name.upper()}_"
        files = [f"{prefix}NATS_{kind}_FILE" for prefix in (own, PREFIX) for kind in BROKER_FILES]
        given = value_of([nats_variable(name), "ADRELAY_NATS_URL"], os.environ)
        if given is not None and not is_set(files, os.environ):
            found[given[0]] = given[1]
    return found


def _shared_user() -> list[str]:
    """Return a warning if services share a user of PostgreSQL."""
    sharing = _without(url_variable) if is_set(["ADRELAY_POSTGRES_URL"], os.environ) else []
    if not sharing:
        return []
    who = f"{', '.join(sharing)} share the PostgreSQL user of ADRELAY_POSTGRES_URL, who reaches all databases"
    return [f"{who}; `adrelay databases prepare` gives each its own: docs/how-to/secure-the-databases.md"]


def _list(path: Path, missing: Sequence[str]) -> list[str]:
    return [
        f"[red]Adrelay can't start.[/red] In the environment, or in {escape(str(path))}",
        *(f"  {_wrong(problem)}" for problem in missing),
        "`adrelay keygen` prints good secrets; .env.example explains every setting.",
    ]


def _note(what: str, text: str) -> str:
    return f"[dim]{what:<10}[/dim] {escape(text)}"


def _warning(text: str) -> str:
    return f"[yellow]![/yellow] {escape(text)}"


def _wrong(text: str) -> str:
    return f"[red]✗[/red] {escape(text)}"


def _create_stream(url: str, prefix: str) -> str:
    """Create the stream unless it exists; return why that failed, or nothing."""
    try:
        asyncio.run(create_stream(url, prefix))
    except CreationFailed as error:
        return str(error)
    return ""


def _prepare_roles(server: PostgresUrls, services: Sequence[str]) -> str:
    """Give each service its role and its database; return why that failed, or nothing."""
    try:
        asyncio.run(prepare_roles(server, services))
    except RuntimeFault as fault:
        return str(fault)
    return ""


def carry_out(request: HelperRequest) -> object:
    """Carry out a request; return the answer."""
    run = Run(Path(request["folder"]), Path(request["env_file"]) if request["env_file"] else None)
    match request:
        case {"action": "check"}:
            return asdict(check(run))
        case {"action": "settings", "urls": urls, "processes": processes}:
            return settings(run, urls, processes)
        case {"action": "stream", "url": url, "prefix": prefix}:
            return _create_stream(url, prefix)
        case {"action": "roles", "server_folder": folder, "port": port, "services": services}:
            return _prepare_roles(PostgresUrls(Path(folder), port), services)
        case _:
            raise ValueError(request["action"])


def main() -> None:
    """Carry out requests until the input ends."""
    keep_private()
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # log lines are no answers
        for line in sys.stdin:
            answers.write(f"{json.dumps(carry_out(json.loads(line)))}\n")
            answers.flush()


if __name__ == "__main__":
    main()
