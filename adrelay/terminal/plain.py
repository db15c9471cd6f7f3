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
_NAME = 60
"""The maximum length of a text that is taken for a name and is not cut."""


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
    """Return a leaf as text that fits on a line."""
    return " ".join(pieces(value, limit))


def pieces(value: Json, limit: int = _SHORT) -> list[str]:
    """Return a leaf in pieces between which a line may be broken; a long one is cut after whole pieces."""
    if isinstance(value, str):
        return _words(value, limit)
    if not isinstance(value, list) or not value:
        return [json.dumps(value, ensure_ascii=False)]
    shown: list[str] = []
    for number, part in enumerate(value):
        found = _tokens(part)
        if number and sum(map(len, shown)) + sum(map(len, found)) > limit:
            return ["[" + shown[0], *shown[1:], f"… ({len(value)} in all)"]
        shown += [*found[:-1], found[-1] + ("," if number < len(value) - 1 else "]")]
    return ["[" + shown[0], *shown[1:]]


def field_texts(data: Json) -> list[str]:
    """Return an event's fields with their values, in pieces between which a line may be broken."""
    found: list[str] = []
    for name, value in flat(data).items():
        first, *rest = pieces(value)
        found += [f"{name}={first}", *rest]
    return found


def _words(text: str, limit: int) -> list[str]:
    """Return a text in one piece if it may be a name, in words if it is prose."""
    if len(text) <= min(limit, _NAME):
        return [text]
    words = text.split()
    kept = list[str]()
    while words and sum(map(len, kept)) + len(kept) + len(words[0]) <= limit:
        kept.append(words.pop(0))
    if not words:
        return kept
    kept = kept or [text[:limit]]
    return [*kept[:-1], f"{kept[-1]}…", f"({len(text)} characters)"]


def _tokens(value: Json) -> list[str]:
    """Return JSON in tokens between which a line may be broken: each a value, with its key if any."""
    if isinstance(value, dict) and value:
        marks, parts = (
            "{}",
            [(f"{json.dumps(name, ensure_ascii=False)}: ", part) for name, part in value.items()],
        )
    elif isinstance(value, list) and value:
        marks, parts = "[]", [("", part) for part in value]
    else:
        return [json.dumps(value, ensure_ascii=False)]
    tokens: list[str] = []
    for name, part in parts:
        first, *rest = _tokens(part)
        tokens += [name + first, *rest]
        tokens[-1] += ","
    tokens[0] = marks[0] + tokens[0]
    tokens[-1] = tokens[-1][:-1] + marks[1]
    return tokens


def one_line(error: str, limit: int = 300) -> str:
    """Return an error's text on one line, without links to documentation."""
    lines = [line.strip() for line in error.splitlines() if "For further information" not in line]
    return short("; ".join(line for line in lines if line), limit)
