"""Where the services' stores and the stream are: by settings, or in the folder of a local run."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, ClassVar, NamedTuple
from urllib.parse import urlsplit, urlunsplit

import typer
from pydantic import Field, SecretStr

from adrelay.env_file import DEFAULT, put_into_environment
from adrelay.events.outcome import Unusable
from adrelay.runtime.folder import remembered_password, remembered_port
from adrelay.runtime.local import DEFAULT_FOLDER
from adrelay.runtime.nats import USER
from adrelay.runtime.ports import LOOPBACK
from adrelay.runtime.postgres import DATABASE_NAME, SUPERUSER
from adrelay.system import SERVICES
from libs.chassis.settings import PREFIX, InvalidSettings, ServiceSettings, load

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
    typer.Option("--scratch", help="Look at the databases NAME_<service> that `import --into NAME` made."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a picture for people.")]
ENV_FILE = DEFAULT

_UNSET = SecretStr("nats://unset.invalid")


class Broker(NamedTuple):
    """A NATS server, and what its stream's name begins with. The URL holds a password: not for logs."""

    url: str
    prefix: str


class _StoreSettings(ServiceSettings):
    """What is needed to find a service's database, and nothing else."""

    nats_url: SecretStr = Field(_UNSET)


class _BrokerSettings(ServiceSettings):
    """What is needed to find the stream, and nothing else."""

    service: ClassVar[str] = "events"
    postgres_url: SecretStr = Field(SecretStr("postgresql://unset.invalid"))


class Places:
    """What the options of a tool say; each part is looked up only when it is needed."""

    def __init__(self, data: Path | None, env_file: Path = ENV_FILE, scratch: str | None = None) -> None:
        self._data = data
        self._scratch = None if scratch is None else scratch_name(scratch)
        if data is not None and not data.is_dir():
            raise Unusable(f"{data} is no folder")
        put_into_environment(env_file)

    def databases(self, chosen: list[str] | None = None) -> dict[str, str]:
        """Return the URLs of the services' databases by service: of all, or of those chosen."""
        names = checked(chosen) if chosen else list(SERVICES)
        local = self._data or _beside("postgres", names)
        if local is not None:
            return {name: self._local_database(local, name) for name in names}
        problems: list[str] = []
        found: dict[str, str] = {}
        for name in names:
            kind = type(f"{name.title()}Store", (_StoreSettings,), {"service": name, "__module__": __name__})
            try:
                found[name] = self._renamed(load(kind).database_url, name)
            except InvalidSettings as error:
                problems.extend(error.problems)
        if problems:
            raise Unusable(*dict.fromkeys(problems))
        return found

    def broker(self) -> Broker:
        """Return where the stream is."""
        local = self._data or _beside("nats", ["events"])
        if local is not None:
            folder = local / "nats"
            place = f"{LOOPBACK}:{_port(folder, 'NATS')}"
            url = f"nats://{USER}:{remembered_password(folder / 'password')}@{place}"
            return Broker(url, os.environ.get("ADRELAY_NATS_PREFIX", ""))
        try:
            settings = load(_BrokerSettings)
        except InvalidSettings as error:
            raise Unusable(*error.problems) from error
        return Broker(settings.nats_url.get_secret_value(), settings.nats_prefix)

    def _local_database(self, data: Path, service: str) -> str:
        folder = data / "postgres"
        place = f"{LOOPBACK}:{_port(folder, 'PostgreSQL')}"
        password = remembered_password(folder / "password")
        return self._renamed(f"postgresql://{SUPERUSER}:{password}@{place}/adrelay_{service}", service)

    def _renamed(self, url: str, service: str) -> str:
        return url if self._scratch is None else with_database(url, f"{self._scratch}_{service}")


def _beside(server: str, services: Sequence[str]) -> Path | None:
    """Return the folder of the `adrelay up` that was started here, if no setting names another server."""
    told = any(os.environ.get(f"{PREFIX}{owner}{server.upper()}_URL") for owner in ("", *_prefixes(services)))
    return DEFAULT_FOLDER if not told and (DEFAULT_FOLDER / server / "port").is_file() else None


def _prefixes(services: Sequence[str]) -> list[str]:
    return [f"{name.upper()}_" for name in services]


def _port(folder: Path, server: str) -> int:
    port = remembered_port(folder / "port")
    if port is None or not (folder / "password").is_file():
        raise Unusable(f"{folder.parent} holds no {server} server of `adrelay up` or `adrelay demo --keep`")
    return port


def checked(services: list[str]) -> list[str]:
    """Return the names of services; raise `Unusable` for any other."""
    for name in services:
        if name not in SERVICES:
            raise Unusable(f"no service is called {name!r}; there are {', '.join(SERVICES)}")
    return services


def scratch_name(name: str) -> str:
    """Return the name of scratch databases; raise `Unusable` if it can't be one."""
    if not DATABASE_NAME.fullmatch(f"{name}_provisioning") or name == "adrelay":
        raise Unusable(f"{name!r} can't name scratch databases; take a few small letters, not adrelay")
    return name


def with_database(url: str, database: str) -> str:
    """Return the URL of another database on the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))
