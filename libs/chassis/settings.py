"""A service's settings: read from the environment once, validated before anything starts."""

import base64
import binascii
import os
import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, ClassVar, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, ValidationInfo
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from libs.chassis.broker_tls import BrokerTls
from libs.chassis.database_roles import database_of
from libs.chassis.database_urls import with_default_database
from libs.chassis.postgres_tls import tls_problem
from libs.chassis.secret_files import SUFFIX, SecretFileError, secrets_in_files
from libs.chassis.setting_files import Certificates, ReadableFile, check_certificate
from libs.chassis.words import wrong

PREFIX = "ADRELAY_"
_PLACEHOLDERS = ("change", "secret", "password", "example", "default", "your", "todo", "xxx", "placeholder")
_NEAR = 0.9
"""From which similarity on a name is taken for a misspelt setting."""
_ELSEWHERE = {
    "ADRELAY_GATEWAY_URL",
    "ADRELAY_TRACEBACK",
    *(
        f"ADRELAY_{name}_URL{end}"
        for name in ("EVENTS_NATS", "EVENTS_POSTGRES", "SUPERUSER_POSTGRES")
        for end in ("", SUFFIX)
    ),
}
"""Settings that only the command line reads."""
_KEY_BYTES = 32
_MIN_LENGTH = 32
_MIN_VARIETY = 8
_MIN_VARIETY_GIVEN = 5

SettingsT = TypeVar("SettingsT", bound="ServiceSettings")


class InvalidSettings(Exception):
    """The environment lacks valid settings; `problems` has a line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def strong(secret: SecretStr) -> SecretStr:
    """Return a secret that can't be guessed; raise `ValueError` saying what is wrong, never the secret."""
    _unlike_a_guess(
        secret.get_secret_value(), _MIN_LENGTH, _MIN_VARIETY, "; `adrelay keygen` makes a good one"
    )
    return secret


def at_least(characters: int) -> Callable[[SecretStr], SecretStr]:
    """Return a validator of a secret that another party made: its length, and that it is no placeholder."""

    def check(secret: SecretStr) -> SecretStr:
        text = secret.get_secret_value().strip()
        if not text:
            raise ValueError("is empty")
        _unlike_a_guess(text, characters, _MIN_VARIETY_GIVEN)
        return SecretStr(text)

    return check


def _unlike_a_guess(text: str, characters: int, variety: int, advice: str = "") -> None:
    if len(text) < characters:
        raise ValueError(f"is too short: {len(text)} characters, at least {characters} are needed")
    if len(set(text)) < variety or text.lower().startswith(_PLACEHOLDERS):
        raise ValueError(f"looks like a placeholder{advice}")


StrongSecret = Annotated[SecretStr, AfterValidator(strong)]


def secrets_in_use(present: SecretStr, other: SecretStr) -> tuple[SecretStr, ...]:
    """Return the secrets to check with, the present one first; during a change there is another one."""
    return tuple(secret for secret in (present, other) if secret.get_secret_value())


def none_or(check: Callable[[SecretStr], SecretStr]) -> Callable[[SecretStr], SecretStr]:
    """Return a validator that lets an empty secret pass, and checks others."""
    return lambda secret: check(secret) if secret.get_secret_value() else secret


def _server(*schemes: str) -> Callable[[SecretStr], SecretStr]:
    def check(url: SecretStr) -> SecretStr:
        if not _names_a_server(url.get_secret_value(), schemes):
            begins = " or ".join(f"{scheme}://" for scheme in schemes)
            message = (
                f"is no URL that begins with {begins} and names a server (in a password / is %2F, @ is %40)"
            )
            raise ValueError(message)
        return url

    return check


def _tls(url: SecretStr) -> SecretStr:
    """Return the URL of a PostgreSQL server; raise `ValueError` if not all programs read it as one."""
    if urlsplit(url.get_secret_value()).netloc.count("@") > 1:  # asyncpg takes the rest for a host
        raise ValueError("has more than one @ (in a password @ is %40)")
    if (problem := tls_problem(url.get_secret_value())) is not None:
        raise ValueError(problem)
    return url


def postgres_problem(url: str) -> str | None:
    """Return why a text is no URL of a PostgreSQL server, without a part of it; None if it is one."""
    try:
        _tls(_POSTGRES(SecretStr(url)))
    except ValueError as error:
        return str(error)
    return None


def _names_a_server(url: str, schemes: Sequence[str]) -> bool:
    try:
        parts = urlsplit(url)
        hosts = [urlsplit(f"//{host}") for host in parts.netloc.rpartition("@")[2].split(",")]
        return parts.scheme in schemes and all(host.hostname and host.port != 0 for host in hosts)
    except ValueError:  # a wrong port or bracket; the error's text would show a part of the URL
        return False


_POSTGRES = _server("postgresql", "postgres")


def signing_key(text: str) -> str:
    """Return a key of signatures, 32 bytes as base64; raise `ValueError`, without the value."""
    text = text.strip()
    try:
        length = len(base64.b64decode(text, validate=True))
    except binascii.Error:
        length = 0
    if length != _KEY_BYTES:
        message = f"is no {_KEY_BYTES} bytes as base64; `adrelay keygen` makes a pair of keys"
        raise ValueError(message)
    return text


