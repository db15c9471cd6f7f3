"""Reads `.env` files: literal values, the last of several for a name, without empty ones.

Values may be quoted; nothing in them is expanded. `sh`, `docker compose` and this module agree on values in
single quotes.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dotenv.parser import Binding

DEFAULT = Path(".env")


def values_in(path: Path) -> dict[str, str]:
    """Return the settings of a file by name; empty if there is no such file."""
    return {one.key: one.value for one in _bindings(path) if one.key and one.value}


def put_into_environment(path: Path, *, only: frozenset[str] = frozenset()) -> None:
    """Put a file's settings into the environment; variables that are set there already stay."""
    for name, value in values_in(path).items():
        if (not only or name in only) and not os.environ.get(name):
            os.environ[name] = value


def contradictions(path: Path) -> list[str]:
    """Return the names with several values; the last one counts."""
    found: dict[str, set[str]] = {}
    for one in _bindings(path):
        if one.key and one.value:
            found.setdefault(one.key, set()).add(one.value)
    return [name for name, values in found.items() if len(values) > 1]


def _bindings(path: Path) -> "list[Binding]":
    if not path.is_file():
        return []
    from dotenv.parser import parse_stream

    with path.open(encoding="utf-8") as file:
        return list(parse_stream(file))
