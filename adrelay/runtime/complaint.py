"""Finds in a program's log the reason of its end."""

import json
from collections.abc import Iterable, Sequence
from typing import cast

_TRACEBACK = "Traceback (most recent call last):"
_GRAVE_MARKS = ("FATAL", "PANIC", "[FTL]", "error:")
_GRAVE_LEVELS = {"error", "critical"}
_CAUSES = {"service.failed", "service.refused"}
"""The log event with which `libs.chassis.main` reports the failure that ends a service."""


def complaint(lines: Iterable[str]) -> str:
    """Return the line with the reason of a program's end: of the last failure, not just the last line.

    That is the service's own report of its end, else the exception of the last traceback, else the last line
    of a high level.
    """
    written = [line.rstrip() for line in lines if line.strip()]
    entries = [_entry(line) for line in written]
    causes = [_cause(entry) for entry in entries if entry.get("event") in _CAUSES]
    if causes:
        return causes[-1]
    failure = _raised(written)
    if failure:
        return failure
    grave = [_cause(entry) for entry in entries if entry.get("level") in _GRAVE_LEVELS]
    grave += [line.strip() for line in written if any(mark in line for mark in _GRAVE_MARKS)]
    return (grave or [line.strip() for line in written] or ["it said nothing"])[-1]


def _entry(line: str) -> dict[str, object]:
    """Return the fields of a structured log line; none if it is not one."""
    if not line.startswith("{"):
        return {}
    try:
        document = json.loads(line)
    except ValueError:
        return {}
    return cast("dict[str, object]", document) if isinstance(document, dict) else {}


def _cause(entry: dict[str, object]) -> str:
    """Return the reason in a log entry, in one line."""
    raised = _raised(str(entry.get("exception", "")).splitlines())
    about = raised or entry.get("problem") or entry.get("error") or ""
    return f"{about}" if raised else f"{entry.get('event')}: {about}".removesuffix(": ")


def _raised(lines: Sequence[str]) -> str:
    """Return the exception of the last traceback: the first line after its indented frames."""
    starts = [number for number, line in enumerate(lines) if _TRACEBACK in line]
    if not starts:
        return ""
    margin = lines[starts[-1]].partition(_TRACEBACK)[0]  # an exception group contains a traceback
    behind = (line.removeprefix(margin) for line in lines[starts[-1] + 1 :])
    return next((line.strip() for line in behind if not line.startswith((" ", "\t"))), "")