def _signing_keys(text: str) -> str:
    return ",".join(signing_key(one) for one in text.split(","))


def _key_of_certificate(key: Path | None, info: ValidationInfo) -> Path | None:
    """Check the client's certificate with its key, whose setting comes behind."""
    certificate: Path | None = info.data.get("nats_certificate_file")
    if certificate is not None:
        check_certificate(certificate, key)
    return key


class ServiceSettings(BaseSettings):
    """Settings of every service. `ADRELAY_BILLING_X` is billing's, `ADRELAY_X` is for all."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, validate_by_name=True, validate_by_alias=True
    )
    service: ClassVar[str] = ""
    public: ClassVar[bool] = False
    """Whether strangers can reach the HTTP port, so that it never serves metrics."""

    postgres_url: Annotated[SecretStr, AfterValidator(_POSTGRES), AfterValidator(_tls)] = Field(
        description="A PostgreSQL server, such as postgresql://user:password@host:5432, with "
        "?sslmode=verify-full&sslrootcert=FILE for TLS; without a database in it, adrelay_<service> is "
        "used. Each service has a role of its own, in ADRELAY_<SERVICE>_POSTGRES_URL"
    )
    nats_url: Annotated[SecretStr, AfterValidator(_server("nats", "tls", "ws", "wss"))] = Field(
        description="A NATS server with JetStream, such as nats://user:password@host:4222, or tls://… with "
        "TLS; each service has a user of its own, in ADRELAY_<SERVICE>_NATS_URL"
    )
    nats_prefix: str = Field("", pattern=r"^[a-z0-9_-]{0,32}$", description="Put before the stream's name")
    nats_ca_file: Certificates = Field(
        default=None,
        description="The certificate of the authority that signed the NATS server's, in PEM format; "
        "without it, this machine's authorities count",
    )
    nats_certificate_file: ReadableFile = Field(
        default=None, description="The certificate of this client, where the NATS server asks for one"
    )
    nats_key_file: Annotated[ReadableFile, AfterValidator(_key_of_certificate)] = Field(
        default=None,
        validate_default=True,
        description="The private key of this client's certificate, unless the same file holds it",
    )
    command_public_key: Annotated[str, AfterValidator(_signing_keys)] = Field(
        description="The public key of ADRELAY_GATEWAY_COMMAND_KEY: services refuse commands that are not "
        "signed with that; during a change both, separated by a comma. `adrelay keygen` makes the pair"
    )
    http_host: str = Field("127.0.0.1", description="Where health is served, and the gateway's API")
    http_port: int = Field(0, ge=0, le=65535, description="0: any free port")
    metrics_host: str = Field(
        default="127.0.0.1", description="Where metrics are served on a port of their own"
    )
    metrics_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="The TCP port of /metrics; 0: the HTTP port, but none for the public gateway",
    )
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"
    log_file: Path | None = Field(
        default=None,
        description="Where one process logs instead of standard error; at 10 MiB the file is renamed, "
        "and four old ones are kept. `adrelay up` sets it",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the service's own variables first, then those for all."""
        del env_settings, dotenv_settings, file_secret_settings
        own = f"{PREFIX}{cls.service.upper()}_"
        return (
            init_settings,
            EnvSettingsSource(settings_cls, env_prefix=own),
            _Files(settings_cls, own),
            EnvSettingsSource(settings_cls, env_prefix=PREFIX),
            _Files(settings_cls, PREFIX),
        )

    @property
    def nats_tls(self) -> BrokerTls:
        """The files for TLS towards the broker."""
        return BrokerTls(self.nats_ca_file, self.nats_certificate_file, self.nats_key_file)

    @property
    def database_url(self) -> str:
        """The URL of this service's own database."""
        return with_default_database(self.postgres_url.get_secret_value(), database_of(self.service))


class _Files(PydanticBaseSettingsSource):
    """The values of secrets that are in files; see `secret_files`."""

    def __init__(self, settings: type[BaseSettings], prefix: str) -> None:
        super().__init__(settings)
        self._fields = {
            _alias(field) or f"{prefix}{name.upper()}": name
            for name, field in settings.model_fields.items()
            if field.annotation is SecretStr
        }

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[object, str, bool]:
        """Return nothing: all values are read at once."""
        del field
        return None, field_name, False

    def __call__(self) -> dict[str, object]:
        """Return the values by field."""
        found = secrets_in_files(self._fields, os.environ)
        return {self._fields[variable]: value for variable, value in found.items()}


def _alias(field: FieldInfo) -> str | None:
    return field.validation_alias if isinstance(field.validation_alias, str) else None


