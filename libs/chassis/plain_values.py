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


def plain(value: object) -> Json:
    """Return a state, or any part of one, as JSON; fields that are named like secrets are masked."""
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
    """Return the named parts of a value."""
    if isinstance(value, BaseModel):
        return {name: getattr(value, name) for name in type(value).model_fields}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return cast("Mapping[object, object]", value) if isinstance(value, Mapping) else None


def contents(data: str) -> Json:
    """Return an event's data as it is stored, without secrets."""
    return plain(json.loads(data))


def names_a_secret(name: object) -> bool:
    """Return whether a field of this name is masked."""
    return _SECRET.fullmatch(str(name)) is not None


def _part(name: object, value: object) -> Json:
    return HIDDEN if value is not None and names_a_secret(name) else plain(value)


def _key(name: object) -> str:
    key = plain(name)
    return key if isinstance(key, str) else json.dumps(key)
