"""Resolve the services' databases and the broker from settings, or from the folder of a local run."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from adrelay.env_file import DEFAULT, put_into_environment, values_in
from adrelay.names import SERVICES
from adrelay.terminal.outcome import Unusable

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


class ServerOptions:
    """The servers that a tool's options and settings name; each is resolved only when it is needed."""

    def __init__(self, data: Path | None, env_file: Path = ENV_FILE, scratch: str | None = None) -> None:
        self._data = data
        self._scratch = None if scratch is None else scratch_name(scratch)
        if data is not None and not data.is_dir():
            raise Unusable(f"{data} is no folder")
        put_into_environment(env_file)

    def databases(self, chosen: list[str] | None = None) -> dict[str, str]:
        """Return the databases' URLs by service: of all, or of the chosen ones."""
        names = checked(chosen) if chosen else list(SERVICES)
        local = self._data or _beside("postgres", names)
        if local is not None:
            return {name: self._local_database(local, name) for name in names}
        from adrelay.servers.settings import database_urls

        return {name: self._renamed(url, name) for name, url in database_urls(names).items()}

    def broker(self) -> Broker:
        """Return the broker that holds the stream."""
        local = self._data or _beside("nats", ["events"])
        if local is not None:
            from adrelay.runtime.folder import remembered_password
            from adrelay.runtime.nats import USER
            from adrelay.runtime.ports import LOOPBACK

            folder = local / "nats"
            address = f"{LOOPBACK}:{_port(folder, 'NATS')}"
            url = f"nats://{USER}:{remembered_password(folder / 'password')}@{address}"
            return Broker(url, _prefix_in(local))
        from adrelay.servers.settings import broker_url

        return Broker(*broker_url())

    def _local_database(self, data: Path, service: str) -> str:
        from adrelay.runtime.folder import remembered_password
        from adrelay.runtime.ports import LOOPBACK
        from adrelay.runtime.postgres import SUPERUSER

        folder = data / "postgres"
        address = f"{LOOPBACK}:{_port(folder, 'PostgreSQL')}"
        password = remembered_password(folder / "password")
        return self._renamed(f"postgresql://{SUPERUSER}:{password}@{address}/adrelay_{service}", service)

    def _renamed(self, url: str, service: str) -> str:
        return url if self._scratch is None else with_database(url, f"{self._scratch}_{service}")


def groups_in(groups: Sequence[str] | None, file: Path | None) -> list[str] | None:
    """Return the groups that options give: single ones, then those of a file; None without any."""
    if file is None:
        return list(groups) if groups else None
    from adrelay.terminal.inputs import read_input

    lines = read_input(file, _MOST_GROUPS_BYTES).decode("utf-8-sig").splitlines()
    return [*(groups or ()), *(line.strip() for line in lines if line.strip())]


def _beside(server: str, services: Sequence[str]) -> Path | None:
    """Return the folder of the `adrelay up` that was started here, if no setting names another server."""
    from adrelay.runtime.local import DEFAULT_FOLDER

    configured = any(
        os.environ.get(f"ADRELAY_{owner}{server.upper()}_URL") for owner in ("", *_prefixes(services))
    )
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


def with_database(url: str, database: str) -> str:
    """Return the URL of another database on the same server."""
    from urllib.parse import urlsplit, urlunsplit

    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))