def load(settings: type[SettingsT], *, whole: bool = True) -> SettingsT:
    """Return a service's settings from the environment; raise `InvalidSettings` naming every variable.

    Variables that set nothing are named too, unless these are not the service's `whole` settings.
    """
    try:
        return settings()  # pyright: ignore[reportCallIssue] - the environment fills it
    except SecretFileError as error:
        raise InvalidSettings([str(error)]) from None
    except SettingsError as error:  # a list or a mapping that is not JSON
        problem = f"a variable of {settings.service} that must hold JSON does not"
        field = re.search(r'field "(\w+)"', str(error))
        if field is not None:
            problem = f"{_set_by(settings, field[1])} is not valid JSON"
        raise InvalidSettings([problem]) from None
    except ValidationError as error:
        lines = [_line(settings, problem) for problem in error.errors()]
        raise InvalidSettings([*lines, *(misspelt(settings) if whole else ())]) from None


def misspelt(*kinds: type[ServiceSettings], every: bool = False) -> list[str]:
    """Return a line for each environment variable that is similar to one of these settings, and none of them.

    With `every`, any other variable with the product's prefix is reported too: `kinds` are then all settings
    there are.
    """
    known = {name for kind in kinds for name in _names(kind)}
    canonical = sorted({variable(kind, field) for kind in kinds for field in kind.model_fields} | known)
    own = tuple(f"{PREFIX}{kind.service.upper()}_" for kind in kinds)
    found: list[str] = []
    for name in sorted(name.upper() for name in os.environ):
        if not name.startswith(PREFIX) or name in known or name in _ELSEWHERE:
            continue
        near = get_close_matches(name, canonical, n=1, cutoff=_NEAR)
        if near:
            found.append(f"{name} is no setting; did you mean {near[0]}?")
        elif every or name.startswith(own):
            found.append(f"{name} is no setting")
    return found


def environment_of(settings: type[ServiceSettings], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of an environment that set something of these settings.

    A variable for all services is left out where the service's own goes before it: it may be a secret of
    others.
    """
    known = _names(settings) - _overridden(settings, environment)
    return {name: value for name, value in environment.items() if name.upper() in known}


def names_of(settings: type[ServiceSettings]) -> set[str]:
    """Return all variables that set something of these settings."""
    return _names(settings)


def _overridden(settings: type[ServiceSettings], environment: Mapping[str, str]) -> set[str]:
    """Return the variables for all services of which the environment has the service's own."""
    there = {name.upper() for name, value in environment.items() if value}
    found: set[str] = set()
    for field in (name.upper() for name in settings.model_fields):
        own = f"{PREFIX}{settings.service.upper()}_{field}"
        if there & {own, f"{own}{SUFFIX}"}:
            found |= {f"{PREFIX}{field}", f"{PREFIX}{field}{SUFFIX}"}
    return found


def _names(settings: type[ServiceSettings]) -> set[str]:
    fields = {field.upper() for field in settings.model_fields}
    own = settings.service.upper()
    aliases = {str(field.validation_alias).upper() for field in settings.model_fields.values()}
    names = {f"{PREFIX}{field}" for field in fields} | {f"{PREFIX}{own}_{field}" for field in fields}
    names |= {alias for alias in aliases if alias.startswith(PREFIX)}
    return names | {f"{name}{SUFFIX}" for name in names if _is_secret(settings, name)}


def _is_secret(settings: type[ServiceSettings], name: str) -> bool:
    """Return whether this variable sets a secret of these settings."""
    short = name.removeprefix(f"{PREFIX}{settings.service.upper()}_").removeprefix(PREFIX).lower()
    field = settings.model_fields.get(short)
    by_alias = [one for one in settings.model_fields.values() if (_alias(one) or "").upper() == name]
    return any(one.annotation is SecretStr for one in (field, *by_alias) if one is not None)


def variable(settings: type[ServiceSettings], field: str) -> str:
    """Return the name of the environment variable that sets a field."""
    alias = settings.model_fields[field].validation_alias
    if isinstance(alias, str):
        return alias
    own = field in ServiceSettings.model_fields
    return f"{PREFIX}{'' if own else settings.service.upper() + '_'}{field.upper()}"


def _line(settings: type[ServiceSettings], problem: ErrorDetails) -> str:
    field = _field(settings, str(problem["loc"][0]) if problem["loc"] else "?")
    what = wrong(problem)
    about = settings.model_fields[field].description if field in settings.model_fields else None
    name = _set_by(settings, field) if field in settings.model_fields else field
    return f"{name} {what}" + (f" ({about})" if about else "")


def _set_by(settings: type[ServiceSettings], field: str) -> str:
    """Return the variable that sets a field: the service's own comes before the one for all."""
    name = variable(settings, field)
    if settings.model_fields[field].validation_alias is not None:
        return name
    readable = (f"{PREFIX}{settings.service.upper()}_{field.upper()}", f"{PREFIX}{field.upper()}")
    there = {name.upper() for name in os.environ}
    return next((one for one in readable if one in there), name)


def _field(settings: type[ServiceSettings], alias: str) -> str:
    """Return the field that an error is about; the service's own variable is named if it is set."""
    aliases = {field.validation_alias: name for name, field in settings.model_fields.items()}
    return aliases.get(alias, alias)
