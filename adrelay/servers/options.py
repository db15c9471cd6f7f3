"""Resolve the services' databases and the broker from settings, or from the folder of a local run."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from adrelay.env_file import DEFAULT, put_into_environment, values_in
from adrelay.names import SERVICES
from adrelay.terminal.outcome import Unusable
from libs.chassis.broker_tls import BrokerTls
from libs.chassis.database_roles import SUPERUSER_URL, TOOLS_URL

if TYPE_CHECKING:
    from adrelay.runtime.postgres_urls import PostgresUrls

DataOption = Annotated[
    Path | None,
    typer.Option(
        "--folder",
        "--data",
        help="The folder of a local `adrelay up` or `adrelay demo --keep`, instead of settings; "
        "without either, .adrelay if there is one.",
    ),
]
EnvFileOption = Annotated[
    Path, typer.Option("--env-file", help="Settings; the environment goes before it.", show_default=True)
]
ScratchOption = Annotated[
    str | None,
    typer.Option("--scratch", help="Use the databases NAME_<service> that `import --into NAME` created."),
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text for people.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Stored for people.", show_default=False)]
LimitOption = Annotated[int, typer.Option(help="The maximum of lines.", min=1, max=100_000)]
TextOption = Annotated[
    str | None, typer.Option(help="Only with this text in one of its fields.", show_default=False)
]
SinceOption = Annotated[
    str | None, typer.Option(help="Only from this time on: ISO 8601, or like 2h ago.", show_default=False)
]
UntilOption = Annotated[str | None, typer.Option(help="Only before this time, likewise.", show_default=False)]
GroupArgument = Annotated[
    str, typer.Argument(metavar="GROUP", help="@name, a link or an id, with /topic.", show_default=False)
]
GroupsOption = Annotated[
    list[str] | None,
    typer.Option("--group", help="@name, a link or an id, with /topic; several times for several."),
]
GroupsFileOption = Annotated[
    Path | None, typer.Option("--groups-file", help="A file with a group on each line; - for standard input.")
]
DropOptionsOption = Annotated[
    bool, typer.Option("--drop-options", help="Remove what differs for single groups of the adbot.")
]
PausedOption = Annotated[bool, typer.Option("--paused", help="No cycle sends to it.")]
EveryOption = Annotated[
    int | None,
    typer.Option(help="Seconds for which it is left out after a cycle that sent to it.", show_default=False),
]
ENV_FILE = DEFAULT
GATEWAY_EPILOG = (
    "The gateway is found by ADRELAY_GATEWAY_URL (http://127.0.0.1:8080 if unset) and asked with "
    "ADRELAY_GATEWAY_ADMIN_TOKEN. Exit codes: 0 done, 1 refused or nothing found, 2 could not run."
)
"""The end of the help of commands that ask the gateway."""
_MOST_GROUPS_BYTES = 512 * 1024


class Broker(NamedTuple):
    """A NATS server and the prefix of its stream's name. The URL contains a password: not for logs."""

    url: str
    prefix: str
    tls: BrokerTls = BrokerTls()


