"""Plain JSON values as texts for the terminal."""

import json

from libs.chassis.plain_values import Json

_SHORT = 160
_NAME = 60
"""The maximum length of a text that is taken for a name and is not cut."""


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
