"""Secrets from files: a variable that ends with `_FILE` names the file with the value of the one without."""

import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

SUFFIX = "_FILE"
MOST_BYTES = 64 * 1024


class SecretFileError(Exception):
    """A file named by a variable does not hold a secret; the text says what to do."""


def secrets_in_files(variables: Iterable[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the values of these variables that an environment gives by files, by variable.

    Names are compared without case, as settings are. One line end after the secret is left out. Raises
    `SecretFileError`.
    """
    given = {name.upper(): value for name, value in environment.items() if value}
    found: dict[str, str] = {}
    for variable in variables:
        path = given.get(f"{variable}{SUFFIX}")
        if path is None:
            continue
        if variable in given:
            raise SecretFileError(f"{variable} and {variable}{SUFFIX} are both set: keep one of them")
        found[variable] = _read(f"{variable}{SUFFIX}", Path(path))
    return found


def is_set(variables: Iterable[str], environment: Mapping[str, str]) -> bool:
    """Return whether an environment sets one of these variables, itself or by a file."""
    there = {name.upper() for name, value in environment.items() if value}
    return any(one in there for name in variables for one in (name, f"{name}{SUFFIX}"))


def value_of(variables: Sequence[str], environment: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the first of these variables that is set, itself or by a file, with its value.

    None if none is. Raises `SecretFileError`.
    """
    in_files = secrets_in_files(variables, environment)
    there = {name.upper(): value for name, value in environment.items() if value} | in_files
    return next(((name, there[name]) for name in variables if name in there), None)


def _read(variable: str, path: Path) -> str:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > MOST_BYTES:
            raise SecretFileError(f"{variable} names {path}, which is no file with a secret")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SecretFileError(f"{variable} names {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SecretFileError(f"{variable} names {path}, which holds no text") from None
    return text.removesuffix("\n").removesuffix("\r")