class ServerOptions:
    """The servers that a tool's options and settings name; each is resolved only when it is needed."""

    def __init__(self, data: Path | None, env_file: Path = ENV_FILE, scratch: str | None = None) -> None:
        self._data = data
        self._scratch = None if scratch is None else scratch_name(scratch)
        if data is not None and not data.is_dir():
            raise Unusable(f"{data} is no folder")
        put_into_environment(env_file)

    def databases(self, chosen: list[str] | None = None, *, writing: bool = False) -> dict[str, str]:
        """Return the databases' URLs by service: of all, or of the chosen ones.

        They have the tools' role, which reads, where there is one; for `writing`, the service's own.
        """
        names = checked(chosen) if chosen else list(SERVICES)
        local = self._local_postgres(names)
        if local is not None:
            urls = {name: local.of(name) if writing else local.tools_of(name) for name in names}
        else:
            from adrelay.servers.settings import database_urls

            urls = database_urls(names, writing=writing)
        return {name: self._renamed(url, name) for name, url in urls.items()}

    def tools_url(self) -> str | None:
        """Return the server's URL with the tools' user; None if there is none."""
        local = self._local_postgres(SERVICES)
        if local is not None:
            return local.tools()
        from adrelay.servers.settings import postgres_url

        return postgres_url(TOOLS_URL)

    def superuser_url(self) -> str | None:
        """Return the server's URL with the superuser, to create databases; None if there is none."""
        local = self._local_postgres(SERVICES)
        if local is not None:
            from adrelay.runtime.postgres_urls import PLAIN

            return local.superuser(PLAIN)
        from adrelay.servers.settings import postgres_url

        return postgres_url(SUPERUSER_URL)

    def broker(self) -> Broker:
        """Return the broker that holds the stream."""
        local = self._data or _folder_of_up("nats", ["events"])
        if local is not None:
            from adrelay.runtime.folder import remembered_password
            from adrelay.runtime.ports import LOOPBACK
            from libs.chassis.broker_permissions import OPERATOR

            folder = local / "nats"
            address = f"{LOOPBACK}:{_port(folder, 'NATS')}"
            url = f"nats://{OPERATOR}:{remembered_password(folder / 'password')}@{address}"
            return Broker(url, _prefix_in(local))
        from adrelay.servers.settings import broker_url

        return Broker(*broker_url())

    def _local_postgres(self, services: Sequence[str]) -> "PostgresUrls | None":
        """Return the URLs of a local run's server, if that is the one to use."""
        local = self._data or _folder_of_up("postgres", ["events", *services])
        if local is None:
            return None
        from adrelay.runtime.postgres_urls import PostgresUrls

        return PostgresUrls(local / "postgres", _port(local / "postgres", "PostgreSQL"))

    def _renamed(self, url: str, service: str) -> str:
        from libs.chassis.database_urls import in_database

        return url if self._scratch is None else in_database(url, f"{self._scratch}_{service}")


def groups_in(groups: Sequence[str] | None, file: Path | None) -> list[str] | None:
    """Return the groups that options give: single ones, then those of a file; None without any."""
    if file is None:
        return list(groups) if groups else None
    from adrelay.terminal.inputs import read_input

    lines = read_input(file, _MOST_GROUPS_BYTES).decode("utf-8-sig").splitlines()
    return [*(groups or ()), *(line.strip() for line in lines if line.strip())]


def _folder_of_up(server: str, services: Sequence[str]) -> Path | None:
    """Return the folder of the `adrelay up` that was started here, if no setting names another server."""
    from adrelay.runtime.local import DEFAULT_FOLDER
    from libs.chassis.secret_files import is_set

    names = [f"ADRELAY_{owner}{server.upper()}_URL" for owner in ("", *_prefixes(services))]
    configured = is_set(names, os.environ)
    return DEFAULT_FOLDER if not configured and (DEFAULT_FOLDER / server / "port").is_file() else None


def _prefixes(services: Sequence[str]) -> list[str]:
    return [f"{name.upper()}_" for name in services]


def _prefix_in(folder: Path) -> str:
    """Return the prefix of the stream's name; in a kept demo's folder only from its own settings."""
    from adrelay.runtime.local import SETTINGS

    kept = folder / SETTINGS
    return (values_in(kept) if kept.is_file() else os.environ).get("ADRELAY_NATS_PREFIX", "")


def _port(folder: Path, server: str) -> int:
    from adrelay.runtime.folder import remembered_port

    port = remembered_port(folder / "port")
    if port is None or not (folder / "password").is_file():
        raise Unusable(f"{folder.parent} holds no {server} server of `adrelay up` or `adrelay demo --keep`")
    return port


def checked(services: list[str]) -> list[str]:
    """Return the names of services; raise `Unusable` for unknown ones."""
    for name in services:
        if name not in SERVICES:
            raise Unusable(f"no service is called {name!r}; there are {', '.join(SERVICES)}")
    return services


def scratch_name(name: str) -> str:
    """Return the name of scratch databases; raise `Unusable` if it is invalid."""
    from adrelay.runtime.postgres import DATABASE_NAME

    if not DATABASE_NAME.fullmatch(f"{name}_provisioning") or name == "adrelay":
        raise Unusable(f"{name!r} can't name scratch databases; take a few small letters, not adrelay")
    return name
