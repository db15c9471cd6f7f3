"""Events and states as plain JSON values, without secrets."""

import dataclasses
import json
import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import TypeAlias, cast

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

HIDDEN = "…hidden…"
_SECRET = re.compile(r"[a-z_]*(secret|password|digest|token|pepper|_hash|_key)s?")
_SHORT = 160


def plain(value: object) -> Json:
    """Return a state, or any part of one, as JSON; fields that by their names hold secrets are hidden."""
    named = _named(value)
    if named is not None:
        return {_key(name): _part(name, part) for name, part in named.items()}
    if isinstance(value, AbstractSet):
        return sorted((plain(one) for one in cast("AbstractSet[object]", value)), key=json.dumps)
    if isinstance(value, list | tuple):
        return [plain(one) for one in cast("list[object]", value)]
    if isinstance(value, timedelta):
        return value.total_seconds()
    return cast("Json", to_jsonable_python(value, fallback=str))


def _named(value: object) -> Mapping[object, object] | None:
    """Return the parts of what has named parts."""
    if isinstance(value, BaseModel):
        return {name: getattr(value, name) for name in type(value).model_fields}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return cast("Mapping[object, object]", value) if isinstance(value, Mapping) else None


def contents(data: str) -> Json:
    """Return an event's data as it is stored, without secrets."""
    return plain(json.loads(data))


def _part(name: object, value: object) -> Json:
    return HIDDEN if value is not None and _SECRET.fullmatch(str(name)) else plain(value)


def _key(name: object) -> str:
    key = plain(name)
    return key if isinstance(key, str) else json.dumps(key)


def flat(value: Json, path: str = "") -> dict[str, Json]:
    """Return the leaves of a JSON value by their dotted paths; lists are leaves."""
    if not isinstance(value, dict) or not value:
        return {path: value}
    leaves: dict[str, Json] = {}
    for name, part in value.items():
        leaves |= flat(part, f"{path}.{name}" if path else name)
    return leaves


def short(value: Json, limit: int = _SHORT) -> str:
    """Return a leaf so that it fits on a line."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if len(text) <= limit:
        return text
    held = f" ({len(value)} in all)" if isinstance(value, list) else f" ({len(text)} characters)"
    return f"{text[:limit]}…{held}"


def one_line(error: str, limit: int = 300) -> str:
    """Return an error's text on one line, without the places to read on."""
    lines = [line.strip() for line in error.splitlines() if "For further information" not in line]
    return short("; ".join(line for line in lines if line), limit)
